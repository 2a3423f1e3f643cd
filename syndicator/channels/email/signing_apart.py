"""Signs in processes beside this one: a signature takes longer than all else that is done for a
mail, and in threads it would hold everything else up.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable

from syndicator.channels.email.signing import Signer
from syndicator.channels.email.signing_process import Frames, framed

#: Texts that one process has at a time: enough that it never waits for us.
AT_A_TIME = 32


class SigningApart:
    """So many *processes* that sign as *signer* does; used within one event loop, by `async with`.

    What a process that ends has not signed is signed in this one. Where none is wanted or can be
    started, none ever is there.
    """

    def __init__(self, signer: Signer, processes: int) -> None:
        self.signer, self._number = signer, processes
        self._processes: list[_Process] = []

    async def __aenter__(self) -> None:
        for _ in range(self._number):
            try:
                process = _Process(self.signer)
            except OSError:  # no room for another process: it is slower without, but it goes on
                return
            self._processes.append(process)
            await process.connect()

    async def __aexit__(self, *error: object) -> None:
        for process in self._processes:
            process.end()

    @property
    def is_there(self) -> bool:
        """Whether there is a process that signs."""
        return any(process.is_ready for process in self._processes)

    @property
    def has_room(self) -> bool:
        """Whether `sign` may be called."""
        return any(process.room for process in self._processes)

    def sign(self, text: bytes, then: Callable[[bytes], None]) -> None:
        """Call *then* later with the signature of *text*."""
        max(self._processes, key=lambda one: one.room).sign(text, then)


class _Process(asyncio.Protocol):
    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._frames = Frames()
        self._transport: asyncio.Transport | None = None
        self.asked: deque[tuple[bytes, Callable[[bytes], None]]] = deque()
        self.is_ready = False
        self._wire, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = _started(theirs)  # its end is the end of the connection
            except OSError:
                self._wire.close()
                raise

    async def connect(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self, sock=self._wire)

    @property
    def room(self) -> int:
        return AT_A_TIME - len(self.asked) if self.is_ready else 0

    def sign(self, text: bytes, then: Callable[[bytes], None]) -> None:
        assert self._transport is not None
        self.asked.append((text, then))
        self._transport.write(framed(text))

    def end(self) -> None:
        self.is_ready = False
        self.asked.clear()
        if self._transport is not None:
            self._transport.abort()
        self._wire.close()
        self._process.kill()  # it would not hear anything else while it is stopped
        self._process.wait()

    # --- What the event loop calls ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # Not in the arguments or the environment, where others on this machine could read it.
        transport.write(framed(self._signer.pem))

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            if not self.is_ready:
                self.is_ready = True  # it has read the key
            else:
                _, then = self.asked.popleft()
                then(frame)

    def connection_lost(self, error: Exception | None) -> None:
        self.is_ready = False
        while self.asked:
            text, then = self.asked.popleft()
            then(self._signer.signature(text))


def _started(standard_input: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "syndicator.channels.email.signing_process"],
        stdin=standard_input.fileno(),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
