"""The mails that are judged: every kind that readers get, as it leaves, signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from syndicator.channels.base import Message
from syndicator.channels.email import digest as digests
from syndicator.channels.email.mime import Envelope
from syndicator.channels.email.pictures import PictureFile, content_id
from syndicator.channels.email.signing import Signer, new_key, read_key
from syndicator.channels.email.splicing import prepare
from syndicator.content import Paragraph
from tests.channels.email.stories import BLOCKS, PICTURE, make_message
from tests.digests.stories import make_digest_story
from tests.pictures.conftest import photo

DOMAIN, SELECTOR = "paper.example", "news"
SENDER = f"news@{DOMAIN}"
#: The envelope sender is in the sender's domain, so SPF is aligned as well.
RETURN_PATH = f"bounces+2n9c-fx7.abcdefghijklmnopqrstuvwx@{DOMAIN}"
#: The host that hands in, and its address: not one for examples (RFC 5737), which are suspicious.
HOST, ADDRESS = f"mx.{DOMAIN}", "93.184.215.14"
SIGNER = Signer(DOMAIN, SELECTOR, read_key(new_key()))


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    message: Message
    mail: bytes


def samples() -> Iterator[Sample]:
    """Another kind of mail gets a line here."""
    yield _signed("entry, German", make_message())
    yield _signed(
        "entry, English", make_message(language="en", headline="Council backs tram line 4")
    )
    yield _signed(
        "entry without a headline",
        make_message(headline="", blocks=(Paragraph("Kurz vor Mitternacht endete die Sitzung."),)),
    )
    yield _signed(
        "entry, right to left",
        make_message(
            language="ar",
            headline="المجلس البلدي يوافق على توسيع خط الترام",
            blocks=(Paragraph("وافق المجلس البلدي بعد أربع ساعات على توسيع الخط الرابع."),),
        ),
    )
    pictured = make_message(pictures=(PICTURE,), blocks=BLOCKS)
    assert pictured.pictures
    file = PictureFile(photo(), "image/jpeg")
    yield _signed("entry with its picture", pictured, {content_id(PICTURE): file})
    for language in ("de", "en"):
        digest = digests.render(make_digest_story(12, language=language)).message
        yield _signed(f"digest, {language}", digest, {content_id(PICTURE): file})


def _signed(name: str, message: Message, files: dict[str, PictureFile] | None = None) -> Sample:
    envelope = Envelope(
        from_address=SENDER,
        from_name="Redaktion Magazin",
        to_address="ada@reader.example",
        message_id=f"<4f2a9c31d0b84e7fa1b2c3d4e5f60718.17@{DOMAIN}>",
        list_id=f"<rat.{DOMAIN}>",
        unsubscribe_url=f"https://desk.{DOMAIN}/newsletter/unsubscribe/7.AbCdEfGhIjKlMnOpQrStUvW/",
        preferences_url=f"https://desk.{DOMAIN}/newsletter/preferences/7.AbCdEfGhIjKlMnOpQrStUvW/",
        date=datetime.now(UTC).replace(microsecond=0),
        return_path=RETURN_PATH,
    )
    return Sample(
        name, message, prepare(message, envelope, files or {}, SIGNER).mail(envelope.addressee)
    )
