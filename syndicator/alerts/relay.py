"""The mail server of ``SYNDICATOR_MAIL_URL``, with a hard end for everything said to it.

Django's own backend bounds each read; a server that sends a byte now and then outlives that.
"""

from __future__ import annotations

import smtplib
import socket
from functools import partial
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

from syndicator.outbound.connecting import connect
from syndicator.outbound.deadline import Deadline


class Relay(EmailBackend):
    """Django's SMTP backend with its ``EMAIL_*`` settings; *limit* ends whatever it waits for."""

    def __init__(self, limit: Deadline) -> None:
        super().__init__()
        self._limit = limit

    @property
    def connection_class(self) -> Any:
        return partial(_TlsSession if self.use_ssl else _Session, self._limit)


class _Session(smtplib.SMTP):
    def __init__(self, limit: Deadline, *arguments: Any, **options: Any) -> None:
        self._limit = limit
        super().__init__(*arguments, **options)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connect(
            host,
            port,
            deadline=self._limit,
            # An administrator names the server, and it is usually on the same network.
            allow_private_addresses=True,
            time_limit=timeout,
        )


class _TlsSession(_Session):
    """Encrypted from the start."""

    def __init__(self, limit: Deadline, host: str, port: int, **options: Any) -> None:
        self._context = options.pop("context")
        super().__init__(limit, host, port, **options)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = super()._get_socket(host, port, timeout)
        wrapped: socket.socket = self._context.wrap_socket(sock, server_hostname=host)
        return wrapped
