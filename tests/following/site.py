"""A newsroom's web site on loopback whose documents a test changes as time goes by."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Document:
    """*status* 200 is answered with an ETag and honours it, unless *plain*."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    plain: bool = False


@dataclass
class Site:
    """*documents* by path (with query, if it matters); *asked* are the requests so far."""

    port: int = 0
    documents: dict[str, Document] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str], int]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def put(self, path: str, body: bytes | str, **values: Any) -> None:
        raw = body.encode() if isinstance(body, str) else body
        self.documents[path] = Document(raw, **values)

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.asked if path != "/robots.txt"]

    def statuses(self) -> list[int]:
        return [status for path, _, status in self.asked if path != "/robots.txt"]


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = site.documents.get(self.path) or site.documents.get(self.path.partition("?")[0])
            document = found or Document(b"not here", 404)
            etag = f'"{hashlib.sha256(document.body).hexdigest()[:16]}"'
            status = document.status
            offers = status == 200 and not document.plain
            if offers and self.headers.get("If-None-Match") == etag:
                status = 304
            site.asked.append((self.path, dict(self.headers), status))
            self.send_response(status)
            if offers:
                self.send_header("ETag", etag)
            for name, value in document.headers.items():
                self.send_header(name, value)
            body = b"" if status == 304 else document.body
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
