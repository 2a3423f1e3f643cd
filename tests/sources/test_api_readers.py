"""Live blogs as the APIs of other systems give them."""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.content import Image, Paragraph
from syndicator.sources import detect
from syndicator.sources.base import Reader, ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.file_kinds import MAX_BYTES
from syndicator.sources.json_ld import JsonLdReader
from syndicator.sources.ninjs import NinjsReader
from syndicator.sources.sourcefabric import SourcefabricReader
from syndicator.sources.wordpress_liveblog import WordPressLiveblogReader
from tests.machine_speed import here
from tests.sources.whole_output import CONTEXT, as_json, check_harmless

HERE = Path(__file__).parent
READERS: dict[str, Reader] = {
    "sourcefabric": SourcefabricReader(),
    "wordpress": WordPressLiveblogReader(),
    "ninjs": NinjsReader(),
    "completed": JsonLdReader(),
}
FIXTURES = [
    path
    for folder in READERS
    for path in sorted((HERE / folder).glob("*"))
    if not path.name.endswith(".read.json")
]
POSTS = HERE / "sourcefabric" / "sturmflut.json"
BLOG = "https://lb.example/api/client_blogs/5f1a2b3c4d5e6f7a8b9c0d1e/posts"
NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
SINCE = NOW - timedelta(hours=1)


def by_name(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def posts(*items: dict[str, Any], **others: Any) -> bytes:
    return json.dumps({"_items": list(items), "_meta": {}, **others}).encode()


def post(name: str = "a", text: str = "<p>Text.</p>", **others: Any) -> dict[str, Any]:
    parts = [{"item": {"item_type": "text", "text": text}}]
    return {
        "_id": name,
        "_updated": "2026-11-20T12:00:00+00:00",
        "post_status": "open",
        "published_date": "2026-11-20T12:00:00+00:00",
        "groups": [{"id": "main", "refs": parts}],
        **others,
    }


def entries(*items: dict[str, Any], **others: Any) -> bytes:
    return json.dumps({"entries": list(items), "latest_timestamp": 1, **others}).encode()


def version(name: int, stamp: int, text: str = "Text", **others: Any) -> dict[str, Any]:
    render = f"<p>{text}</p>"
    return {"id": name, "type": "new", "render": render, "timestamp": stamp, **others}


def read(data: bytes, context: ReadingContext = CONTEXT) -> SourceDocument:
    document = detect.read_source(data, context)
    check_harmless(document)
    return document


@pytest.mark.parametrize("path", FIXTURES, ids=by_name)
def test_a_source_is_read_as_written_beside_it(path: Path) -> None:
    document = read(path.read_bytes())
    assert document.reader == READERS[path.parent.name].name
    expected = path.with_suffix(".read.json").read_text(encoding="utf-8")
    assert as_json(document) == json.loads(expected)


@pytest.mark.parametrize("seed", range(5))
def test_neither_order_nor_pinning_makes_a_difference(seed: int) -> None:
    answer = json.loads(POSTS.read_text(encoding="utf-8"))
    rng = random.Random(seed)
    rng.shuffle(answer["_items"])
    for item in answer["_items"]:
        item |= {"sticky": rng.random() < 0.5, "order": rng.random(), "_etag": str(rng.random())}
    expected = json.loads(POSTS.with_suffix(".read.json").read_text(encoding="utf-8"))
    told = as_json(read(json.dumps(answer).encode()))
    assert {**told, "warnings": sorted(told["warnings"])} == {
        **expected,
        "warnings": sorted(expected["warnings"]),
    }


def test_posts_of_the_same_second_are_all_read() -> None:
    document = read(posts(*(post(name) for name in "dbca")))
    assert [entry.external_id for entry in document.entries] == ["a", "b", "c", "d"]


def test_of_two_versions_of_a_post_the_last_changed_stays() -> None:
    older = post(text="<p>Alt.</p>", _updated="2026-11-20T11:00:00+00:00")
    for items in ((post(), older), (older, post())):
        (entry,) = read(posts(*items)).entries
        assert entry.blocks == (Paragraph("Text."),)


@pytest.mark.parametrize(
    ("others", "is_entry", "is_withdrawn"),
    [
        ({}, True, False),
        ({"deleted": True}, False, True),
        ({"post_status": "draft"}, False, False),
        ({"post_status": "submitted"}, False, False),
        ({"post_status": "comment", "deleted": False}, False, False),
        ({"post_status": None}, False, False),
        ({"post_status": "draft", "unpublished_date": "2026-11-20T12:00:01+00:00"}, False, True),
        ({"unpublished_date": "2026-11-20T12:00:01+00:00"}, False, True),
        ({"unpublished_date": "2026-11-20T11:00:00+00:00"}, True, False),
        ({"unpublished_date": "2026-11-20T18:00:00+00:00"}, True, False),
        ({"unpublished_date": "bald"}, True, False),
        ({"deleted": "true"}, True, False),
    ],
)
def test_only_what_is_published_is_an_entry(
    others: dict[str, Any], is_entry: bool, is_withdrawn: bool
) -> None:
    document = read(posts(post(**others)))
    assert bool(document.entries) is is_entry
    assert document.withdrawn == (("a",) if is_withdrawn else ())


def test_an_answer_without_a_post_withdraws_nothing() -> None:
    assert read(posts()).withdrawn == ()
    assert read(entries()).withdrawn == ()


@pytest.mark.parametrize(
    ("links", "meta", "source_url", "expected"),
    [
        ({"next": {"href": "x/posts?page=2"}}, {"page": 1}, BLOG, f"{BLOG}?page=2"),
        ({}, {"page": 2, "max_results": 10, "total": 21}, f"{BLOG}?page=2", f"{BLOG}?page=3"),
        ({}, {"page": 2, "max_results": 10, "total": 20}, f"{BLOG}?page=2", ""),
        ({"next": {"href": "https://lb.example/2"}}, {}, "", "https://lb.example/2"),
        ({"next": {"href": "posts?page=2"}}, {}, "", ""),
        ({"next": {"href": "javascript:1"}}, {}, BLOG, ""),
        ({"next": []}, {"page": "x", "max_results": -1, "total": 10**300}, BLOG, ""),
    ],
)
def test_the_next_page_of_posts_is_named(
    links: Any, meta: Any, source_url: str, expected: str
) -> None:
    data = posts(post(), _links=links, _meta=meta)
    assert read(data, ReadingContext(source_url=source_url)).next_url == expected


def test_the_next_page_keeps_what_was_asked_for() -> None:
    asked = SourcefabricReader().address(BLOG, SINCE, NOW)
    data = posts(post(), _meta={"page": 1, "max_results": 100, "total": 101})
    following = read(data, ReadingContext(source_url=asked)).next_url
    first, second = (parse_qs(urlsplit(url).query) for url in (asked, following))
    assert second == {**first, "page": ["2"]}


def test_changed_posts_are_asked_for_with_an_overlap() -> None:
    asked = urlsplit(SourcefabricReader().address(f"{BLOG}?q=x&page=7", SINCE, NOW))
    query = parse_qs(asked.query)
    source = json.loads(query.pop("source")[0])
    assert query == {"q": ["x"], "max_results": ["100"], "page": ["1"]}
    assert source["sort"] == [{"_updated": {"order": "desc"}}]
    assert source["query"]["bool"]["must"] == [
        {"range": {"_updated": {"gte": "2026-11-20T12:55:00+00:00"}}}
    ]
    latest = parse_qs(urlsplit(SourcefabricReader().address(BLOG, None, NOW)).query)
    assert json.loads(latest["source"][0]) == {"sort": [{"_updated": {"order": "desc"}}]}


def test_version_2_of_the_api_is_asked_in_its_own_way() -> None:
    url = BLOG.replace("/api/", "/api/v2/")
    assert SourcefabricReader().address(url, SINCE, NOW) == (
        f"{url}?limit=100&page=1&ordering=newest_first"
    )


REST = "https://stadtpost.example/wp-json/liveblog/v1/7"
OLDER = "https://stadtpost.example/wahl/liveblog"
FROM, TO = int(SINCE.timestamp()) - 300, int(NOW.timestamp()) + 300


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (REST, f"{REST}/entries/{FROM}/{TO}"),
        (f"{REST}/", f"{REST}/entries/{FROM}/{TO}"),
        (f"{REST}/entries/0/99#x", f"{REST}/entries/{FROM}/{TO}"),
        (f"{REST}/0/99/?a=b", f"{REST}/{FROM}/{TO}?a=b"),
        (f"{OLDER}/", f"{OLDER}/{FROM}/{TO}"),
        (f"{OLDER}/5/6/", f"{OLDER}/{FROM}/{TO}"),
        (
            "https://s.example/?rest_route=/liveblog/v1/7/entries/1/2",
            f"https://s.example/?rest_route=/liveblog/v1/7/entries/{FROM}/{TO}",
        ),
        (f"{REST}/get-entries/1/5-6", f"{REST}/get-entries/1/5-6"),
    ],
)
def test_a_window_of_entries_is_asked_for_with_an_overlap(url: str, expected: str) -> None:
    assert WordPressLiveblogReader().address(url, SINCE, NOW) == expected


def test_without_a_beginning_all_entries_are_asked_for() -> None:
    assert WordPressLiveblogReader().address(REST, None, NOW) == f"{REST}/entries/0/{TO}"
    assert NinjsReader().address("https://n.example/a", None, NOW) == "https://n.example/a"


@pytest.mark.parametrize("step", [1, -1])
def test_the_last_edit_wins_whichever_way_the_answer_runs(step: int) -> None:
    items = [
        version(1, 100, "Eins"),
        version(2, 200, "Zwei"),
        version(2, 300, "Zwei b", type="update", entry_time=200),
        version(2, 300, "Zwei c", type="update", entry_time=200),
        version(1, 400, "", type="delete"),
    ]
    document = read(entries(*items[::step]))
    (entry,) = document.entries
    assert entry.blocks == (Paragraph("Zwei c"),)
    assert entry.published_at == datetime.fromtimestamp(200, UTC)
    assert document.withdrawn == ("1",)


def test_an_entry_published_again_keeps_its_id() -> None:
    hidden = read(entries(version(1, 100, "Eins", type="update", status="draft")))
    shown = read(entries(version(1, 200, "Eins", type="update", status="publish")))
    assert hidden.withdrawn == tuple(entry.external_id for entry in shown.entries) == ("1",)


def test_an_edit_without_any_rendering_takes_the_entry_back_and_a_new_one_says_nothing() -> None:
    document = read(entries({"id": 5, "type": "update", "render": ""}, version(6, 9, " ")))
    assert document.withdrawn == ("5",)
    assert document.warnings == ("Entry “6” was left out: its rendering is empty.",)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("#entry-1", "https://blatt.example/live#entry-1"),
        ("?lbup=1", "https://blatt.example/live?lbup=1"),
        ("javascript:alert(1)", "https://blatt.example/live#1"),
        ("https://blatt.example/live?lbup=1#1", "https://blatt.example/live?lbup=1#1"),
    ],
)
def test_permalinks_are_resolved_against_the_page(link: str, expected: str) -> None:
    (entry,) = read(entries(version(1, 100, share_link=link))).entries
    assert entry.permalink == expected


def test_pages_of_wordpress_entries_are_followed() -> None:
    context = ReadingContext(source_url=f"{REST}/get-entries/1/77-5")
    document = read(entries(version(1, 100), page=1, pages=2), context)
    assert document.next_url == f"{REST}/get-entries/2/77-5"
    assert read(entries(version(1, 100), page=2, pages=2), context).next_url == ""


def test_a_headline_that_a_machine_cut_from_the_text_is_dropped() -> None:
    text = "Der Minister tritt am Abend vor die Presse, sagt er."
    item = {"uri": "u:1", "versioncreated": "2026-11-20T12:00:00", "body_text": text}
    for headline in ("Der Minister tritt am Abend…", "Der Minister tritt am Abend vor die Presse"):
        (entry,) = read(json.dumps({**item, "headline": headline}).encode()).entries
        assert (entry.headline, entry.blocks) == ("", (Paragraph(text),))


def test_a_picture_under_embargo_stays_out_and_a_caption_alone_stays_text() -> None:
    held = {"type": "picture", "uri": "u:2", "descriptions": [{"value": "Geheim"}]}
    shown = {"type": "picture", "uri": "u:3", "descriptions": [{"value": "Am Tor."}]}
    item = {"uri": "u:1", "versionCreated": "2026-11-20T12:00:00Z", "body_text": "Am Tor."}
    associations = [{**held, "embargoedUntil": "2027-01-01T00:00:00Z"}, shown]
    (entry,) = read(json.dumps({**item, "associations": associations}).encode()).entries
    assert entry.blocks == (Image("Am Tor."),)


@pytest.mark.parametrize("value", [True, "morgen", 20261120, ["2026-11-20T12:00:00Z"], {}])
def test_an_embargo_that_cannot_be_read_holds_the_item(value: Any) -> None:
    item = {"uri": "u:1", "versioncreated": "2026-11-20T12:00:00Z", "headline": "Frei?"}
    document = read(json.dumps({**item, "embargoed": value}).encode())
    assert document.entries == ()
    assert len(document.warnings) == 1


@pytest.mark.parametrize("name", ["sourcefabric", "wordpress", "ninjs"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"_items": {}, "_meta": {}}',
        b'{"entries": 5, "html": []}',
        b'{"_items": [' + b"[" * 100_000,
        b'{"_items": [{"groups": ' + b'{"a":' * 50_000,
        b'{"entries": [{"html": ' + b"[" * 100_000,
        b'{"uri": "a", "bodies": ' + b"[" * 100_000,
        b'{"_items": [], "_meta": ' + b"9" * 10_000 + b"}",
        b'{"uri": [5], "bodies": []}',
        b" " * (MAX_BYTES + 1),
        b"\xff\xfe\x00",
        b"<html></html>",
    ],
)
def test_what_is_something_else_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(UnreadableSource):
        READERS[name].read(data, CONTEXT)


HOSTILE = (
    "<p>a\u0000b\u001b[2Jc</p><script>alert(1)</script><style>p{}</style>"
    "<a href='javascript:alert(1)'>Mehr</a><img src='javascript:1' alt='x'>"
    "<img src='data:text/html,1'><iframe src='https://evil.example'></iframe><svg onload=1>"
)


@pytest.mark.parametrize(
    "data",
    [
        posts(post(text=HOSTILE, tags=[HOSTILE], publisher={"display_name": HOSTILE})),
        entries(version(1, 100, HOSTILE, headline=HOSTILE, authors=[{"name": HOSTILE}])),
        json.dumps(
            {
                "uri": "u:1",
                "versioncreated": "x",
                "headline": HOSTILE,
                "byline": HOSTILE,
                "body_html": HOSTILE,
                "keywords": [HOSTILE],
            }
        ).encode(),
    ],
)
def test_no_markup_and_no_control_characters_come_through(data: bytes) -> None:
    document = read(data)
    assert document.entries
    assert "alert" not in json.dumps(as_json(document)["entries"]).replace("javascript:alert", "")


@pytest.mark.parametrize(
    "bomb",
    [
        "<div>" * 200_000,
        "<p>" * 30_000,
        "<ul><li>" * 50_000,
        "<blockquote>" * 100_000,
        "<h2>" + "x" * 500_000,
        '<span class="liveblog-command ' * 50_000,
        '<div class="liveblog-command">' * 20_000,
        "<figure><figcaption>" * 30_000,
        "&amp;" * 50_000,
        "<!--" * 200_000,
    ],
    ids=lambda bomb: bomb[:12],
)
def test_bombs_of_markup_cost_little_time(bomb: str) -> None:
    started = process_time()
    read(posts(post(text=f"<p>Text.</p>{bomb}")))
    read(entries({"id": 1, "timestamp": 5, "html": bomb}, version(2, 6, bomb)))
    assert process_time() - started < here(4)


def test_thousands_of_posts_are_read_in_linear_time() -> None:
    text = "<p>Der Pegel steigt.</p><ul><li>Eins</li><li>Zwei</li></ul>"
    items = [post(f"p-{number}", text) for number in range(1000)]
    started = process_time()
    assert len(read(posts(*items)).entries) == 1000
    assert process_time() - started < here(8)


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths_in(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths_in(inner, (*path, index))


def with_value(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(document)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def json_of(path: Path) -> tuple[str, Any, str]:
    """What stands before the JSON of a fixture, the JSON, and what stands after it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return "", json.loads(text), ""
    before, start, rest = text.partition('<script type="application/ld+json">')
    inside, end, after = rest.partition("</script>")
    return before + start, json.loads(inside), end + after


MUTANTS = [
    (path, place)
    for path in FIXTURES
    for place in paths_in(json_of(path)[1])
]  # fmt: skip
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["<b>", "\u0000", "javascript:1", "//[", "2026-13-01T00:00", "0001-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["_id", "id", "uri", "href", "x"]), inner, max_size=2)
    ),
    max_leaves=3,
)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(MUTANTS), ANY_JSON)
def test_any_value_anywhere_is_read_or_refused(
    mutant: tuple[Path, tuple[Any, ...]], value: Any
) -> None:
    path, place = mutant
    before, document, after = json_of(path)
    text = json.dumps(with_value(document, place, value)).replace("</", "<\\/")
    with contextlib.suppress(UnreadableSource):
        reader = READERS[path.parent.name]
        check_harmless(detect.read_with(reader, f"{before}{text}{after}".encode(), CONTEXT))
