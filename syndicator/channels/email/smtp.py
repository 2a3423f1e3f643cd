"""Hands mails to one relay over one kept-alive SMTP connection (RFC 5321).

What a failure proves depends on when it comes: until the final dot is written the relay must not
act on a mail, from then on only its answer tells (RFC 5321, 4.1.1.4 and 6.1).
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
from datetime import timedelta
from types import TracebackType
from typing import Self

from syndicator.channels.base import (
    ChannelError,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.email.relay import (
    BAD_CERTIFICATE,
    BROKE_OFF,
    NO_ANSWER,
    NO_ENCRYPTION,
    NO_LOGIN,
    UNREACHABLE,
    Relay,
    Security,
    answer_of,
)
from syndicator.outbound.connecting import connect
from syndicator.outbound.deadline import Deadline

CONNECT_SECONDS = 10.0
GOODBYE = timedelta(seconds=5)


class _Session(smtplib.SMTP):
    """`smtplib.SMTP` on a socket that a deadline watches from its first byte."""

    def __init__(self, relay: Relay, limit: Deadline) -> None:
        self._relay, self._limit = relay, limit
        # Empty instead of absent: smtplib would ask the name service, which can take long.
        super().__init__(relay.host, relay.port, local_hostname="")
        self.local_hostname = _literal(self.wire.getsockname()[0])

    @property
    def wire(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        return self.sock

    def bound(self, limit: Deadline) -> None:
        """Let *limit* end whatever is waited for on this connection."""
        limit.watch(self.wire)
        self.wire.settimeout(max(0.001, limit.remaining))

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = connect(
            host,
            port,
            deadline=self._limit,
            allow_private_addresses=True,
            time_limit=CONNECT_SECONDS,
            # The final dot is a write of its own and must not wait for an acknowledgement.
            options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        if self._relay.security != Security.TLS:
            return sock
        return ssl.create_default_context().wrap_socket(sock, server_hostname=host)


class Connection:
    """One SMTP connection to *relay*, opened when first needed; a context manager.

    Unlike other calls to the outside it may go to private addresses: the usual relay is a Postfix
    on this machine or network, its address is set by an administrator and never by content, and
    nothing of its answers reaches anybody but the administrator.
    """

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self._session: _Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            # Every answer that matters has been read.
            with contextlib.suppress(OSError), Deadline(GOODBYE) as limit:
                self._session.bound(limit)
                self._session.quit()
        self._drop()

    def ready(self, deadline: timedelta) -> None:
        """Make sure that the relay is there and lets us in: ask it, or connect anew.

        Raises `TryLater` or `Unauthorised`; both are about the account, not about one mail.
        """
        with Deadline(deadline) as limit:
            if self._still_there(limit):
                return
            self._drop()
            try:
                self._open(limit)
            except ChannelError:
                self._drop()
                raise
            except OSError as error:  # which smtplib's errors are, too
                self._drop()
                raise self._why_not_open(error) from error

    def send(self, recipient: str, mail: bytes, deadline: timedelta) -> str:
        """Hand *mail* (with CRLF line ends) in for *recipient*; the words it was accepted with.

        To be called after `ready`; ends within *deadline*. Raises `TryLater` (4xx, or provably not
        handed in), `Rejected` (5xx), `Unauthorised` (this sender may not send at all) or `Unknown`
        (no answer after the final dot).
        """
        session = self._session
        if session is None:
            raise RuntimeError("send() needs a connection that is ready()")
        try:
            return self._hand_in(session, recipient, mail, deadline)
        except (Rejected, Unauthorised):
            raise  # answered in full: the connection is as good as before
        except BaseException:
            self._drop()
            raise

    def _hand_in(self, session: _Session, recipient: str, mail: bytes, deadline: timedelta) -> str:
        with Deadline(deadline) as limit:
            try:
                session.bound(limit)
                self._announce(session, recipient)
                session.send(_dot_stuffed(mail))
                limit.check()
            except ChannelError:
                raise
            except OSError as error:
                raise TryLater(self.relay.say(BROKE_OFF), answer=str(error)) from error
            try:
                session.send(b".\r\n")
                code, words = session.getreply()
            except OSError as error:
                raise Unknown(self.relay.say(NO_ANSWER), answer=str(error)) from error
        match code // 100:
            case 2:
                return answer_of(code, words)
            case 4 | 5:
                raise self.relay.mail_refused(code, words)
        raise Unknown(self.relay.say(NO_ANSWER), status=code, answer=answer_of(code, words))

    def _open(self, limit: Deadline) -> None:
        relay = self.relay
        self._session = session = _Session(relay, limit)
        session.bound(limit)
        session.ehlo_or_helo_if_needed()
        if relay.security == Security.STARTTLS:
            if not session.has_extn("starttls"):
                raise Unauthorised(self.relay.say(NO_ENCRYPTION))
            session.starttls(context=ssl.create_default_context())
            session.ehlo_or_helo_if_needed()
        if relay.password:
            try:
                session.login(relay.username, relay.password)
            except (smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected):
                raise
            except smtplib.SMTPException as error:
                raise Unauthorised(self.relay.say(NO_LOGIN), answer=str(error)) from error

    def _why_not_open(self, error: OSError) -> ChannelError:
        match error:
            case ssl.SSLCertVerificationError():
                return Unauthorised(self.relay.say(BAD_CERTIFICATE), answer=str(error))
            case smtplib.SMTPResponseException():
                return self.relay.account_refused(error.smtp_code, error.smtp_error)
        return TryLater(self.relay.say(UNREACHABLE), answer=str(error))

    def _announce(self, session: _Session, recipient: str) -> None:
        """Everything before the mail itself: from whom, to whom, and the go-ahead."""
        code, words = session.mail(self.relay.from_address)
        if code == 552:  # about the size of this mail; any other refusal here is the sender's
            raise self.relay.mail_refused(code, words)
        if code != 250:
            raise self.relay.account_refused(code, words)
        code, words = session.rcpt(recipient)
        if code not in (250, 251):
            raise self.relay.mail_refused(code, words)
        code, words = session.docmd("DATA")
        if code != 354:
            raise self.relay.mail_refused(code, words)

    def _still_there(self, limit: Deadline) -> bool:
        if self._session is None:
            return False
        try:
            self._session.bound(limit)
            return self._session.rset()[0] == 250
        except OSError:
            return False

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _dot_stuffed(mail: bytes) -> bytes:
    """*mail* as DATA wants it (RFC 5321, 4.5.2), up to the line with the final dot."""
    ended = mail if mail.endswith(b"\r\n") else mail + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended)


def _literal(address: str) -> str:
    """An address literal (RFC 5321, 4.1.3), for a client without a public name of its own."""
    address = address.partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
