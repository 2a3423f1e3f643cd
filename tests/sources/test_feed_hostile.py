"""Feeds that mean harm, or were harmed: only a document or `UnreadableSource` comes out."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.sources.base import ReadingContext, UnreadableSource
from syndicator.sources.detect import read_with
from syndicator.sources.feed import FeedReader
from syndicator.sources.file_kinds import MAX_BYTES
from syndicator.sources.json_feed import JsonFeedReader
from tests.attacks.invariants import read
from tests.machine_speed import here

START, END = "<rss><channel><title>x</title>", "</channel></rss>"
MEGABYTE = 1_000_000

_SCALARS = st.sampled_from(
    (
        *(
            None,
            True,
            7,
            -1.5,
            float("inf"),
            float("nan"),
            10**40,
            "",
            "a",
            "#a",
            "/x",
            "2026-11-30",
        ),
        *(
            "https://m.example/a",
            "https://[",
            "javascript:x",
            "<p>a<b>",
            "&lt;b&gt;",
            "\ud800",
            "\0",
        ),
        *(
            "Anzeige",
            "image/png",
            "WebSub",
            "<figure><img src=/a.png>",
            "9999-12-31T23:59:59-12:00",
        ),
    )
)
_OBJECTS = st.dictionaries(st.sampled_from(("name", "url", "type", "mime_type")), _SCALARS)
_VALUES = _SCALARS | _OBJECTS | st.lists(_SCALARS | _OBJECTS, max_size=2)
_ITEM_FIELDS = (
    *("id", "url", "title", "content_html", "content_text", "summary", "image", "banner_image"),
    *("date_published", "date_modified", "authors", "author", "tags", "attachments"),
)
_FEED_FIELDS = (
    *("title", "home_page_url", "feed_url", "next_url", "language", "hubs", "authors", "expired"),
)


@given(
    st.dictionaries(st.sampled_from(_FEED_FIELDS), _VALUES, max_size=3),
    st.lists(st.dictionaries(st.sampled_from(_ITEM_FIELDS), _VALUES, max_size=5), max_size=2),
)
def test_a_json_feed_of_any_values_is_read(about: dict[str, Any], items: list[Any]) -> None:
    feed = {**about, "version": "https://jsonfeed.org/version/1.1", "items": items}
    assert read(JsonFeedReader(), json.dumps(feed).encode()) is not None


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for reader, start in ((FeedReader(), b"<feed>"), (JsonFeedReader(), b"{")):
        assert isinstance(reader.recognises(data), bool)
        read(reader, data)
        read(reader, start + data)


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY a "b">',
        '<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY a SYSTEM "http://127.0.0.1:9/">',
        '<!ENTITY % a SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!ENTITY % a "b">',
    ],
)
@pytest.mark.parametrize("broken", ["", "<b>&"])
def test_a_feed_that_declares_entities_is_refused(declaration: str, broken: str) -> None:
    data = f"<!DOCTYPE rss [{declaration}]>{START}<item><title>&a;</title></item>{broken}{END}"
    with pytest.raises(UnreadableSource, match="declares entities of its own"):
        FeedReader().read(data.encode(), ReadingContext())


def test_a_document_type_elsewhere_is_never_asked_for() -> None:
    data = f'<!DOCTYPE rss SYSTEM "file:///etc/passwd">{START}<item><title>t</title></item>{END}'
    document = read(FeedReader(), data.encode())
    assert document is not None
    assert [entry.headline for entry in document.entries] == ["t"]


def item(body: str) -> str:
    return f"{START}<item><description>{body}</description></item>{END}"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(item("wort\n" * (4 * MEGABYTE)), id="20-mb-of-lines"),
        pytest.param(START + "<a/>" * 600_000 + END, id="more-elements-than-are-kept"),
        pytest.param(START + "<item>" * (3 * MEGABYTE), id="20-mb-of-items-left-open"),
        pytest.param(START + "<![CDATA[" * (2 * MEGABYTE), id="20-mb-of-cdata-left-open"),
        pytest.param(START + "&" * (20 * MEGABYTE), id="20-mb-of-ampersands"),
        pytest.param("<!--" * (5 * MEGABYTE) + "<rss>", id="20-mb-of-comments-left-open"),
        pytest.param(START + "<div>" * 100_000 + END, id="deep"),
        pytest.param(item("&lt;div&gt;" * 18_000), id="deep-html"),
        pytest.param(item("&lt;p&gt;" * 22_000), id="paragraphs"),
        pytest.param(item("&lt;!--" * 28_000), id="html-comments-left-open"),
        pytest.param(item("&lt;a " * 33_000), id="tags-left-open"),
        pytest.param(item("&lt;" * 50_000), id="angles"),
        pytest.param(item("&amp;amp;amp;lt;b" * 10_000), id="escaped-four-times"),
        pytest.param(item("(" * 190_000), id="brackets"),
        pytest.param(item("Foto: " * 30_000), id="credits"),
        pytest.param(item("„" * 190_000), id="quotation-marks"),
        pytest.param(item("\0" * 100_000), id="zero-bytes"),
        pytest.param(
            START
            + "<at:deleted-entry ref='a' when='2026-11-30T10:00:00Z'/>" * 5000
            + "<item><title>t</title><enclosure url='https://a.example/1.jpg'/></item>" * 500
            + END,
            id="tombstones",
        ),
        pytest.param(
            f"{START}<item>"
            + "".join(f"<enclosure url='https://a.example/{n}.jpg'/>" for n in range(20_000))
            + f"</item>{END}",
            id="pictures",
        ),
    ],
)
def test_no_feed_keeps_a_worker_for_long(text: str) -> None:
    data = text.encode()
    started = time.process_time()
    read(FeedReader(), data)
    assert time.process_time() - started < here(10)


def test_many_entries_are_read_in_linear_time() -> None:
    def taken(count: int, end: str) -> float:
        text = START + "".join(
            f"<item><guid>{n}</guid><title>Titel {n}</title><description>Text.</description></item>"
            for n in range(count)
        )
        started = time.process_time()
        document = read_with(FeedReader(), (text + end).encode(), ReadingContext())
        assert len(document.entries) == count
        return time.process_time() - started

    for end in (END, "<b>&"):
        assert taken(4000, end) < 8 * taken(1000, end) + 1


def test_too_large_a_feed_is_not_looked_at() -> None:
    data = item("a" * MAX_BYTES).encode()
    assert not FeedReader().recognises(data)
    with pytest.raises(UnreadableSource, match="no more than"):
        FeedReader().read(data, ReadingContext())
