"""A mailbox that is read over IMAP (RFC 3501): what is unread in one folder, and marking it."""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from syndicator.channels.base import Account, TryLater, Unauthorised
from syndicator.channels.email.returned import MOST_BYTES
from syndicator.outbound.connecting import connect
from syndicator.outbound.deadline import Deadline
from syndicator.wording import Wording, gettext_noop

CONNECT_SECONDS = 10.0
#: What one answer may hold besides the part of a mail that was asked for.
SLACK = 100_000

NOT_A_BOX = Wording(
    gettext_noop(
        "The mailbox must be an address such as imaps://imap.example.org/INBOX, or begin with "
        "imap+starttls://."
    )
)
OPEN_BOX_PASSWORD = gettext_noop("The mailbox's password would go to %(host)s in the open.")
NO_BOX = gettext_noop("The mailbox on %(host)s cannot be reached.")
NO_BOX_LOGIN = gettext_noop("%(host)s refuses the mailbox's user name or password.")
NO_FOLDER = gettext_noop("There is no folder %(folder)s in the mailbox on %(host)s.")
BAD_BOX_CERTIFICATE = gettext_noop("The certificate of %(host)s is not valid.")
BOX_BROKE_OFF = gettext_noop("The connection to the mailbox on %(host)s broke off.")

_SCHEMES = {"imap": 143, "imap+starttls": 143, "imaps": 993}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Box:
    """Where returned mail lies, and as whom it is read."""

    scheme: str
    host: str
    port: int
    folder: str
    username: str
    password: str = field(repr=False)

    @classmethod
    def from_account(cls, account: Account) -> Box:
        """The mailbox of a destination; `Unauthorised` says what is wrong with its settings."""
        settings = account.settings
        try:
            parts = urlsplit(settings.get("return_box", "").strip())
            port = parts.port or _SCHEMES[parts.scheme]
            folder = unquote(parts.path.strip("/")) or "INBOX"
        except (ValueError, KeyError):
            raise Unauthorised(NOT_A_BOX) from None
        if not parts.hostname or parts.username or parts.query or parts.fragment:
            raise Unauthorised(NOT_A_BOX)
        if not (folder.isascii() and folder.isprintable()):
            raise Unauthorised(NOT_A_BOX)
        if parts.scheme == "imap" and parts.hostname not in _LOOPBACK:
            raise Unauthorised(Wording(OPEN_BOX_PASSWORD, {"host": parts.hostname}))
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port,
            folder=folder,
            username=settings.get("return_username", ""),
            password=settings.get("return_password", ""),
        )


class Mailbox:
    """An open mailbox; a context manager. *limit* ends whatever is waited for.

    Everything raises `TryLater` or `Unauthorised`. Like the relay it may be at a private address:
    an administrator names it, and what is read there reaches nobody.
    """

    def __init__(self, box: Box, limit: Deadline) -> None:
        self._box, self._limit = box, limit
        self._session: _Session | None = None

    def __enter__(self) -> Self:
        try:
            self._session = session = _Session(self._box, self._limit)
            if self._box.scheme == "imap+starttls":
                session.starttls(ssl.create_default_context())
            self._log_in(session)
            if session.select(_quoted(self._box.folder))[0] != "OK":
                raise Unauthorised(self._say(NO_FOLDER, folder=self._box.folder))
        except (Unauthorised, TryLater):
            self._drop()
            raise
        except ssl.SSLCertVerificationError as error:
            self._drop()
            raise Unauthorised(self._say(BAD_BOX_CERTIFICATE)) from error
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            self._drop()
            raise TryLater(self._say(NO_BOX), answer=str(error)) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None and error is None:
            # Not CLOSE, which would delete what somebody else marked as deleted.
            with contextlib.suppress(imaplib.IMAP4.error, OSError, ValueError):
                self._session.logout()
        self._drop()

    def unread(self) -> list[str]:
        """The lasting numbers (UIDs) of the mails that are not marked as read, the oldest first."""
        found = self._asked("SEARCH", "UNSEEN")
        return [one.decode() for line in found if line for one in line.split() if one.isdigit()]

    def fetch(self, number: str) -> bytes:
        """The beginning of a mail, as far as `returned` reads it; it stays unread."""
        for item in self._asked("FETCH", number, f"(BODY.PEEK[]<0.{MOST_BYTES}>)"):
            if isinstance(item, tuple):
                mail: bytes = item[1]
                return mail
        return b""  # somebody deleted it meanwhile

    def mark(self, number: str, *, for_a_person: bool) -> None:
        """Mark a mail as read; and as important, if a person should see it."""
        flags = r"(\Seen \Flagged)" if for_a_person else r"(\Seen)"
        self._asked("STORE", number, "+FLAGS.SILENT", flags)

    def _log_in(self, session: _Session) -> None:
        try:
            session.login(self._box.username, self._box.password)
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, UnicodeError):
            # What the server says may repeat what it was told.
            raise Unauthorised(self._say(NO_BOX_LOGIN)) from None

    def _asked(self, *command: str) -> list[Any]:
        session = self._session
        assert session is not None, "it is only asked while it is open"
        try:
            answer, found = session.uid(*command)
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            raise TryLater(self._say(BOX_BROKE_OFF), answer=str(error)) from error
        if answer != "OK":
            raise TryLater(self._say(BOX_BROKE_OFF), answer=str(found))
        return found

    def _say(self, sentence: str, **gaps: str) -> Wording:
        return Wording(sentence, {"host": self._box.host, **gaps})

    def _drop(self) -> None:
        if self._session is not None:
            with contextlib.suppress(OSError):
                self._session.shutdown()
            self._session = None


class _Session(imaplib.IMAP4):
    """`imaplib.IMAP4` on a socket that a deadline watches from its first byte."""

    def __init__(self, box: Box, limit: Deadline) -> None:
        self._box, self._limit = box, limit
        super().__init__(box.host, box.port)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        sock = connect(
            self._box.host,
            self._box.port,
            deadline=self._limit,
            allow_private_addresses=True,
            time_limit=CONNECT_SECONDS,
        )
        sock.settimeout(max(0.001, self._limit.remaining))
        if self._box.scheme != "imaps":
            return sock
        return ssl.create_default_context().wrap_socket(sock, server_hostname=self._box.host)

    def read(self, size: int) -> bytes:
        # A server names the length of what it sends, and imaplib would wait for all of it.
        if size > MOST_BYTES + SLACK:
            raise self.abort("the server sends more than was asked for")
        return super().read(size)


def _quoted(folder: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", folder) + '"'
