"""The bytes of a mail to one recipient (RFC 5322, MIME, RFC 2369, 2919, 3834 and 8058)."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime, formataddr
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

from syndicator.channels.base import Message
from syndicator.channels.email.addresses import is_address
from syndicator.channels.email.pictures import PictureFile, content_id
from syndicator.channels.email.sharing import share_links
from syndicator.channels.email.words import words_for
from syndicator.channels.email.wrapping import wrapped

#: Where the HTML part gets the recipient's own links: to leave, and to change what they get. Like
#: `rendering.BLOCK`, nothing an entry says can be mistaken for them.
UNSUBSCRIBE = '<a id="unsubscribe" href="#unsubscribe"'
PREFERENCES = '<a id="preferences" href="#preferences"'

#: Octets of a line in quoted-printable (RFC 2045, 6.7).
LINE_LENGTH = 76
#: What stands between angle brackets in a header that is not folded; RFC 5322, 2.1.1 allows lines
#: of 998 octets.
_IN_BRACKETS = r"[!-;=?-~]{1,900}"
_MESSAGE_ID = re.compile(f"<{_IN_BRACKETS}>")
_LINK = re.compile(_IN_BRACKETS)


class Addressee(NamedTuple):
    """What differs between the mails of one mailing; see `Envelope`."""

    to_address: str
    message_id: str
    unsubscribe_url: str
    preferences_url: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a mail to one recipient carries around its message.

    *message_id* and *list_id* stand in angle brackets, *date* is aware. *preferences_url* is left
    out where the message has no place for it in the HTML part. *return_path* is where bounces go,
    if not to the sender; it is said to the relay and does not stand in the mail. The same envelope
    and message make the same bytes at every try.
    """

    from_address: str
    from_name: str
    to_address: str
    message_id: str
    list_id: str
    unsubscribe_url: str
    date: datetime
    preferences_url: str = ""
    return_path: str = ""

    @property
    def addressee(self) -> Addressee:
        return Addressee(
            self.to_address, self.message_id, self.unsubscribe_url, self.preferences_url
        )


def build(
    message: Message, envelope: Envelope, files: Mapping[str, PictureFile] = MappingProxyType({})
) -> bytes:
    """The mail, with CRLF line ends. *files* are the message's pictures by their content ids.

    `ValueError` if an address, link or name of the mail is not a plain one, or if a header would
    have a line break or, other than subject and sender's name, a character beyond ASCII.
    """
    if not is_address(envelope.from_address):
        raise ValueError("the sender's address is not a plain email address")
    if envelope.return_path and not is_address(envelope.return_path):
        raise ValueError("the return path is not a plain email address")
    check_addressee(envelope.addressee)
    if bool(envelope.preferences_url) != (PREFERENCES in message.html):
        raise ValueError("the mail has a link to preferences without a place for it, or a place")
    mail = EmailMessage(policy=POLICY)
    mail["From"] = f"{envelope.from_name} <{envelope.from_address}>".strip()
    mail["To"] = envelope.to_address
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(envelope.date)
    mail["Message-ID"] = envelope.message_id
    mail["List-Id"] = envelope.list_id
    mail["List-Owner"] = f"<mailto:{envelope.from_address}>"
    mail["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Auto-Submitted"] = "auto-generated"
    page = message.html.replace(UNSUBSCRIBE, _begun_link(envelope.unsubscribe_url))
    page = page.replace(PREFERENCES, _begun_link(envelope.preferences_url))
    mail.set_content(_text_part(message, envelope), cte="quoted-printable")
    mail.add_alternative(page, subtype="html", cte="quoted-printable")
    for picture in message.pictures:
        _attach(mail, content_id(picture), files[content_id(picture)])
    _set_boundaries(mail, envelope.message_id)
    return mail.as_bytes()


def check_addressee(addressee: Addressee) -> None:
    """`ValueError` if what differs between recipients is not as plain as their mails need it."""
    to_address, message_id, leave, prefer = addressee
    if not is_address(to_address):
        raise ValueError("the recipient's address is not a plain email address")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError("the name of the mail is not in angle brackets, or not plain")
    if not _LINK.fullmatch(leave):
        raise ValueError("the link to unsubscribe is not a plain address")
    if prefer and not _LINK.fullmatch(prefer):
        raise ValueError("the link to preferences is not a plain address")


def link_line(url: str) -> str:
    """The line of the HTML part that has a recipient's *url*, and nothing that others share."""
    return f'href="{html.escape(url)}"'


def boundary_seed(message_id: str) -> str:
    """What the boundaries of a mail are made of; always 32 characters."""
    return sha256(message_id.encode()).hexdigest()[:32]


def _begun_link(url: str) -> str:
    """On a line of its own: all other lines of the encoded part are the same in all mails."""
    return f"<a\n{link_line(url)}\n"


def _attach(mail: EmailMessage, name: str, file: PictureFile) -> None:
    """Put *file* beside the HTML part (RFC 2387), which shows it by its *name*."""
    page = mail.get_body(("related", "html"))
    assert isinstance(page, EmailMessage)
    maintype, _, subtype = file.media_type.partition("/")
    page.add_related(
        file.content,
        maintype,
        subtype,
        cid=f"<{name}>",
        disposition="inline",
        filename=f"picture.{subtype}",
    )


def _text_part(message: Message, envelope: Envelope) -> str:
    """What was approved, wrapped, and below it what this mail can be used for."""
    words = words_for(message.language)
    # Who reads plain text forwards a mail; a mailto link would only be a line nobody can read.
    links = [
        f"{link.label}:\n{link.url}"
        for link in share_links(message.permalink, message.subject, message.language)
        if message.permalink and not link.is_mail
    ]
    if envelope.preferences_url:
        links.append(f"{words.preferences}:\n{envelope.preferences_url}")
    links.append(f"{words.unsubscribe}:\n{envelope.unsubscribe_url}")
    return "\n".join([wrapped(message.text), "", "-- ", *links, ""])


def _set_boundaries(mail: EmailMessage, message_id: str) -> None:
    """Those that Python would draw differ from one try to the next."""
    seed = boundary_seed(message_id)
    for number, part in enumerate(mail.walk()):
        if part.is_multipart():
            # "=_" cannot occur in quoted-printable text or base64 (RFC 2045, 6.7 and 6.8).
            part.set_boundary(f"=_{number}_{seed}")


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
    for name in ("to", "message-id", "list-id", "list-owner", "list-unsubscribe"):
        headers.map_to_type(name, _Verbatim)
    return SMTP.clone(header_factory=headers, max_line_length=LINE_LENGTH)


#: How all our mails write their headers.
POLICY = _policy()
