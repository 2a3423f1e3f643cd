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
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from syndicator.channels.base import (
    Account,
    ChannelError,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.email.addresses import is_address
from syndicator.content import clean_text
from syndicator.outbound.connecting import connect
from syndicator.outbound.deadline import Deadline
from syndicator.wording import Wording, gettext_noop

CONNECT_SECONDS = 10.0
GOODBYE = timedelta(seconds=5)

NOT_A_RELAY = Wording(
    gettext_noop(
        "The address of the mail server is not understood. "
        "Write it like smtp://mail.example.org:25, smtp+starttls://… or smtps://…."
    )
)
NOT_A_SENDER = Wording(
    gettext_noop("The sender address of the newsletter is missing or is not an email address.")
)
OPEN_PASSWORD = gettext_noop(
    "The password would travel unencrypted to %(host)s. "
    "Use smtps:// or smtp+starttls:// in the address of the mail server."
)
UNREACHABLE = gettext_noop("The mail server %(host)s cannot be reached.")
NOT_ASCII = Wording(
    gettext_noop("The user name or password of the mail server has letters beyond A to Z.")
)
BAD_CERTIFICATE = gettext_noop("The certificate of the mail server %(host)s is not valid.")
NO_ENCRYPTION = gettext_noop("The mail server %(host)s does not offer encryption (STARTTLS).")
NO_LOGIN = gettext_noop("The mail server %(host)s offers no way to log in with a password.")
NOT_ALLOWED = gettext_noop("The mail server %(host)s does not let this account send: %(answer)s")
NOT_NOW = gettext_noop("The mail server %(host)s asks to come back later: %(answer)s")
REFUSED = gettext_noop("The mail server %(host)s refused the mail: %(answer)s")
BROKE_OFF = gettext_noop("The mail server %(host)s broke off before it had the whole mail.")
NO_ANSWER = gettext_noop(
    "The mail server %(host)s had the whole mail but did not say whether it took it."
)


class Security(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


_SCHEMES = {
    "smtp": (Security.NONE, 25),
    "smtp+starttls": (Security.STARTTLS, 587),
    "smtps": (Security.TLS, 465),
}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mails are handed in, and as whom."""

    host: str
    port: int
    security: Security
    from_address: str
    from_name: str = ""
    username: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def from_account(cls, account: Account) -> Relay:
        """The relay of a destination; `Unauthorised` says what is wrong with its settings."""
        try:
            parts = urlsplit(account.base_url)
            security, usual_port = _SCHEMES[parts.scheme]
            host, port = parts.hostname, parts.port or usual_port
        except (ValueError, KeyError):
            raise Unauthorised(NOT_A_RELAY) from None
        if not host or parts.username or parts.path.strip("/") or parts.query or parts.fragment:
            raise Unauthorised(NOT_A_RELAY)
        settings = account.settings
        relay = cls(
            host=host,
            port=port,
            security=security,
            from_address=settings.get("from_address", ""),
            from_name=clean_text(settings.get("from_name", "")),
            username=settings.get("username", ""),
            password=settings.get("password", ""),
        )
        if not is_address(relay.from_address):
            raise Unauthorised(NOT_A_SENDER)
        if not (relay.username + relay.password).isascii():
            raise Unauthorised(NOT_ASCII)
        if relay.password and security == Security.NONE and host not in _LOOPBACK:
            raise Unauthorised(Wording(OPEN_PASSWORD, {"host": host}))
        return relay


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
                raise TryLater(self._say(BROKE_OFF), answer=str(error)) from error
            try:
                session.send(b".\r\n")
                code, words = session.getreply()
            except OSError as error:
                raise Unknown(self._say(NO_ANSWER), answer=str(error)) from error
        match code // 100:
            case 2:
                return _answer(code, words)
            case 4 | 5:
                raise self._mail_refused(code, words)
        raise Unknown(self._say(NO_ANSWER), status=code, answer=_answer(code, words))

    def _open(self, limit: Deadline) -> None:
        relay = self.relay
        self._session = session = _Session(relay, limit)
        session.bound(limit)
        session.ehlo_or_helo_if_needed()
        if relay.security == Security.STARTTLS:
            if not session.has_extn("starttls"):
                raise Unauthorised(self._say(NO_ENCRYPTION))
            session.starttls(context=ssl.create_default_context())
            session.ehlo_or_helo_if_needed()
        if relay.password:
            try:
                session.login(relay.username, relay.password)
            except (smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected):
                raise
            except smtplib.SMTPException as error:
                raise Unauthorised(self._say(NO_LOGIN), answer=str(error)) from error

    def _why_not_open(self, error: OSError) -> ChannelError:
        match error:
            case ssl.SSLCertVerificationError():
                return Unauthorised(self._say(BAD_CERTIFICATE), answer=str(error))
            case smtplib.SMTPResponseException():
                return self._account_refused(error.smtp_code, error.smtp_error)
        return TryLater(self._say(UNREACHABLE), answer=str(error))

    def _announce(self, session: _Session, recipient: str) -> None:
        """Everything before the mail itself: from whom, to whom, and the go-ahead."""
        code, words = session.mail(self.relay.from_address)
        if code == 552:  # about the size of this mail; any other refusal here is the sender's
            raise self._mail_refused(code, words)
        if code != 250:
            raise self._account_refused(code, words)
        code, words = session.rcpt(recipient)
        if code not in (250, 251):
            raise self._mail_refused(code, words)
        code, words = session.docmd("DATA")
        if code != 354:
            raise self._mail_refused(code, words)

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

    def _account_refused(self, code: int, words: bytes | str) -> ChannelError:
        answer = _answer(code, words)
        if code // 100 == 5:
            return Unauthorised(self._say(NOT_ALLOWED, answer), status=code, answer=answer)
        return TryLater(self._say(NOT_NOW, answer), status=code, answer=answer)

    def _mail_refused(self, code: int, words: bytes | str) -> ChannelError:
        if code in (530, 535):
            return self._account_refused(code, words)
        answer = _answer(code, words)
        if code // 100 == 5:
            return Rejected(self._say(REFUSED, answer), status=code, answer=answer)
        return TryLater(self._say(NOT_NOW, answer), status=code, answer=answer)

    def _say(self, sentence: str, answer: str = "") -> Wording:
        gaps = {"host": self.relay.host}
        return Wording(sentence, {**gaps, "answer": answer} if answer else gaps)


def _answer(code: int, words: bytes | str) -> str:
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    return clean_text(f"{code} {said}")


def _dot_stuffed(mail: bytes) -> bytes:
    """*mail* as DATA wants it (RFC 5321, 4.5.2), up to the line with the final dot."""
    ended = mail if mail.endswith(b"\r\n") else mail + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended)


def _literal(address: str) -> str:
    """An address literal (RFC 5321, 4.1.3), for a client without a public name of its own."""
    address = address.partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
