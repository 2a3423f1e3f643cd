"""The web server: cheroot, in threads, the same for one machine and for many."""

from __future__ import annotations

from importlib import import_module
from threading import Thread

from cheroot.wsgi import Server
from django.conf import settings

from syndicator.warm_up import warm_up

THREADS = 12
#: A list of 400,000 addresses.
MAX_BODY = 21_000_000
MAX_HEADERS = 64_000
#: Seconds a client may take to send its request.
PATIENCE = 20


class WebServer:
    """Serves the project's WSGI application in background threads until stopped."""

    def __init__(self, host: str, port: int) -> None:
        module, _, name = settings.WSGI_APPLICATION.rpartition(".")
        self._server = Server(
            (host, port),
            getattr(import_module(module), name),
            numthreads=THREADS,
            timeout=PATIENCE,
            shutdown_timeout=2,
            server_name="syndicator",
        )
        self._server.max_request_body_size = MAX_BODY
        self._server.max_request_header_size = MAX_HEADERS
        self._thread = Thread(target=self._server.serve, name="web", daemon=True)

    def start(self) -> None:
        """Bind, serve, and be quick from the first entry on; `OSError` if the port is taken."""
        self._server.prepare()
        self._thread.start()
        warm_up()

    def stop(self) -> None:
        self._server.stop()
        self._thread.join(timeout=3)

    @property
    def port(self) -> int:
        return int(self._server.bind_addr[1])
