"""The mails that are judged: every kind that readers get, as it leaves, signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.test import override_settings
from django.utils import translation

from syndicator.channels.base import Message
from syndicator.channels.email import digest as digests
from syndicator.channels.email.mime import Envelope
from syndicator.channels.email.pictures import PictureFile, content_id
from syndicator.channels.email.relay import Relay, Security
from syndicator.channels.email.signing import Signer, new_key, read_key
from syndicator.channels.email.splicing import prepare
from syndicator.content import Paragraph
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace, Subscription
from syndicator.signup.letters import already_subscribed, own_data, please_confirm
from syndicator.signup.models import Ask, AskKind
from tests.channels.email.stories import BLOCKS, PICTURE, make_message
from tests.digests.stories import make_digest_story
from tests.pictures.conftest import photo

DOMAIN, SELECTOR = "paper.example", "news"
SENDER = f"news@{DOMAIN}"
SENDER_NAME = "Redaktion Magazin"
#: The envelope sender is in the sender's domain, so SPF is aligned as well.
RETURN_PATH = f"bounces+2n9c-fx7.abcdefghijklmnopqrstuvwx@{DOMAIN}"
#: The host that hands in, and its address: not one for examples (RFC 5737), which are suspicious.
HOST, ADDRESS = f"mx.{DOMAIN}", "93.184.215.14"
SIGNER = Signer(DOMAIN, SELECTOR, read_key(new_key()))


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail and what it means. *links* stand in its text; *is_list*: one can leave by it."""

    name: str
    mail: bytes
    subject: str
    html: str
    links: tuple[str, ...]
    return_path: str
    pictures: int = 0
    is_list: bool = True


def samples() -> Iterator[Sample]:
    """Another kind of mail gets a line here."""
    yield from newsletter()
    for language in ("de", "en"):
        with override_settings(BASE_URL=f"https://desk.{DOMAIN}"), translation.override(language):
            yield from sign_up(language)


def sign_up(language: str) -> Iterator[Sample]:
    """What who asked for mail on a page is told, in the *language* that is active."""
    blog = LiveBlog(pk=3, title="Live: Stadtrat", slug="rat", language=language)
    running = Subscription(pk=5, blog=blog)
    asked = {"pk": 17, "address": "ada@reader.example", "nonce": "Qm7vXc2LrT9pYw4sKd8fHg"}
    wish = Ask(kind=AskKind.SUBSCRIBE, blog=blog, pace=Pace.DAILY, **asked)
    data = Ask(kind=AskKind.OWN_DATA, **asked)
    for name, letter in {
        "please confirm": please_confirm(wish, blog),
        "subscribed already": already_subscribed(wish, blog, running),
        "own data": own_data(data, running),
        "own data of nobody's subscriber": own_data(data, None),
    }.items():
        relay = Relay("127.0.0.1", 25, Security.NONE, SENDER, SENDER_NAME)
        yield Sample(
            f"{name}, {language}",
            letter.mail(relay, _now(), SIGNER),
            letter.subject,
            letter.html,
            tuple(button.url for button in letter.buttons),
            SENDER,
            is_list=False,
        )


def newsletter() -> Iterator[Sample]:
    """What subscribers get."""
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
        from_name=SENDER_NAME,
        to_address="ada@reader.example",
        message_id=f"<4f2a9c31d0b84e7fa1b2c3d4e5f60718.17@{DOMAIN}>",
        list_id=f"<rat.{DOMAIN}>",
        unsubscribe_url=f"https://desk.{DOMAIN}/newsletter/unsubscribe/7.AbCdEfGhIjKlMnOpQrStUvW/",
        preferences_url=f"https://desk.{DOMAIN}/newsletter/preferences/7.AbCdEfGhIjKlMnOpQrStUvW/",
        date=_now(),
        return_path=RETURN_PATH,
    )
    return Sample(
        name,
        prepare(message, envelope, files or {}, SIGNER).mail(envelope.addressee),
        message.subject,
        message.html,
        (message.permalink, envelope.unsubscribe_url),
        RETURN_PATH,
        len(message.pictures),
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
