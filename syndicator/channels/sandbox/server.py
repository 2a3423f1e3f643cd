"""One process, one HTTP port and one SMTP port for all sandbox platforms."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from syndicator.channels.sandbox.base import PlatformFactory, Request, Site, Surroundings
from syndicator.channels.sandbox.controls import Controls
from syndicator.channels.sandbox.faults import FaultBoard
from syndicator.channels.sandbox.http_server import HttpServer
from syndicator.channels.sandbox.smtp_server import SmtpServer
from syndicator.channels.sandbox.store import SandboxStore

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: Where a server that listens on all interfaces is reached from this machine.
REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, not bound


#: A request that hangs on purpose holds its thread, so there are more than a person needs.
THREADS_FOR_EACH_PLATFORM = 6


class SandboxServer:
    """Serves *platforms* until it is stopped; what they accepted stays in *data_folder*.

    Port 0 takes a free one. Starts its own threads, so it can run inside a test's process.
    """

    def __init__(
        self,
        data_folder: Path,
        platforms: Sequence[PlatformFactory],
        *,
        host: str = "127.0.0.1",
        http_port: int = 0,
        smtp_port: int = 0,
    ) -> None:
        self._host = host
        self.store = SandboxStore(data_folder)
        self.faults = FaultBoard()
        self._surroundings = Surroundings(self.store, self.faults)
        self.platforms = [make(self._surroundings) for make in platforms]
        handlers = [platform.smtp_handler() for platform in self.platforms]
        self._smtp = SmtpServer(next(filter(None, handlers), None), host, smtp_port)
        threads = THREADS_FOR_EACH_PLATFORM * len(self.platforms)
        self._http = HttpServer(self._application, host, http_port, threads=threads)
        self._sites: list[Site] = []

    def start(self) -> None:
        """Raise `OSError` if one of the ports is taken."""
        self._smtp.start()
        controls = Controls(self._surroundings, self.platforms, self.smtp_address)
        self._sites = [*self.platforms, controls]
        try:
            self._http.start()
        except OSError:
            self._smtp.stop()
            raise

    def stop(self) -> None:
        """End every thread and connection within a second, hanging requests among them."""
        if self._surroundings.closing.is_set():
            return
        self._surroundings.closing.set()
        self._http.stop()
        self._smtp.stop()
        self.store.close()

    @property
    def http_url(self) -> str:
        return f"http://{self._reachable_host()}:{self._http.port}"

    @property
    def smtp_address(self) -> str:
        return f"{self._reachable_host()}:{self._smtp.port}"

    @property
    def smtp_port(self) -> int:
        return self._smtp.port

    def _application(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._answer(request)
        finally:
            request.close()  # its uploaded files
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if _is_loopback(self._host) and not _is_loopback(request.host):
            # Otherwise any website could read the sandbox through a name it points at 127.0.0.1.
            return Response("This sandbox answers on this machine only.\n", status=421)
        site = next(site for site in self._sites if _is_below(site.prefix, request.path))
        return site.answer(request)

    def _reachable_host(self) -> str:
        host = REACHED_AT.get(self._host, self._host)
        return f"[{host}]" if ":" in host else host


def _is_below(prefix: str, path: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def _is_loopback(host: str) -> bool:
    """Whether *host*, with or without a port, names this machine and nothing else."""
    if host.count(":") == 1 or host.startswith("["):
        host = host.rpartition(":")[0] if not host.endswith("]") else host
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
