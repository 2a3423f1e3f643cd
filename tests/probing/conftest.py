"""A web site on this machine whose pages a test writes, and what it was asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Site:
    """*pages* by path: a status and HTML. *asked* are the paths of pages that were asked for;
    *meanwhile* is called while one is."""

    url: str = ""
    pages: dict[str, tuple[int, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    robots: str = ""
    meanwhile: Callable[[], object] | None = None


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/robots.txt":
                status, html = (200, served.robots) if served.robots else (404, "")
            else:
                served.asked.append(self.path)
                status, html = served.pages.get(self.path, (404, ""))
                if served.meanwhile:
                    served.meanwhile()
            body = html.encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield served
    server.shutdown()
    server.server_close()


def page_with(*places: str, head: str = "<title>Liveblog</title>") -> tuple[int, str]:
    body = "".join(f'<article id="{place}">Neues</article>' for place in places)
    return 200, f"<html><head>{head}</head><body>{body}</body></html>"
