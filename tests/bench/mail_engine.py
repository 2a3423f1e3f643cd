"""What becomes mail without a database: splicing, signing and handing in, beside bare tools."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from statistics import median
from time import monotonic, perf_counter, process_time, sleep

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from syndicator.channels.base import Account, ChannelError, Message
from syndicator.channels.email.handing_in import Errand, HandIn, Limits
from syndicator.channels.email.mime import UNSUBSCRIBE, Addressee, Envelope, build
from syndicator.channels.email.relay import Relay
from syndicator.channels.email.signing import Signer, new_key, read_key
from syndicator.channels.email.splicing import Form, prepare
from tests.bench.figures import Row, SystemFailed
from tests.ports import quiet_port

MAILS = 10_000
#: Of the relay that takes its time: connections, mails for each, and seconds until each answer.
CONNECTIONS, EACH, SLOW = 200, 20, 1
SIGNATURES = 1000

_SENTENCE = "In Genf haben die Vertreter beider Seiten am Abend weiter verhandelt, ohne Ergebnis. "
#: Its mail has about 20 KB.
MESSAGE = Message(
    text=(_SENTENCE * 85).strip() + "\n\nhttps://m.example.org/lb#17",
    permalink="https://m.example.org/lb#17",
    subject="Weiter kein Ergebnis in Genf",
    html="<html><body>\n"
    + f"<p>{_SENTENCE * 5}</p>\n" * 25
    + f"{UNSUBSCRIBE}>Abbestellen</a></body></html>",
    language="de",
)
ENVELOPE = Envelope(
    from_address="news@paper.example",
    from_name="Morgenblatt",
    to_address="reader-0@reader.example",
    message_id="<0.17@paper.example>",
    list_id="<genf.paper.example>",
    unsubscribe_url="https://desk.paper.example/newsletter/unsubscribe/0." + "aB3_-" * 8,
    date=datetime(2026, 11, 22, 13, 35, tzinfo=UTC),
)


def measure(runs: int) -> Iterator[Row]:
    key = read_key(new_key())
    plain, signed = (
        prepare(MESSAGE, ENVELOPE, signer=signer)
        for signer in (None, Signer("paper.example", "s1", key))
    )
    assert isinstance(key, RSAPrivateKey)
    yield from _making(plain)
    with _sink() as port:
        rates: list[tuple[float, float, float, float]] = [
            (
                _smtp_source(port),
                _handed_in(plain, port, MAILS, 8),
                _bare_signatures(key),
                _handed_in(signed, port, MAILS // 5, 8),
            )
            for _ in range(runs)
        ]
    source, ours, bare, with_signature = (median(column) for column in zip(*rates, strict=True))
    yield Row(
        "plain mails handed in, 8 connections, nothing written down",
        *("engine", ours, "/s", source, "smtp-source, 8 sessions"),
        "at least 0.8; smtp-source sends the same bytes to everybody",
    )
    yield Row(
        "the same with RSA-2048 DKIM, one process",
        *("engine", with_signature, "/s", bare, "bare signing, one process"),
        "at least 0.75",
    )
    with _sink("-W", f".:{SLOW}") as port:
        slow = _handed_in(plain, port, CONNECTIONS * EACH, CONNECTIONS)
    yield Row(
        f"a relay that answers each mail after {SLOW} s, {CONNECTIONS} connections",
        *("engine", slow, "/s", CONNECTIONS / SLOW, "connections a second"),
        f"at least 0.9 without opening them, which is in it; {EACH} mails each",
    )


def _making(form: Form) -> Iterator[Row]:
    def microseconds(make: partial[bytes], times: int) -> float:
        began = process_time()
        for _ in range(times):
            make()
        return (process_time() - began) / times * 1e6

    yield Row(
        f"a mail of {len(form.mail(ENVELOPE.addressee)):,} bytes spliced",
        "engine",
        microseconds(partial(form.data, ENVELOPE.addressee), 5000),
        "µs",
        microseconds(partial(build, MESSAGE, ENVELOPE), 50),
        "built",
    )


class _Readers:
    """So many mails of *form*, and how many of them were accepted."""

    hand_in: HandIn

    def __init__(self, form: Form, count: int) -> None:
        self._form, self._count = form, count
        self.ready = count
        self.accepted = 0

    def next_errand(self) -> Errand:
        number = self._count - self.ready
        self.ready -= 1
        if not self.ready:
            self.hand_in.finish()
        address = f"reader-{number}@reader.example"
        addressee = Addressee(
            address, f"<{number}.17@paper.example>", f"{ENVELOPE.unsubscribe_url}{number}"
        )
        return Errand(number, address, partial(self._form.data, addressee), is_data=True)

    def before_dot(self, errand: Errand) -> None:
        """Nothing is written down here."""

    def ended(self, errand: Errand, answer: str | ChannelError) -> None:
        self.accepted += isinstance(answer, str)


def _handed_in(form: Form, port: int, count: int, connections: int) -> float:
    """Mails a second."""
    account = Account(f"smtp://127.0.0.1:{port}", {"from_address": ENVELOPE.from_address})
    readers = _Readers(form, count)

    async def run() -> None:
        limits = Limits(connections=connections)
        readers.hand_in = HandIn(Relay.from_account(account), readers, limits)
        await readers.hand_in.run()

    began = monotonic()
    asyncio.run(run())
    if readers.accepted != count:
        raise SystemFailed(f"{readers.accepted} of {count} mails were accepted")
    return count / (monotonic() - began)


def _bare_signatures(key: RSAPrivateKey) -> float:
    """A second."""
    headers, padding, algorithm = b"x" * 900, PKCS1v15(), SHA256()
    began = perf_counter()
    for _ in range(SIGNATURES):
        key.sign(headers, padding, algorithm)
    return SIGNATURES / (perf_counter() - began)


def _smtp_source(port: int) -> float:
    size = str(len(build(MESSAGE, ENVELOPE)))
    command = ["smtp-source", "-d", "-s", "8", "-m", str(MAILS), "-l", size]
    began = monotonic()
    subprocess.run(
        [*command, "-f", "news@paper.example", "-t", "r@reader.example", f"127.0.0.1:{port}"],
        check=True,
    )
    return MAILS / (monotonic() - began)


@contextmanager
def _sink(*options: str) -> Iterator[int]:
    """Postfix's, which forgets everything at once; its port."""
    port = quiet_port()
    command: Sequence[str] = ["smtp-sink", "-u", "nobody", *options, f"127.0.0.1:{port}", "500"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        sleep(0.5)
        yield port
    finally:
        process.terminate()
        process.wait()
