from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.content import (
    Block,
    BulletList,
    EntryContent,
    Image,
    Paragraph,
    Quote,
    clean_text,
)
from syndicator.sources.base import ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.liveblog_json import ENTRY_FIELDS, LIVE_BLOG_FIELDS, LiveBlogJsonReader

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "schemas" / "liveblog.schema.json").read_text("utf-8")
)


def read(document: Any) -> SourceDocument:
    data = json.dumps(document).encode()
    assert LiveBlogJsonReader().recognises(data)
    return LiveBlogJsonReader().read(data, ReadingContext())


def entry(**changes: Any) -> dict[str, Any]:
    return {"external_id": "a", "headline": "Am Ziel", **changes}


texts = st.text(max_size=30).map(clean_text).filter(lambda text: text == clean_text(text))
filled = texts.filter(bool)
blocks: st.SearchStrategy[Block] = st.one_of(
    st.builds(Paragraph, filled),
    st.builds(BulletList, st.lists(filled, min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(Quote, filled, texts),
    st.builds(Image, texts, texts, texts, st.sampled_from(["", "https://m.example/a.jpg"])),
)
entries = st.builds(
    EntryContent,
    external_id=filled,
    author=texts,
    headline=filled,
    published_at=st.none()
    | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    permalink=texts,
    blocks=st.lists(blocks, max_size=3).map(tuple),
    key_event=st.booleans(),
    tags=st.lists(filled, max_size=3).map(tuple),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(entries, max_size=4))
def test_what_a_dry_run_prints_is_read_back(printed: list[EntryContent]) -> None:
    document = read(
        {"entries": [{**one.to_json(), "posts": {"x": {"text": "…"}}} for one in printed]}
    )
    assert list(document.entries) == printed
    assert document.warnings == ()


def test_pictures_are_on_the_web() -> None:
    pictures = [
        {"type": "image", "text": "Rhone", "url": "/rhone.jpg"},
        {"type": "image", "text": "Ufer", "url": "javascript:alert(1)"},
        {"type": "image", "url": "data:image/png;base64,AAAA"},
    ]
    document = read(
        {"live_blog": {"url": "https://m.example/b"}, "entries": [entry(blocks=pictures)]}
    )
    assert document.entries[0].blocks == (
        Image("Rhone", url="https://m.example/rhone.jpg"),
        Image("Ufer"),
    )
    assert document.warnings == ("Entry 1: a picture was left out, whose “url” is no web address.",)


def test_the_live_blog_is_read() -> None:
    about = {"title": "Genf", "url": "https://m.example/b", "language": "de"}
    document = read({"live_blog": about, "entries": [entry(published_at="2026-11-17T14:32")]})
    assert (document.title, document.canonical_url, document.language) == (
        "Genf",
        "https://m.example/b",
        "de",
    )
    published_at = document.entries[0].published_at
    assert published_at is not None
    assert published_at.isoformat() == "2026-11-17T14:32:00+01:00"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"entries": {}}, "“entries” are not an array"),
        ({"entries": [], "live_blog": []}, "“live_blog” is not an object"),
        ({"entries": [], "live_blog": {"url": "ftp://x"}}, "live_blog, field “url”: it must be"),
        ({"entries": [entry(), 5]}, "entry 2: it must be an object"),
        ({"entries": [entry(external_id=" ")]}, "entry 1, field “external_id”: it must not"),
        ({"entries": [entry(), entry(author=[])]}, "entry 2, field “author”: it must be a string"),
        ({"entries": [entry(key_event="yes")]}, "entry 1, field “key_event”: it must be true"),
        ({"entries": [entry(tags=[1])]}, "entry 1, field “tags”: all of them"),
        ({"entries": [entry(published_at="heute")]}, "entry 1, field “published_at”: it must be a"),
        (
            {"entries": [entry(embargo_until="9999-12-31T23:30:00Z")]},
            "entry 1, field “embargo_until”: it must be of the years 1970 to 2200",
        ),
        ({"entries": [entry(headline="")]}, "entry 1, field “blocks”: an entry needs"),
        (
            {"entries": [entry(blocks=[{"type": "paragraph", "text": "a"}, {"type": "poll"}])]},
            "entry 1, field “blocks[2]”: unknown block type 'poll'",
        ),
    ],
)
def test_errors_say_where_they_are(document: Any, said: str) -> None:
    with pytest.raises(UnreadableSource, match=r"^Expected a JSON file") as refused:
        read(document)
    assert said in refused.value.found


@pytest.mark.parametrize("data", [b'{"entries": [', b'{"entries":' + b"[" * 100_000, b"[]", b""])
def test_broken_json_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableSource):
        LiveBlogJsonReader().read(data, ReadingContext())


def test_a_misspelt_field_is_a_warning() -> None:
    assert read({"entries": [entry(headlne="x")]}).warnings == (
        "Entry 1: the unknown field “headlne” was left out.",
    )


def test_schema_and_reader_know_the_same_fields() -> None:
    in_entry = set(SCHEMA["$defs"]["entry"]["properties"])
    assert in_entry == ENTRY_FIELDS | {"posts"}
    assert set(SCHEMA["properties"]["live_blog"]["properties"]) == LIVE_BLOG_FIELDS
    assert set(SCHEMA["properties"]) == {"live_blog", "entries"}
    assert set(EntryContent("a").to_json()) == ENTRY_FIELDS


@pytest.mark.parametrize(
    "block", [Paragraph("a"), BulletList(("a",)), Quote("a", "b"), Image("a", "b", "c", "d")]
)
def test_schema_and_blocks_know_the_same_fields(block: Block) -> None:
    described = SCHEMA["$defs"][block.type]
    assert described["properties"]["type"] == {"const": block.type}
    assert set(described["properties"]) == set(block.to_json())
    assert {field.name for field in fields(block)} <= set(described["properties"])
