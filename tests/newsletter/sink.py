"""A mail server that takes everything and remembers only which mails: ``python -m …sink``.

It writes the Message-ID of each mail to a file before it answers, in one write that outlives its
own end. Fast, so that a mailing is over before a test's patience is.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MESSAGE_ID = re.compile(rb"\r\nMessage-ID: (<[^>]+>)\r\n", re.IGNORECASE)


class Sink(asyncio.Protocol):
    """One connection. *seconds* is the longest it takes to answer a mail; mostly it is less."""

    def __init__(self, file: int, seconds: float) -> None:
        self.file, self.seconds = file, seconds
        self.data = bytearray()
        self.in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.data += data
        while self._take():
            pass

    def _take(self) -> bool:
        end = b"\r\n.\r\n" if self.in_mail else b"\r\n"
        at = self.data.find(end)
        if at < 0:
            return False
        taken = bytes(self.data[: at + 2])
        del self.data[: at + len(end)]
        if self.in_mail:
            self.in_mail = False
            found = MESSAGE_ID.search(taken)
            os.write(self.file, (found[1] if found else b"?") + b"\n")
            self._answer_late(b"250 2.0.0 Ok: queued\r\n")
            return True
        command = taken[:4].upper()
        match command:
            case b"EHLO":
                self.transport.write(b"250-sink\r\n250 PIPELINING\r\n")
            case b"DATA":
                self.in_mail = True
                self.transport.write(b"354 Go ahead\r\n")
            case b"QUIT":
                self.transport.write(b"221 Bye\r\n")
                self.transport.close()
            case _:
                self.transport.write(b"250 2.0.0 Ok\r\n")
        return True

    def _answer_late(self, answer: bytes) -> None:
        if not self.seconds:
            self.transport.write(answer)
            return
        wait = random.random() ** 4 * self.seconds
        asyncio.get_running_loop().call_later(wait, self.transport.write, answer)


@contextmanager
def recording(folder: Path, seconds: float = 0.02) -> Iterator[Recorded]:
    """A sink in a process of its own."""
    path = folder / "accepted"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.newsletter.sink", str(path), str(seconds)],
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout
        yield Recorded(int(process.stdout.readline()), path)
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


class Recorded:
    """What the sink on *port* has taken, by its own record."""

    def __init__(self, port: int, path: Path) -> None:
        self.url, self._path = f"smtp://127.0.0.1:{port}", path

    def message_ids(self) -> Counter[str]:
        return Counter(self._path.read_text(encoding="ascii").split())

    def has(self, count: int) -> None:
        """Wait until it has taken so many."""
        ends = time.monotonic() + 60
        while self._path.read_bytes().count(b"\n") < count:
            assert time.monotonic() < ends, "no mails come in"
            time.sleep(0.002)


async def _serve(path: str, seconds: float) -> None:
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Sink(file, seconds), "127.0.0.1", 0, backlog=500)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], float(sys.argv[2])))
