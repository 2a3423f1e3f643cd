"""An HTTP server in threads whose applications can also break the connection."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import struct
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cheroot import wsgi
from cheroot.server import HTTPConnection

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

logger = logging.getLogger(__name__)

#: How long the threads may take to finish their answers when the server stops.
SHUTDOWN_SECONDS = 0.1


class ConnectionDropped(ConnectionAbortedError):
    """Raised by an application: close the connection now, with a TCP reset if *reset*."""

    def __init__(self, *, reset: bool) -> None:
        # cheroot takes an OSError with this number for a lost client and stays silent.
        super().__init__(errno.ECONNABORTED, "dropped on purpose")
        self.reset = reset


class RawAnswer(Exception):
    """Raised by an application: send *pieces* one by one as they come, then close."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__("answered by hand")
        self.pieces = pieces


class _Connection(HTTPConnection):
    resetting = False

    def close(self) -> None:
        if not self.resetting:
            super().close()
            return
        # Linger for zero seconds makes close() send RST; cheroot's own shutdown() would send FIN.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class _Server(wsgi.Server):
    ConnectionClass = _Connection
    expiration_interval = 1.0

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        logger.log(level, "%s", msg, exc_info=traceback)


class _Gateway(wsgi.Gateway_10):
    def respond(self) -> None:
        try:
            super().respond()
        except ConnectionDropped as drop:
            self.req.conn.resetting = drop.reset
            raise
        except RawAnswer as answer:
            for piece in answer.pieces:
                self.req.conn.socket.sendall(piece)
            raise ConnectionDropped(reset=False) from None


class HttpServer:
    """Serves *application* on *host*:*port* (0: a free one) from *threads* of its own."""

    def __init__(self, application: WSGIApplication, host: str, port: int, *, threads: int) -> None:
        self._server = _Server(
            (host, port),
            application,
            numthreads=threads,
            server_name="sandbox",
            request_queue_size=128,
        )
        self._server.shutdown_timeout = SHUTDOWN_SECONDS
        self._server.gateway = _Gateway
        self._thread = threading.Thread(target=self._server.serve, name="sandbox-http")

    def start(self) -> None:
        """Raise `OSError` if the address is taken."""
        self._server.prepare()
        self._thread.start()

    def stop(self) -> None:
        stopping = threading.Thread(target=self._server.stop)
        stopping.start()
        while stopping.is_alive():
            # cheroot sees that it is to stop only when its select() returns: give it something.
            with contextlib.suppress(OSError):
                socket.create_connection(self._server.bind_addr, timeout=0.1).close()
            stopping.join(0.02)
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.bind_addr[1])
