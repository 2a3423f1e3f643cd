"""A server on 127.0.0.1 before the platform, which may spoil one of its answers."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from syndicator.channels.conformance.misdeeds import TRAP, Misdeed, Reply, on_the_wire
from syndicator.channels.conformance.platform import Answer, Platform, Request

_SECONDS_BETWEEN_BYTES = 0.02


class Proxy:
    """Passes requests on to *platform*, and notes them.

    `strike` spoils the answer to one request. Since `begin`: `received` is what came, `answered`
    what the platform said, `replied` what the client got. `failure` is what the platform raised:
    the client only sees that the connection breaks.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._one_by_one = threading.Lock()
        self.failure: Exception | None = None
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        self.begin()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def begin(self) -> None:
        self.received: list[Request] = []
        self.answered: list[Answer] = []
        self.replied: list[str] = []
        self._place = -1
        self._spoil: Callable[[Request], Misdeed] | None = None

    def strike(self, place: int, spoil: Callable[[Request], Misdeed]) -> None:
        """Spoil the answer to the request number *place*, from 0, after a new beginning."""
        self.begin()
        self._place, self._spoil = place, spoil

    @property
    def struck(self) -> bool:
        """Whether the request to be struck has come."""
        return 0 <= self._place < len(self.received)

    def stop(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reply_to(self, request: Request) -> Reply:
        with self._one_by_one:
            place = len(self.received)
            self.received.append(request)
            misdeed = self._spoil(request) if self._spoil and place == self._place else None
            if misdeed and not misdeed.acts:
                answer = Answer(204)
            elif request.path == TRAP:
                answer = Answer.json(200, {})
            else:
                answer = self._answer(request)
            self.answered.append(answer)
            reply = misdeed.reply(answer) if misdeed else Reply(on_the_wire(answer))
            self.replied.append((reply.first + reply.dripped).decode("latin-1"))
            return reply

    def _answer(self, request: Request) -> Answer:
        try:
            return self._platform.answer(request)
        except Exception as error:
            error.add_note(f"The test's own platform raised it at {request.method} {request.path}.")
            self.failure = error
            raise


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    proxy: Proxy

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        # A reset must not be preceded by an orderly shutdown.
        if isinstance(request, socket.socket) and request.fileno() != -1:
            super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client may go away when it likes; the standard library would print that."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    connection: socket.socket

    def handle(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline[:1].isalpha() or not self.parse_request():
            return
        length = int(self.headers.get("Content-Length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        self._write(self.server.proxy.reply_to(request))

    def _write(self, reply: Reply) -> None:
        closing = self.server.proxy.closing
        self.wfile.write(reply.first)
        for byte in reply.dripped:
            if closing.wait(_SECONDS_BETWEEN_BYTES):
                return
            self.wfile.write(bytes([byte]))
        if reply.hangs:
            closing.wait()
        if reply.resets:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
