"""Reading any message that came over SMTP, however broken, for people to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32

from syndicator.channels.email.pictures import PictureFile

_PICTURES = ("image/jpeg", "image/png", "image/gif")


@dataclass(frozen=True, slots=True)
class ReadableMail:
    """*headers* in order and decoded; *text* and *html* are empty where the mail has none.

    *pictures* are those that the HTML part may show, by their content ids.
    """

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    pictures: Mapping[str, PictureFile]

    @property
    def sender(self) -> str:
        return self.header("From")

    @property
    def subject(self) -> str:
        return self.header("Subject")

    @property
    def message_id(self) -> str:
        return self.header("Message-ID")

    def header(self, name: str) -> str:
        """The first header of that name, empty if there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def read_mail(raw: bytes) -> ReadableMail:
    """Never raises: what cannot be decoded is shown as it came."""
    # The older parser has fewer opinions: the newer one raises on some malformed headers.
    message = message_from_bytes(raw, policy=compat32)
    return ReadableMail(
        tuple((name, _decoded(str(value))) for name, value in message.items()),
        _part(message, "text/plain"),
        _part(message, "text/html"),
        dict(_pictures(message)),
    )


def _pictures(message: Message) -> Iterator[tuple[str, PictureFile]]:
    for part in message.walk():
        name = str(part.get("Content-ID", "")).strip().strip("<>")
        payload = part.get_payload(decode=True)
        if name and part.get_content_type() in _PICTURES and isinstance(payload, bytes):
            yield name, PictureFile(payload, part.get_content_type())


def _part(message: Message, content_type: str) -> str:
    for part in message.walk():
        if part.get_content_type() == content_type and not part.get_filename():
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                return _text(payload, str(part.get_param("charset", "utf-8")))
    return ""


def _text(payload: bytes, charset: str) -> str:
    try:
        return payload.decode(charset, "replace").replace("\r\n", "\n")
    except (LookupError, ValueError):
        return payload.decode("utf-8", "replace").replace("\r\n", "\n")


def _decoded(value: str) -> str:
    unfolded = " ".join(value.split())
    try:
        decoded = str(make_header(decode_header(unfolded)))
    except (LookupError, ValueError):
        decoded = unfolded
    return decoded.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
