from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from syndicator.content import BulletList, Image, Paragraph, Quote
from syndicator.sources.base import ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.file_kinds import MAX_BYTES
from syndicator.sources.json_ld import JsonLdReader

PAGE = "https://morgenblatt.example/politik/liveblog"


def script(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f'<script type="application/ld+json">{text}</script>'


def page(*scripts: Any, head: str = "") -> bytes:
    tags = "".join(map(script, scripts))
    return f"<!DOCTYPE html><html lang='de'><head>{head}{tags}</head><body></body></html>".encode()


def blog(*updates: Any, **others: Any) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting",
        "headline": "Gespräche in Genf",
        "url": PAGE,
        "liveBlogUpdate": list(updates),
        **others,
    }


def read(data: bytes, context: ReadingContext | None = None) -> SourceDocument:
    assert JsonLdReader().recognises(data)
    return JsonLdReader().read(data, context or ReadingContext())


FULL = {
    "@type": "BlogPosting",
    "@id": "#e-2",
    "headline": "Entwurf liegt vor &amp; wird geprüft",
    "articleBody": "Erster Absatz.\n- ein Punkt\n- noch einer\n„Gut so.“Mara Koch, Ministerin\n"
    "Teilen",
    "datePublished": "2026-11-17T14:32:00",
    "author": [{"@type": "Person", "name": "Ida Brandt"}, {"name": "Jon Falk"}],
    "image": {
        "@type": "ImageObject",
        "url": "/bild.jpg",
        "caption": "Am Tor.",
        "creditText": "Foto: Petra Sand/dpa",
    },
}
BRIEF = {"headline": "Guten Morgen", "datePublished": "2026-11-17T06:00:00Z", "author": "dpa"}


def test_a_page_is_read_whole() -> None:
    document = read(page(blog(FULL, BRIEF)))
    oldest, newest = document.entries
    assert document.title == "Gespräche in Genf"
    assert document.canonical_url == PAGE
    assert document.language == "de"
    assert document.warnings == ()
    assert (oldest.headline, oldest.author, oldest.derived_id) == ("Guten Morgen", "dpa", True)
    assert oldest.permalink == ""
    assert newest.external_id == "e-2"
    assert newest.permalink == f"{PAGE}#e-2"
    assert newest.author == "Ida Brandt, Jon Falk"
    assert newest.headline == "Entwurf liegt vor & wird geprüft"
    assert newest.published_at is not None
    assert newest.published_at.isoformat() == "2026-11-17T14:32:00+01:00"
    assert newest.blocks == (
        Paragraph("Erster Absatz."),
        BulletList(("ein Punkt", "noch einer")),
        Quote("Gut so.", "Mara Koch, Ministerin"),
        Image("Am Tor.", "Petra Sand/dpa", url="https://morgenblatt.example/bild.jpg"),
    )


@pytest.mark.parametrize(
    "scripts",
    [
        pytest.param([[{"@type": "Organization"}, blog(BRIEF)]], id="list"),
        pytest.param([{"@graph": [{"@type": "WebPage"}, blog(BRIEF)]}], id="graph"),
        pytest.param([{"@type": "WebPage", "mainEntity": blog(BRIEF)}], id="nested"),
        pytest.param([{"@type": "WebSite"}, blog(BRIEF)], id="several-scripts"),
        pytest.param([blog(BRIEF, **{"@type": ["NewsArticle", "LiveBlogPosting"]})], id="types"),
        pytest.param(
            [blog(BRIEF, **{"@type": "http://schema.org/LiveBlogPosting"})], id="type-url"
        ),
        pytest.param([blog(liveBlogUpdate=BRIEF)], id="one-object"),
        pytest.param([f"<!--\n{json.dumps(blog(BRIEF))}\n-->"], id="comment"),
        pytest.param([f"//<![CDATA[\n{json.dumps(blog(BRIEF))}\n//]]>"], id="cdata"),
        pytest.param([json.dumps(blog(BRIEF)).replace("Guten ", "Guten \n")], id="raw-newline"),
        pytest.param(
            [{"@graph": [{"@id": "#u", **BRIEF}, blog({"@id": "#u"})]}], id="named-elsewhere"
        ),
    ],
)
def test_the_live_blog_is_found_wherever_it_is(scripts: list[Any]) -> None:
    assert [entry.headline for entry in read(page(*scripts)).entries] == ["Guten Morgen"]


def test_a_broken_script_beside_a_good_one_is_a_warning() -> None:
    document = read(page("{broken", blog(BRIEF)))
    assert len(document.entries) == 1
    assert document.warnings == ("1 JSON-LD scripts of the page are broken.",)


def test_scripts_in_comments_do_not_count() -> None:
    hidden = f"<!-- {script(blog(BRIEF, BRIEF))} -->"
    assert len(read(page(blog(BRIEF), head=hidden)).entries) == 1


def test_a_live_blog_that_has_not_begun_has_no_entries() -> None:
    document = read(page({"@type": "LiveBlogPosting", "headline": "Morgen"}))
    assert document.entries == ()
    assert document.warnings == ("The LiveBlogPosting has no updates yet.",)


@pytest.mark.parametrize(
    ("without_url", "head", "known", "expected"),
    [
        (False, '<link rel="canonical" href="https://other.example/">', "", PAGE),
        (True, f'<link href="{PAGE}" rel="canonical">', "https://known.example/", PAGE),
        (True, f'<meta property="og:url" content="{PAGE}">', "", PAGE),
        (True, "", PAGE, PAGE),
        (True, "", "", ""),
    ],
)
def test_the_canonical_url_is_what_the_page_binds_itself_to(
    without_url: bool, head: str, known: str, expected: str
) -> None:
    live_blog = blog(FULL)
    if without_url:
        del live_blog["url"]
    document = read(page(live_blog, head=head), ReadingContext(canonical_url=known))
    assert document.canonical_url == expected
    # A relative permalink belongs to the address that was set for the live blog, if one was.
    assert document.entries[0].permalink == (f"{known or PAGE}#e-2" if expected else "")
    assert document.entries[0].external_id == "e-2"


@pytest.mark.parametrize(
    ("update", "external_id", "permalink"),
    [
        ({"url": f"{PAGE}#a"}, "a", f"{PAGE}#a"),
        ({"url": f"{PAGE}?utm=x#a"}, "a", f"{PAGE}?utm=x#a"),
        ({"url": "#a"}, "a", f"{PAGE}#a"),
        (
            {"url": "/entry/7"},
            "https://morgenblatt.example/entry/7",
            "https://morgenblatt.example/entry/7",
        ),
        ({"@id": "urn:x:7"}, "urn:x:7", ""),
        ({"@id": 7}, "7", ""),
        ({"@id": "7", "url": f"{PAGE}#a"}, "7", f"{PAGE}#a"),
        ({"mainEntityOfPage": {"@id": f"{PAGE}#a"}}, "a", f"{PAGE}#a"),
        ({"url": PAGE, "@id": PAGE}, None, ""),
        ({"url": "javascript:alert(1)"}, None, ""),
        ({"url": "http://[broken"}, None, ""),
    ],
)
def test_identity_and_permalink_are_the_updates_own(
    update: dict[str, Any], external_id: str | None, permalink: str
) -> None:
    (entry,) = read(page(blog({**BRIEF, **update}))).entries
    assert entry.permalink == permalink
    assert entry.derived_id == (external_id is None)
    if external_id:
        assert entry.external_id == external_id


@pytest.mark.parametrize(
    ("headline", "body", "kept", "blocks"),
    [
        ("Die Delegationen sind am…", "Die Delegationen sind am Ziel.", "", 1),
        ("Die Delegationen sind a...", "Die Delegationen sind am Ziel.", "", 1),
        ("Die Delegationen sind", "Die Delegationen sind am Ziel.", "", 1),
        ("Am Ziel", "Am Ziel\nDie Delegationen sind da.", "Am Ziel", 1),
        ("Am Ziel", "Am Ziel.", "", 1),
        ("Genf", "Genf empfängt die Delegationen.", "Genf", 1),
        ("Am Ziel angekommen", "Die Delegationen sind da.", "Am Ziel angekommen", 1),
    ],
)
def test_an_automatic_headline_is_dropped(headline: str, body: str, kept: str, blocks: int) -> None:
    (entry,) = read(page(blog({"headline": headline, "articleBody": body}))).entries
    assert entry.headline == kept
    assert len(entry.blocks) == blocks


def test_images_come_in_every_form_and_once() -> None:
    images = [
        "https://a.example/1.jpg",
        {"contentUrl": "https://a.example/2.jpg", "caption": "Am Tor. Petra Sand/AP"},
        {"url": "https://a.example/2.jpg"},
        {"url": "https://a.example/3.jpg", "creator": [{"name": "Nils"}, {"name": "Lena"}]},
        {"url": "javascript:1"},
        17,
    ]
    body = '<figure><img src="https://a.example/1.jpg"><figcaption>Erste</figcaption></figure>'
    (entry,) = read(page(blog({"articleBody": body, "image": images}))).entries
    assert entry.blocks == (
        Image("Erste", url="https://a.example/1.jpg"),
        Image("Am Tor.", "Petra Sand/AP", url="https://a.example/2.jpg"),
        Image("", "Nils, Lena", url="https://a.example/3.jpg"),
    )


def test_updates_are_ordered_by_time_and_else_newest_first() -> None:
    def update(name: str, when: str = "") -> dict[str, str]:
        return {"headline": name, "datePublished": when}

    pinned = blog(
        update("pinned", "2026-11-17T08:00"),
        update("late", "2026-11-17T11:00"),
        update("early", "2026-11-17T07:00"),
    )
    assert [entry.headline for entry in read(page(pinned)).entries] == ["early", "pinned", "late"]
    undated = blog(update("late"), update("early"))
    assert [entry.headline for entry in read(page(undated)).entries] == ["early", "late"]


def test_what_says_nothing_is_left_out_with_a_reason() -> None:
    document = read(
        page(blog("text", {"headline": " "}, BRIEF, {**BRIEF, "datePublished": "heute"}))
    )
    assert len(document.entries) == 2
    assert document.warnings == (
        "Update 1 was left out: it is not an object.",
        "Update 2 was left out: it has neither headline nor text.",
        "Update 4: the date “heute” is unclear.",
    )


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(page("[" * 100_000 + '"LiveBlogPosting"'), id="deep-json"),
        pytest.param(page('{"@type": "LiveBlogPosting"'), id="broken"),
        pytest.param(page() + b"LiveBlogPosting", id="only-the-word"),
        pytest.param(b"<html>" + b" " * MAX_BYTES, id="too-large"),
        pytest.param(page("1" * 5000, '"LiveBlogPosting"'), id="huge-number"),
    ],
)
def test_what_cannot_be_read_is_refused_clearly(data: bytes) -> None:
    with pytest.raises(UnreadableSource) as refused:
        JsonLdReader().read(data, ReadingContext())
    assert refused.value.expected.startswith("Expected an HTML page")
    assert refused.value.found.startswith("Found ")


def test_halves_of_surrogates_do_not_get_through() -> None:
    (entry,) = read(
        page('{"@type":"LiveBlogPosting","liveBlogUpdate":{"headline":"a\\ud800b"}}')
    ).entries
    assert entry.headline == "a?b"
    assert entry.content_hash()


@pytest.mark.parametrize("bomb", ["<!--", "<a ", "<![", "<script>", "<meta ", "<b>", "</"])
def test_unfinished_tags_cost_no_time(bomb: str) -> None:
    # Parsed as a whole, such a page takes minutes: the test would not end.
    data = page(blog({"articleBody": bomb * 20_000 + "<p>Text.</p>", "headline": "x"}))
    assert len(read(data + bomb.encode() * 200_000).entries) == 1


def test_thousands_of_updates_are_read() -> None:
    first = datetime(2026, 11, 17, 6)  # noqa: DTZ001 - sources write naive times
    updates = [
        {
            "@id": f"#{number}",
            "articleBody": f"Meldung {number}.\nMehr dazu später.",
            "datePublished": (first + timedelta(minutes=number)).isoformat(),
        }
        for number in range(2000)
    ]
    entries = read(page(blog(*updates[::-1]))).entries
    assert [entry.external_id for entry in entries] == [str(number) for number in range(2000)]
