"""A followed source to which something has happened."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any

from syndicator.clock import database_now
from syndicator.content import Paragraph
from syndicator.entries.models import Entry
from syndicator.following.models import Following, Likeness, Reading, ReadPage
from tests.factories import make_content


def make_followed(entry: Entry, **values: Any) -> Following:
    """The source of *entry* followed, with two readings and an entry under a new name."""
    now = database_now()
    following = Following.objects.create(
        source=entry.source,
        **{
            "url": "https://magazin.example.org/liveblog",
            "reader": "json-ld",
            "due_at": now + timedelta(minutes=1),
            "asked_at": now,
            "answered_at": now,
            "began_at": now - timedelta(hours=1),
            "page_changed_at": now,
            "news_at": now - timedelta(minutes=3),
            **values,
        },
    )
    for ago, first in ((60, True), (3, False)):
        reading = Reading.objects.create(
            following=following,
            read_at=now - timedelta(minutes=ago),
            reader="json-ld",
            first_run=first,
            entries=12,
            created=12 if first else 1,
            held=0 if first else 1,
            warnings=[] if first else ["An advertisement was left out."],
        )
        ReadPage.objects.create(
            reading=reading, number=1, url=following.url, gzipped=gzip.compress(b"<html></html>")
        )
    make_likeness(entry)
    return following


def make_likeness(entry: Entry, name: str = "another-name", **values: Any) -> Likeness:
    content = make_content(
        name,
        **{
            "headline": entry.headline,
            "permalink": entry.permalink,
            "blocks": (Paragraph("Es sind doch vier Verletzte."),),
            **values,
        },
    )
    return Likeness.objects.create(
        source=entry.source,
        external_id=name,
        entry=entry,
        content=content.to_json(),
        noticed_at=database_now(),
    )
