"""A story to render, with what a test wants changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from syndicator.channels.base import Message
from syndicator.channels.email.rendering import render
from syndicator.channels.email.sharing import share_links
from syndicator.content import BulletList, EntryContent, Image, Paragraph, Picture, Quote, Story

PERMALINK = "https://paper.example.org/live/rat?x=1&copy=2#entry-17"
BLOCKS = (
    Paragraph("Nach vier Stunden hat der Stadtrat für den Ausbau gestimmt."),
    Quote("Das ist ein guter Tag.", "Ute Beispiel, Dezernentin"),
    BulletList(("Baubeginn: 2027", "Kosten: 84 Millionen Euro")),
    BulletList(("Planung", "Bau"), ordered=True),
    Image(
        "Die Linie 4 am Markt",
        "Tom Lichtbild",
        "Eine Straßenbahn",
        "https://paper.example.org/4.jpg",
    ),
)


#: What was fetched of the picture in `BLOCKS`.
PICTURE = Picture(
    "4a" * 32, "image/jpeg", 700_000, 2048, 1365, alt="Eine Straßenbahn", credit="Tom Lichtbild"
)


#: Where the usual story's mail leads.
TARGETS = {
    PERMALINK,
    *(link.url for link in share_links(PERMALINK, "Stadtrat beschließt Ausbau der Linie 4", "de")),
}


def make_story(
    language: str = "de",
    time_zone: str = "Europe/Berlin",
    slug: str = "rat",
    pictures: tuple[Picture, ...] = (),
    **entry: Any,
) -> Story:
    return Story(
        EntryContent(
            **{
                "external_id": "17",
                "author": "Jana Muster",
                "headline": "Stadtrat beschließt Ausbau der Linie 4",
                "published_at": datetime(2026, 11, 22, 13, 32, tzinfo=UTC),
                "permalink": PERMALINK,
                "blocks": BLOCKS,
                "key_event": True,
                **entry,
            }
        ),
        blog_slug=slug,
        blog_title="Live: Stadtrat & Verkehr",
        blog_url="https://paper.example.org/live/rat",
        language=language,
        time_zone=time_zone,
        pictures=pictures,
    )


def make_message(**entry: Any) -> Message:
    message = render(make_story(**entry))
    assert message is not None
    return message
