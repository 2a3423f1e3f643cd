"""Stories to render and a picture to send: plain ones, and such as nobody expects."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime

from PIL import Image as PillowImage

from syndicator.content import (
    Block,
    BulletList,
    EntryContent,
    Image,
    Paragraph,
    Picture,
    Quote,
    Story,
)

BLOG_URL = "https://magazin.example.org/genf"
_SIZE = (640, 360)


def _jpeg() -> bytes:
    written = io.BytesIO()
    PillowImage.new("RGB", _SIZE, (30, 70, 120)).save(written, "JPEG")
    return written.getvalue()


PICTURE_BYTES = _jpeg()
PICTURE = Picture(
    hashlib.sha256(PICTURE_BYTES).hexdigest(),
    "image/jpeg",
    len(PICTURE_BYTES),
    *_SIZE,
    alt="Zwei Delegationen an einem runden Tisch",
    credit="Anna Beispiel/Agentur",
)


def open_picture(picture: Picture) -> bytes:
    if picture.digest != PICTURE.digest:
        raise LookupError(picture.digest)
    return PICTURE_BYTES


def story(
    number: int,
    *blocks: Block,
    headline: str = "",
    language: str = "de",
    pictures: tuple[Picture, ...] = (),
    thread: bool = False,
) -> Story:
    """An entry of its own permalink, *number*; unless told otherwise it says a sentence."""
    entry = EntryContent(
        external_id=str(number),
        author="Clara Muster",
        headline=headline,
        published_at=datetime(2026, 3, 17, 9, 30, tzinfo=UTC),
        permalink=f"{BLOG_URL}#eintrag-{number}",
        blocks=blocks or (Paragraph(f"Die Runde Nummer {number} hat begonnen."),),
    )
    return Story(
        entry, "genf", "Gespräche in Genf", BLOG_URL, language, pictures=pictures, thread=thread
    )


def long_story(number: int) -> Story:
    """One that no platform takes in one post."""
    sentences = " ".join(f"In der Sitzung {place} kam man einander näher." for place in range(90))
    return story(number, Paragraph(sentences), headline=f"Runde {number}", thread=True)


_TEXTS = {
    "umlauts": "Grüße aus Genf: Über die Lösung wird heute „endlich“ gesprochen.",
    "emoji with joiners": "Alle da 👩🏽‍🚒👨‍👩‍👧‍👦🏳️‍🌈! " * 60,
    "another script": "ジュネーブで和平協議が始まった。各国の代表が出席した。" * 40,
    "right to left": "بدأت محادثات السلام في جنيف اليوم بحضور الوفود. " * 40,
    "combining marks": "Z͑͗͝ä̵l̴g̷o̶ " * 100,
    "a word without an end": "Donaudampfschifffahrtsgesellschaft" * 200,
    "markup": "<script>alert(1)</script> {{ entry }} {% raw %} &amp; </p>",
    "mentions and addresses": "@alle #Genf www.beispiel.example info@beispiel.example " * 40,
    "other addresses": "Mehr: https://anderswo.example/a?b=c&d=%20e#f und http://例え.example/ "
    * 30,
    "one line": "x",
}


def stories() -> dict[str, Story]:
    """By what is special about each."""
    found = {
        name: story(place, Paragraph(text)) for place, (name, text) in enumerate(_TEXTS.items())
    }
    image = Image(
        "Am Tisch.", credit="Foto: Anna Beispiel", alt="Ein Tisch", url=f"{BLOG_URL}/1.jpg"
    )
    crediting = Picture(
        PICTURE.digest, "image/jpeg", len(PICTURE_BYTES), *_SIZE,
        alt="Tisch " * 400, credit=f"siehe {BLOG_URL}#eintrag-34 und mehr",
    )  # fmt: skip
    found |= {
        "a headline only": story(30, Paragraph("Einigung."), headline="Einigung in Genf"),
        "a long headline": story(31, headline="Einigung " * 120),
        "a list": story(32, BulletList(tuple(f"Punkt {place}" for place in range(40)))),
        "a quote": story(33, Quote("Wir sind fertig.", "Mara Vogt, Sprecherin")),
        "a picture whose credit holds the permalink": story(34, image, pictures=(crediting,)),
        "many pictures": story(35, Paragraph("Bilder vom Tage."), pictures=(PICTURE,) * 12),
        "English": story(36, Paragraph("Talks began on Tuesday."), language="en"),
        "an unknown language": story(37, Paragraph("Saluton."), language="x-klingon"),
        "a thread": long_story(38),
    }
    return found


def empty_story() -> Story:
    told = story(99)
    entry = EntryContent("99", permalink=told.entry.permalink)
    return Story(entry, told.blog_slug, told.blog_title, told.blog_url)
