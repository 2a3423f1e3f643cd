"""What feedparser, an independent reader of feeds, finds in the same feeds.

It is no part of the product: it takes captions for texts, keeps one tombstone of many, cannot say
whose a credit is, and loses the entries below one that is broken.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest

from syndicator.sources.base import ReadingContext
from syndicator.sources.feed import FeedReader

FEEDS = Path(__file__).parent / "feeds"


@pytest.mark.parametrize("name", ["genf", "wien", "basel", "bonn"])
def test_headlines_and_times_are_those_that_feedparser_finds(name: str) -> None:
    data = (FEEDS / f"{name}.xml").read_bytes()
    items = feedparser.parse(io.BytesIO(data)).entries
    found = {item.get("id") or item.get("link", ""): item for item in items}
    entries = FeedReader().read(data, ReadingContext()).entries
    compared = [entry for entry in entries if entry.external_id in found]
    assert compared
    for entry in compared:
        other = found[entry.external_id]
        if entry.headline and "<" not in other["title"]:
            assert entry.headline == other["title"]
        for stated in ("published", "updated"):
            # It takes times without a zone for those of Greenwich.
            if stated in other and other[stated].endswith(("+01:00", "+0100", "GMT")):
                assert entry.published_at is not None
                at = entry.published_at.astimezone(UTC).replace(microsecond=0)
                assert at == datetime(*other[f"{stated}_parsed"][:6], tzinfo=UTC)
                break
