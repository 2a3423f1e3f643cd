"""HTTP for channels and importers: one try, a hard end, bounded answers, no surprises.

A session made here follows no redirect, retries nothing, reads no proxy or netrc setting from the
environment, connects to public addresses only (unless allowed) and reads at most so many bytes.
Written against urllib3 2 and requests 2.32+.
"""

from __future__ import annotations

import functools
import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPException
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.poolmanager import PoolManager
from urllib3.util.ssl_ import create_urllib3_context

from syndicator.outbound.connecting import CouldNotConnect, connect
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.late_writes import none_after
from syndicator.steps import Step, reached

CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0
LARGEST_ANSWER = 5 * 1024 * 1024
#: The certificate authorities that are trusted, a PEM file.
AUTHORITIES = DEFAULT_CA_BUNDLE_PATH
_CHUNK = 64 * 1024


class NotSent(requests.ConnectionError):
    """The request failed before its first byte was written; *cause* says what stopped it."""

    def __init__(self, cause: BaseException, request: requests.PreparedRequest) -> None:
        super().__init__(str(cause), request=request)
        self.cause = cause


class AnswerTooLarge(requests.RequestException):
    """The answer's body is larger than the session reads."""


def did_not_act(error: BaseException) -> bool:
    """Whether *error* proves that the other side cannot have acted on the request.

    True if the name did not resolve, the connection or its TLS handshake did not come about, the
    address was refused or the deadline passed, all before the first byte of the request.
    """
    match error:
        case NotSent() | CouldNotConnect() | socket.gaierror():
            return True
        case DeadlinePassed():
            return not error.sent
    return False


class OutboundSession(requests.Session):
    """See the module; made by `make_session`. Good for the calls of one deadline."""

    def __init__(
        self, deadline: Deadline, *, allow_private_addresses: bool, largest_answer: int
    ) -> None:
        super().__init__()
        self.trust_env = False
        self.deadline = deadline
        adapter = _Adapter(deadline, allow_private_addresses, largest_answer)
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No redirect is ever followed: the second host could be anybody's."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """As `requests.Session.request`, with time-outs.

        Raises `NotSent` where nothing was sent, `DeadlinePassed` when the time ran out after, and
        other `requests.RequestException` where the outcome is not known.
        """
        kwargs.setdefault("timeout", (CONNECT_SECONDS, READ_SECONDS))
        answer = super().request(*args, **kwargs)
        if answer.encoding is None:
            answer.encoding = "utf-8"  # RFC 8259, 8.1; guessing it takes long
        return answer


def make_session(
    deadline: Deadline,
    *,
    allow_private_addresses: bool = False,
    largest_answer: int = LARGEST_ANSWER,
) -> OutboundSession:
    """A session for the calls of one *deadline*; *largest_answer* in bytes, after decoding."""
    return OutboundSession(
        deadline, allow_private_addresses=allow_private_addresses, largest_answer=largest_answer
    )


@functools.cache
def tls_context() -> ssl.SSLContext:
    """What every TLS connection of this process begins with; reading the authorities is slow."""
    context = create_urllib3_context()
    context.load_verify_locations(AUTHORITIES)
    return context


class _Line:
    """What the connections of one session share."""

    def __init__(self, deadline: Deadline, allow_private_addresses: bool) -> None:
        self.deadline = deadline
        self.allow_private_addresses = allow_private_addresses
        #: Whether a byte of the current request may have been written.
        self.sent = False
        #: What ends with the writing of the current request.
        self.writing = ExitStack()

    def connect(self, connection: HTTPConnection) -> socket.socket:
        # The connection's time-out while it connects is urllib3's connect time-out.
        limit = connection.timeout if isinstance(connection.timeout, int | float) else None
        return connect(
            connection._dns_host,
            connection.port,
            deadline=self.deadline,
            allow_private_addresses=self.allow_private_addresses,
            time_limit=CONNECT_SECONDS if limit is None else limit,
            options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    def sending(self) -> None:
        if self.sent:
            self.deadline.sending()
            return
        # Before the look at the clock, so that there is no moment between them to be stopped in;
        # after the connection stands, because looking a name up may take longer than it should.
        self.writing.enter_context(none_after(self.deadline.remaining))
        self.deadline.sending()
        self.sent = True
        reached(Step.SEND_CONNECTED)


class _HttpConnection(HTTPConnection):
    def __init__(self, *args: Any, line: _Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line = line

    def _new_conn(self) -> socket.socket:
        return self._line.connect(self)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self._line.sending()
        super().send(data)

    def request(self, *args: Any, **kwargs: Any) -> None:
        with self._line.writing:
            super().request(*args, **kwargs)
        reached(Step.SEND_REQUESTED)


class _HttpsConnection(_HttpConnection, HTTPSConnection):
    """The same with TLS, whose handshake `HTTPSConnection` does when it connects."""


class _Pools(PoolManager):
    """Connection pools whose connections belong to one `_Line`."""

    def __init__(self, line: _Line, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._line = line

    def _new_pool(self, scheme: str, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        pool = super()._new_pool(scheme, *args, **kwargs)
        made: Callable[..., HTTPConnection] = functools.partial(_HttpConnection, line=self._line)
        if scheme == "https":
            made = functools.partial(_HttpsConnection, line=self._line, ssl_context=tls_context())
        pool.ConnectionCls = made  # type: ignore[assignment]
        return pool


class _Adapter(HTTPAdapter):
    def __init__(
        self, deadline: Deadline, allow_private_addresses: bool, largest_answer: int
    ) -> None:
        self._line = _Line(deadline, allow_private_addresses)
        self._largest_answer = largest_answer
        super().__init__(max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        self.poolmanager = _Pools(
            self._line, num_pools=connections, maxsize=maxsize, block=block, **pool_kwargs
        )

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Certificates are always verified, against the authorities in `tls_context`."""
        conn.cert_reqs = "CERT_REQUIRED"

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        self._line.sent = False
        kwargs["stream"] = True
        try:
            response = super().send(request, *args, **kwargs)
            response._content = self._read(response)
        except (OSError, HTTPError, HTTPException) as error:
            raise self._judged(error, request) from error
        # A connection that the deadline cut off can look like a body that has simply ended.
        if self._line.deadline.expired:
            raise DeadlinePassed(sent=True)
        return response

    def _read(self, response: requests.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > self._largest_answer:
                response.close()
                raise AnswerTooLarge(
                    f"the answer is larger than {self._largest_answer} bytes", response=response
                )
        return bytes(body)

    def _judged(self, error: Exception, request: requests.PreparedRequest) -> Exception:
        """*error* as one of the classes that `OutboundSession.request` promises."""
        if self._line.deadline.expired:
            return DeadlinePassed(sent=self._line.sent)
        if not self._line.sent and not isinstance(error, ValueError):  # ValueError: a bad URL
            return NotSent(_first_cause(error), request)
        if isinstance(error, requests.RequestException):
            return error
        return requests.ConnectionError(str(error), request=request)


def _first_cause(error: BaseException) -> BaseException:
    """The error of ours that *error* was made of, or else what it was raised from first."""
    while not isinstance(error, CouldNotConnect):
        before = error.__cause__ or error.__context__
        if before is None:
            break
        error = before
    return error
