"""The fan-out of mail: how fast, beside the bare tools; how much memory; and what it holds up."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from statistics import median
from time import monotonic, sleep
from typing import Any

from tests.bench.backends import CALL, Backend
from tests.bench.figures import Row, SystemFailed, percentile
from tests.installation import Installation
from tests.ports import quiet_port

RECIPIENTS, LARGE, DIGEST = 10_000, 1_000_000, 100_000
#: Those of the slow yardsticks are fewer.
FEW = 500
#: Connections, and seconds until each answer, of the relay that takes its time.
CONNECTIONS, SLOW = 100, 1.0
#: A quarter of these, rounded up, is kept for breaking news.
MOST = 134
#: Seconds: until all processes have booted, and of one measurement.
BOOT, SPAN = 6.0, 10.0
BREAKING = 40
#: Every child of every worker has sent one before it counts, or nearly.
WARM_UP = 12


def measure(backend: Backend, runs: int, large: int = LARGE, digest: int = DIGEST) -> Iterator[Row]:
    with backend.installed([]) as installation, sink() as url:
        _call(installation, "subscribe", RECIPIENTS)
        yield from _speed(backend, installation, url, runs)
        yield from _patience(backend, installation)
        yield from _statements(backend, installation, url)
        _call(installation, "subscribe", digest)
        yield from _digest(backend, installation, url, digest)
        if backend.senders > 1:
            # In the embedded shape only the process itself can ring its workers. The digest must
            # last as long as they do.
            _call(installation, "subscribe", 2 * digest)
            yield from _beside_a_digest(backend, installation, url, 2 * digest)
        yield from _memory(backend, installation, url, large)


def _speed(backend: Backend, installation: Installation, url: str, runs: int) -> Iterator[Row]:
    name = backend.name
    plain, signed = (
        _call(installation, "destination", url, settings)
        for settings in ({"connections": "40"}, {"connections": "40", "dkim": "yes"})
    )
    source = median(_smtp_source(url) for _ in range(runs))
    for senders in range(1, backend.senders + 1):
        rate = median(_rate(installation, plain, senders) for _ in range(runs))
        yield Row(
            f"plain mails, status of each on record, senders: {senders}",
            *(name, rate, "/s", source, "smtp-source, 8 sessions"),
            "at least 0.8; smtp-source builds nothing and writes nothing down",
        )
    yardsticks = {"naive": "smtplib, a connection each", "through_django": "Django, one connection"}
    for function, words in yardsticks.items():
        bare = median(_call(installation, function, url, FEW) for _ in range(runs))
        meaning = "at least 20" if function == "naive" else "at least 8"
        yield Row(f"against {words}", name, rate, "/s", bare, words, meaning)
    yield from _signed(backend, installation, signed, runs)


def _signed(
    backend: Backend, installation: Installation, destination: int, runs: int
) -> Iterator[Row]:
    """By one sender itself, by processes beside it, and by more senders."""
    ways = [("signed by the sender", "send_all_signing", 1, 1)]
    if beside := _call(installation, "signing_processes"):
        ways.append((f"signed by {beside} beside it", "send_all", 1, beside))
    if backend.senders > 1:
        ways.append((f"senders: {backend.senders}", "send_all", *(backend.senders,) * 2))
    for name, function, senders, processes in ways:
        bare = _side_by_side(installation, processes, "signing_rate", SPAN / 2)
        rate = median(_rate(installation, destination, senders, function) for _ in range(runs))
        yield Row(
            f"mails with RSA-2048 DKIM, {name}",
            *(backend.name, rate, "/s", sum(bare), f"bare signing, processes: {processes}"),
            "at least 0.75, and more with more processes",
        )


def _patience(backend: Backend, installation: Installation) -> Iterator[Row]:
    with slow_sink() as url:
        relay = _call(installation, "destination", url, {"connections": str(MOST)})
        pk = _call(installation, "mailing", relay, 1000)
        rate = _call(installation, "send_for", pk, 3 * SPAN)
    yield Row(
        f"a relay that takes {SLOW:g} s for each mail",
        *(backend.name, rate, "/s", CONNECTIONS / SLOW, f"connections: {CONNECTIONS}"),
        "at least 0.9; opening them and the last answers are in it",
    )


def _statements(backend: Backend, installation: Installation, url: str) -> Iterator[Row]:
    relay = _call(installation, "destination", url, {})
    few, many = (
        _call(installation, "statements", _call(installation, "mailing", relay, count))
        * (1000 / count)
        for count in (RECIPIENTS // 5, RECIPIENTS)
    )
    yield Row(
        f"SQL statements per 1,000 mails, of {RECIPIENTS:,}",
        *(backend.name, many, "", few, f"of {RECIPIENTS // 5:,}"),
        "does not grow with the number of mails",
    )


def _digest(backend: Backend, installation: Installation, url: str, count: int) -> Iterator[Row]:
    relay = _call(installation, "destination", url, {"connections": "40", "dkim": "yes"})
    began = monotonic()
    pk = _call(installation, "mailing", relay, count)
    addressed = monotonic() - began
    spent = _call(installation, "shares", pk)
    _must_be_accepted(installation, pk, count)
    yield Row(f"a digest for {count:,}: made and addressed", backend.name, addressed, "s")
    yield Row(
        f"a digest for {count:,}: from due to all handed over, one sender",
        *(backend.name, spent["wall"], "s"),
        meaning=", ".join(
            f"{part} {100 * spent[part] / spent['wall']:.0f} %"
            for part in ("database", "rendering", "signing", "socket")
        )
        + " of that (two threads, so more than 100 % is possible)",
    )


def _beside_a_digest(
    backend: Backend, installation: Installation, url: str, count: int
) -> Iterator[Row]:
    digest, breaking = (_call(installation, "destination", url, {}) for _ in range(2))
    backend.start(installation)
    try:
        _call(installation, "breaking_waits", breaking, WARM_UP)
        idle = _call(installation, "breaking_waits", breaking, BREAKING)
        pk = _call(installation, "mailing", digest, count)
        sleep(2)
        beside = _call(installation, "breaking_waits", breaking, BREAKING)
        left = _call(installation, "counts", pk).get("queued", 0)
        if not left:
            raise SystemFailed("the digest was over before the breaking mails were")
    finally:
        installation.stop()
    yield Row(
        "a breaking mail beside a running digest, p95",
        *(backend.name, percentile(beside, 95), "ms", percentile(idle, 95), "while nothing runs"),
        "at most 1.5",
    )


def _memory(backend: Backend, installation: Installation, url: str, large: int) -> Iterator[Row]:
    relay = _call(installation, "destination", url, {})
    few = _call(installation, "mailing", relay, RECIPIENTS)
    few_peak = _call(installation, "peak_of", few, SPAN)
    _call(installation, "subscribe", large)
    _, few_addressing = _call(installation, "addressing_peak", relay, RECIPIENTS)
    seconds, addressing = _call(installation, "addressing_peak", relay, large)
    many = _call(installation, "newest_mailing")
    many_peak = _call(installation, "peak_of", many, 2 * SPAN)
    yield Row(
        f"memory of a sender, {large:,} recipients, in the first {2 * SPAN:g} s",
        *(backend.name, many_peak, "MiB", few_peak, f"{RECIPIENTS:,} recipients"),
        "at most 1.2",
    )
    yield Row(
        f"memory while {large:,} are addressed, which takes {seconds:.0f} s",
        *(backend.name, addressing, "MiB", few_addressing, f"{RECIPIENTS:,} recipients"),
        "at most 1.2",
    )


def _rate(
    installation: Installation, destination: int, senders: int, function: str = "send_all"
) -> float:
    """Mails a second of so many processes that send one mailing together."""
    pk = _call(installation, "mailing", destination, RECIPIENTS)
    seconds = max(_side_by_side(installation, senders, function, pk))
    _must_be_accepted(installation, pk, RECIPIENTS)
    return RECIPIENTS / seconds


def _must_be_accepted(installation: Installation, pk: int, count: int) -> None:
    states = _call(installation, "counts", pk)
    if states != {"accepted": count}:
        raise SystemFailed(f"{count} mails should be accepted, but: {states}")


def _side_by_side(
    installation: Installation, processes: int, function: str, *arguments: Any
) -> list[Any]:
    begin = monotonic() + BOOT
    with ThreadPoolExecutor(processes) as pool:
        asked = [
            pool.submit(_call, installation, function, *arguments, begin) for _ in range(processes)
        ]
        return [one.result() for one in asked]


def _smtp_source(url: str) -> float:
    count = RECIPIENTS
    command = ["smtp-source", "-s", "8", "-m", str(count), "-l", "20480"]
    began = monotonic()
    subprocess.run(
        [*command, "-f", "news@paper.example", "-t", "reader@reader.example", _place(url)],
        check=True,
    )
    return count / (monotonic() - began)


def _place(url: str) -> str:
    return re.sub(r"^smtp://", "", url)


@contextmanager
def sink() -> Iterator[str]:
    """Postfix's own, which forgets everything at once."""
    with _serving([]) as url:
        yield url


@contextmanager
def slow_sink() -> Iterator[str]:
    """The same, with `SLOW` seconds between a mail's end and its answer."""
    with _serving(["-W", f".:{SLOW:g}"]) as url:
        yield url


#: Postfix's sink insists on it.
_AS_NOBODY = () if os.getuid() else ("-u", "nobody")


@contextmanager
def _serving(options: Sequence[str]) -> Iterator[str]:
    place = ("127.0.0.1", quiet_port())
    process = subprocess.Popen(
        ["smtp-sink", *_AS_NOBODY, *options, f"{place[0]}:{place[1]}", "500"],
    )
    try:
        while process.poll() is None:
            with suppress(ConnectionError), socket.create_connection(place):
                break
            sleep(0.1)
        yield f"smtp://{place[0]}:{place[1]}"
    finally:
        process.terminate()
        process.wait()


def _call(installation: Installation, function: str, *arguments: Any) -> Any:
    """What the function of `mail_sending` returns in a process of the installation."""
    told = json.dumps(["tests.bench.mail_sending", function, arguments])
    done = subprocess.run(
        [sys.executable, "-c", CALL, told],
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemFailed(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])
