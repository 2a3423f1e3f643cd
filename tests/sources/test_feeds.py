"""Whole feeds, each with all that must be read from it beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from syndicator.sources.base import Reader, ReadingContext, SourceDocument
from syndicator.sources.detect import read_with
from syndicator.sources.feed import FeedReader
from syndicator.sources.json_feed import JsonFeedReader

FEEDS = sorted(
    path
    for path in (Path(__file__).parent / "feeds").iterdir()
    if path.name.endswith((".xml", ".feed.json"))
)


def reader_of(feed: Path) -> Reader:
    return FeedReader() if feed.suffix == ".xml" else JsonFeedReader()


def as_json(document: SourceDocument) -> dict[str, Any]:
    """*document* but for embargoes, of which feeds know nothing."""
    assert all(entry.embargo_until is None for entry in document.entries)
    return {
        "title": document.title,
        "canonical_url": document.canonical_url,
        "language": document.language,
        "next_url": document.next_url,
        "hub_urls": list(document.hub_urls),
        "topic_url": document.topic_url,
        "withdrawn": list(document.withdrawn),
        "warnings": list(document.warnings),
        "entries": [
            {name: said for name, said in entry.to_json().items() if name != "embargo_until"}
            for entry in document.entries
        ],
    }


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.name)
def test_a_feed_is_read_as_written_beside_it(feed: Path) -> None:
    reader = reader_of(feed)
    data = feed.read_bytes()
    assert reader.recognises(data)
    read = read_with(reader, data, ReadingContext())
    expected = feed.with_name(feed.name.partition(".")[0] + ".read.json")
    assert as_json(read) == json.loads(expected.read_text(encoding="utf-8"))


def test_each_feed_is_recognised_by_its_own_reader_only() -> None:
    for feed in FEEDS:
        data = feed.read_bytes()
        recognised = [reader.recognises(data) for reader in (FeedReader(), JsonFeedReader())]
        assert recognised == [feed.suffix == ".xml", feed.suffix == ".json"]
