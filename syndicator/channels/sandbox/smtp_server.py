"""An SMTP server (RFC 5321) in its own thread."""

from __future__ import annotations

import asyncio
import socket
import threading

from aiosmtpd.smtp import SMTP

#: The largest message taken, in octets; announced as SIZE (RFC 1870).
LARGEST_MESSAGE = 10 * 1024 * 1024


class SmtpServer:
    """Serves an aiosmtpd *handler* on *host*:*port* (0: a free one).

    Offers 8BITMIME and SMTPUTF8; a line longer than 998 octets is refused with 500.
    """

    def __init__(self, handler: object, host: str, port: int) -> None:
        self._handler = handler
        self._address = (host, port)
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()

    def start(self) -> None:
        """Raise `OSError` if the address is taken."""
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        listening = socket.create_server(self._address, family=family, backlog=128)
        self._address = listening.getsockname()[:2]
        self._thread = threading.Thread(target=self._run, args=(listening,), name="sandbox-smtp")
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    @property
    def port(self) -> int:
        return self._address[1]

    def _run(self, listening: socket.socket) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(listening))

    async def _serve(self, listening: socket.socket) -> None:
        server = await self._loop.create_server(self._session, sock=listening)
        await self._closing.wait()
        server.close()

    def _session(self) -> SMTP:
        return SMTP(
            self._handler,
            loop=self._loop,
            hostname="sandbox",
            ident="Sandbox mail server",
            enable_SMTPUTF8=True,
            data_size_limit=LARGEST_MESSAGE,
        )
