"""Signatures from processes beside this one, which may end at any time."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.email.signing import Signer, new_key, read_key
from syndicator.channels.email.signing_apart import AT_A_TIME, SigningApart
from syndicator.channels.email.signing_process import Frames, framed

TEXTS = [b"text %d" % number * (number % 40 + 1) for number in range(200)]
SIGNERS = {
    "rsa": Signer("paper.example", "s1", read_key(new_key())),
    "ed25519": Signer("paper.example", "s1", Ed25519PrivateKey.generate()),
}


def signed(signer: Signer, processes: int, at_half: Callable[[SigningApart], None]) -> list[bytes]:
    """The signatures of `TEXTS`; *at_half* is called when half of them are asked for."""
    found: dict[int, bytes] = {}
    calls: Counter[int] = Counter()

    def keep(number: int, signature: bytes) -> None:
        calls[number] += 1
        found[number] = signature

    async def run() -> None:
        apart = SigningApart(signer, processes)
        async with apart:
            while not apart.is_there:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            for number, text in enumerate(TEXTS):
                while not apart.has_room and apart.is_there:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
                if apart.is_there:
                    apart.sign(text, partial(keep, number))
                else:
                    keep(number, signer.signature(text))
                if number == len(TEXTS) // 2:
                    at_half(apart)
            while len(found) < len(TEXTS):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(run(), 60))
    assert set(calls.values()) == {1}
    return [found[number] for number in range(len(TEXTS))]


def kill(how_many: int, apart: SigningApart) -> None:
    for process in apart._processes[:how_many]:
        os.kill(process._process.pid, signal.SIGKILL)


@pytest.mark.parametrize("killed", [0, 1, 2])
@pytest.mark.parametrize("kind", SIGNERS)
def test_each_text_has_its_signature_even_if_processes_are_killed(kind: str, killed: int) -> None:
    signer = SIGNERS[kind]
    expected = [signer.signature(text) for text in TEXTS]  # both kinds of key always sign alike
    assert signed(signer, 2, partial(kill, killed)) == expected


def test_no_process_gets_more_than_it_has_room_for() -> None:
    most = []

    def look(apart: SigningApart) -> None:
        most.append(max(len(process.asked) for process in apart._processes))

    signed(SIGNERS["rsa"], 1, look)
    assert 1 <= most[0] <= AT_A_TIME


def test_a_process_that_is_stopped_is_ended_all_the_same() -> None:
    async def run() -> int | None:
        apart = SigningApart(SIGNERS["rsa"], 1)
        async with apart:
            while not apart.is_there:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            (process,) = apart._processes
            os.kill(process._process.pid, signal.SIGSTOP)
            apart.sign(b"text", lambda signature: None)
        return process._process.returncode

    assert asyncio.run(asyncio.wait_for(run(), 60)) == -signal.SIGKILL


def test_where_no_process_can_be_started_none_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    # How a machine without room for another process would say so; it cannot be brought about.
    def full(*arguments: object, **options: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", full)

    async def run() -> tuple[bool, bool]:
        apart = SigningApart(SIGNERS["rsa"], 2)
        async with apart:
            return apart.is_there, apart.has_room

    assert asyncio.run(run()) == (False, False)


def test_the_key_is_in_no_argument_and_no_environment() -> None:
    def look(apart: SigningApart) -> None:
        pid = apart._processes[0]._process.pid
        secret = SIGNERS["rsa"].pem.splitlines()[1]
        for name in ("cmdline", "environ"):
            assert secret not in Path(f"/proc/{pid}/{name}").read_bytes()

    signed(SIGNERS["rsa"], 1, look)


@given(st.lists(st.binary(max_size=300)), st.integers(1, 50))
def test_frames_come_whole_however_they_are_cut(frames: list[bytes], size: int) -> None:
    stream = b"".join(map(framed, frames))
    reader = Frames()
    found = []
    for start in range(0, len(stream), size):
        found += reader.feed(stream[start : start + size])
    assert found == frames
