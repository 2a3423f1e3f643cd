"""A digest to render, with what a test wants changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from syndicator.channels.email.digest import Change, DigestStory
from syndicator.content import EntryContent, Paragraph
from tests.channels.email.stories import BLOCKS, PICTURE

DUE = datetime(2026, 11, 29, 14, 0, tzinfo=UTC)
ARCHIVE = "https://desk.example.org/digests/rat/abcDEF123/"


def make_news(number: int, **values: Any) -> EntryContent:
    """The *number*th entry, so many times seven minutes old."""
    return EntryContent(
        **{
            "external_id": f"e{number}",
            "author": "Jana Brandt",
            "headline": f"Nachricht {number} aus dem Rat",
            "published_at": DUE - timedelta(minutes=7 * number),
            "permalink": f"https://magazin.example.org/live?a=1&b=2#e{number}",
            "blocks": (Paragraph(f"Das ist Meldung {number}. Mehr folgt am Abend."),),
            **values,
        }
    )


def make_digest_story(number: int = 4, **values: Any) -> DigestStory:
    """*number* entries, the second of them a key event with a picture; one corrected, one gone."""
    key_event = make_news(1, key_event=True, headline="Stadtrat stimmt zu", blocks=BLOCKS)
    entries = [make_news(0), key_event, *map(make_news, range(2, number))][:number]
    return DigestStory(
        **{
            "entries": tuple(entries),
            "corrected": (Change(make_news(90, headline="Die Zahl ist zwei"), DUE),),
            "retracted": (Change(make_news(91, headline="Drei Verletzte"), DUE),),
            "at": DUE,
            "blog_slug": "rat",
            "blog_title": "Live: Stadtrat & Verkehr",
            "blog_url": "https://magazin.example.org/live",
            "archive_url": ARCHIVE,
            "picture": PICTURE,
            "pictured": "e1",
            **values,
        }
    )
