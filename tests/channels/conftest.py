"""A real HTTP server on loopback that answers what a test tells it to, well-formed or not."""

from __future__ import annotations

import contextlib
import http
import json
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass(frozen=True)
class Received:
    """A request as it arrived; *target* is the path with its query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What to answer: *chunks* are written with *pause* seconds between them; then the connection
    is closed, or reset."""

    chunks: tuple[bytes, ...]
    pause: float = 0.0
    reset: bool = False


def answer(
    status: int,
    body: Any = b"",
    headers: Mapping[str, str] | None = None,
    length: int | None = None,
) -> Reply:
    """A well-formed answer; *body* is bytes, or JSON. *length* lies about the body's length."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}"]
    fields = {
        "Content-Length": str(len(content) if length is None else length),
        "Connection": "close",
        **(headers or {}),
    }
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return Reply(("\r\n".join(lines).encode() + b"\r\n\r\n" + content,))


def drop(*, reset: bool = False) -> Reply:
    """No answer at all: the connection ends after the request."""
    return Reply((), reset=reset)


def drip(first: bytes, drop_by_drop: bytes, pause: float = 0.02) -> Reply:
    """*first* at once, then one byte at a time: each within any read time-out."""
    return Reply((first, *(drop_by_drop[i : i + 1] for i in range(len(drop_by_drop)))), pause)


@dataclass
class ScriptedServer:
    """Give *replies*, one for each request to come; read *received* afterwards."""

    port: int
    replies: list[Reply] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        # The client may go first: some tests want it to.
        with contextlib.suppress(OSError):
            self._answer()

    def _answer(self) -> None:
        script = self.server.script
        first = self.rfile.read(1)
        if not first.isalpha():
            return  # not HTTP: a TLS handshake, or nothing
        method, target, _ = (first + self.rfile.readline()).decode("latin-1").split()
        headers = {}
        while line := self.rfile.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        script.received.append(Received(method, target, headers, body))
        reply = script.replies.pop(0)
        for chunk in reply.chunks:
            self.wfile.write(chunk)
            if reply.pause and script.closing.wait(reply.pause):
                break
        if reply.reset:
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.request.close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    script: ScriptedServer

    def shutdown_request(self, request: Any) -> None:
        # A reset must not be preceded by an orderly shutdown.
        if request.fileno() != -1:
            super().shutdown_request(request)


@contextlib.contextmanager
def serving() -> Iterator[ScriptedServer]:
    """One such server while the block runs."""
    with _Server(("127.0.0.1", 0), _Handler) as running:
        running.script = ScriptedServer(running.server_address[1])
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running.script
        running.script.closing.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serving() as running:
        yield running


@pytest.fixture
def closed_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port
