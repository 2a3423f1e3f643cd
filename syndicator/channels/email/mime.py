"""The bytes of a mail to one recipient (RFC 5322, MIME, RFC 2369, 2919, 3834 and 8058)."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime, formataddr
from hashlib import sha256
from typing import Any

from syndicator.channels.base import Message
from syndicator.channels.email.addresses import is_address
from syndicator.channels.email.words import words_for

#: Where the HTML part gets the recipient's own link to leave. Like `rendering.BLOCK`, nothing an
#: entry says can be mistaken for it.
UNSUBSCRIBE = '<a id="unsubscribe" href="#unsubscribe"'


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a mail to one recipient carries around its message.

    *message_id* and *list_id* stand in angle brackets, *date* is aware. The same envelope and
    message make the same bytes at every try.
    """

    from_address: str
    from_name: str
    to_address: str
    message_id: str
    list_id: str
    unsubscribe_url: str
    date: datetime


def build(message: Message, envelope: Envelope) -> bytes:
    """The mail, with CRLF line ends.

    `ValueError` if an address is not a plain one, or if a header would have a line break or, other
    than subject and sender's name, a character beyond ASCII.
    """
    if not (is_address(envelope.from_address) and is_address(envelope.to_address)):
        raise ValueError("the sender's or recipient's address is not a plain email address")
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = f"{envelope.from_name} <{envelope.from_address}>".strip()
    mail["To"] = envelope.to_address
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(envelope.date)
    mail["Message-ID"] = envelope.message_id
    mail["List-Id"] = envelope.list_id
    mail["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Auto-Submitted"] = "auto-generated"
    leave = f"{words_for(message.language).unsubscribe}: {envelope.unsubscribe_url}"
    link = f'<a href="{html.escape(envelope.unsubscribe_url)}"'
    mail.set_content(f"{message.text}\n\n-- \n{leave}\n", cte="quoted-printable")
    mail.add_alternative(
        message.html.replace(UNSUBSCRIBE, link), subtype="html", cte="quoted-printable"
    )
    # "=_" cannot occur in quoted-printable text (RFC 2045, 6.7).
    mail.set_boundary("=_" + sha256(envelope.message_id.encode()).hexdigest()[:32])
    return mail.as_bytes()


class _Verbatim(UnstructuredHeader, BaseHeader):
    """ASCII on one line, as RFC 5322 allows up to 998 octets.

    The policy's own folding makes encoded words of a long address or link, which no mail program
    reads there; its parsing decodes encoded words that somebody typed, line breaks and all.
    """

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        super().parse(value, kwds)
        kwds["decoded"] = value

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _Text(_Verbatim):
    """Any Unicode. `Header` folds it: the policy loses spaces between encoded words."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {_encoded(self, self.name, policy)}{policy.linesep}"


class _Mailbox(_Verbatim):
    """A display name, which may be any Unicode or empty, and an address in angle brackets."""

    def fold(self, *, policy: Policy) -> str:
        name, _, address = self.rpartition("<")
        name = name.strip()
        if _is_plain(name):
            value = formataddr((name, address.removesuffix(">")))
        else:
            value = f"{_encoded(name, self.name, policy)} <{address}"
        return f"{self.name}: {value}{policy.linesep}"


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text


def _encoded(text: str, header_name: str, policy: Policy) -> str:
    if _is_plain(text):
        return str(text)
    return Header(text, "utf-8", header_name=header_name).encode(linesep=policy.linesep)


def _policy() -> EmailPolicy[EmailMessage]:
    headers = HeaderRegistry()
    headers.map_to_type("from", _Mailbox)
    headers.map_to_type("subject", _Text)
    for name in ("to", "message-id", "list-id", "list-unsubscribe"):
        headers.map_to_type(name, _Verbatim)
    return SMTP.clone(header_factory=headers)


_POLICY = _policy()
