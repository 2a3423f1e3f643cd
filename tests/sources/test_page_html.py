"""What a page's own HTML adds to its JSON-LD, and what it must not."""

from __future__ import annotations

import json
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.content import Block, BulletList, Image, Paragraph, Quote
from syndicator.sources.base import ReadingContext
from syndicator.sources.json_ld import JsonLdReader
from syndicator.sources.page_elements import find_elements
from syndicator.sources.sparse_entries import with_known_structure
from tests.machine_speed import here
from tests.sources.whole_output import check_harmless

PAGE = "https://flussblatt.example/live"
BODY = "Das Wasser steigt am Abend noch einmal an. Das meldet das Amt."
TEXT = "<p>Das Wasser steigt am Abend noch einmal an.</p><p>Das meldet das Amt.</p>"
WHOLE = (Paragraph(BODY),)
FIGURE = "<figure><img src='/a.jpg'><figcaption>Am Ufer. Foto: Ida Lorenz/dpa</figcaption></figure>"
PICTURE = Image("Am Ufer.", "Ida Lorenz/dpa", url="https://flussblatt.example/a.jpg")
PARTS = (Paragraph("Das Wasser steigt am Abend noch einmal an."), Paragraph("Das meldet das Amt."))


def page(html: str, *updates: dict[str, Any]) -> bytes:
    live_blog = {"@type": "LiveBlogPosting", "url": PAGE, "liveBlogUpdate": list(updates)}
    script = json.dumps(live_blog).replace("</", "<\\/")
    return (
        f"<!DOCTYPE html><html><head><script type='application/ld+json'>{script}</script></head>"
        f"<body>{html}</body></html>"
    ).encode()


def update(name: str = "a", body: str = BODY, **others: Any) -> dict[str, Any]:
    return {"@id": f"#{name}", "articleBody": body, "datePublished": "2026-11-20T12:00", **others}


def blocks(html: str, *others: dict[str, Any], **changes: Any) -> tuple[Block, ...]:
    """What is read of the update "a" on a page with *html*."""
    document = JsonLdReader().read(page(html, update(**changes), *others), ReadingContext())
    check_harmless(document)
    (entry,) = (entry for entry in document.entries if entry.external_id == "a")
    return entry.blocks


@pytest.mark.parametrize(
    "html",
    [
        f"<article id='a'>{TEXT}{FIGURE}</article>",
        f"<div data-entry-id=a>{TEXT}{FIGURE}</div>",
        f"<div><a id='a'></a>{TEXT}{FIGURE}</div>",
        f"<div id='a'></div><div><article>{TEXT}{FIGURE}</article></div>",
        f"<ol><li>{TEXT}{FIGURE}<li><p>Anderes.</p></ol>",
        f"<section><div><div class=text>{TEXT}</div>{FIGURE}</div></section>",
        f"<live-entry>{TEXT}{FIGURE}</live-entry>",
        f"<div><h2>Titel</h2><p>Von Mia Kern</p><time>12:00 Uhr</time>{TEXT}{FIGURE}</div>",
        f"<!-- <div id='a'>Alt</div> --><article id='a' title='1 > 0'>{TEXT}{FIGURE}</article>",
    ],
)
def test_an_entry_is_found_by_its_name_or_its_words(html: str) -> None:
    assert blocks(html, author="Mia Kern", headline="Titel") == (*PARTS, PICTURE)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(f"<article id='a'><p>Anderer Text.</p>{FIGURE}</article>", id="other-text"),
        pytest.param(
            f"<article id='a'><p>Das Wasser steigt am Abend.</p>{FIGURE}</article>", id="edited"
        ),
        pytest.param(
            f"<article id='a'>{TEXT.replace('</p>', '</p><p>Noch unbestätigt.</p>', 1)}{FIGURE}"
            "</article>",
            id="more-between",
        ),
        pytest.param(f"<aside><article>{TEXT}{FIGURE}</article></aside>", id="aside"),
        pytest.param(f"<div class='teaser-box'><p>{BODY}</p>{FIGURE}</div>", id="teaser"),
        pytest.param(f"<article id='a'><p>{BODY}</p></article>", id="nothing-more"),
        pytest.param("<article id='a'></article>", id="empty"),
        pytest.param(f"<script>'<article id=a>{TEXT}{FIGURE}</article>'</script>", id="script"),
        pytest.param(f"<template><div id=a>{TEXT}{FIGURE}</div></template>", id="template"),
        pytest.param(
            f"<div><p>{BODY}</p>{FIGURE}<p>Der Nachbar schreibt hier von etwas ganz anderem.</p>"
            "</div>",
            id="neighbour-below",
        ),
        pytest.param(
            f"<div><p>Der Nachbar schreibt hier von etwas ganz anderem.</p>{FIGURE}<p>{BODY}</p>"
            "</div>",
            id="neighbour-above",
        ),
        pytest.param(
            f"<div id='a'><p>{BODY}</p><p id='b'>Die Feuerwehr ist seit dem Morgen im Einsatz.</p>"
            f"{FIGURE}</div>",
            id="neighbour-inside",
        ),
        pytest.param(
            f"<div id='a'><p>{BODY}</p><div id='b'><blockquote>Die Feuerwehr ist seit dem Morgen im"
            " Einsatz.</blockquote></div></div>",
            id="neighbour-s-quote",
        ),
        pytest.param(
            f"<article id='a'><p>{BODY}</p><p>Umfrage</p><p>Und Sie?</p><ul><li>Ja</li></ul>"
            "</article>",
            id="poll",
        ),
        pytest.param(
            f"<article id='a'><p>{BODY}</p><p>Mehr zum Thema:</p><ul><li>Deiche</li></ul>"
            "</article>",
            id="teasers",
        ),
        pytest.param(
            f"<article id='a'><p>{BODY}</p><ul><li><a href=/1>Eins</a></li></ul></article>",
            id="links",
        ),
        pytest.param(
            f"<article id='a'><p>{BODY}</p><blockquote>noch einmal an</blockquote></article>",
            id="pull-quote",
        ),
        pytest.param(
            f"<article id='a'><p>{BODY}</p><img src=/p.gif width=1><img class=avatar src=/m.jpg>"
            "<div class='comments'><blockquote>Schlimm!</blockquote></div></article>",
            id="pixel-and-avatar",
        ),
        pytest.param(
            f"<article id='a'><p>{BODY}</p><img src='javascript:alert(1)'></article>",
            id="script-address",
        ),
    ],
)
def test_in_doubt_the_json_ld_is_kept(html: str) -> None:
    other = update("b", "Die Feuerwehr ist seit dem Morgen im Einsatz.")
    assert blocks(html, other) == WHOLE


def test_lists_and_quotes_get_their_form_back() -> None:
    body = "Das Amt rät zu dreierlei: Ruhe bewahren Keller räumen Radio hören Es wird ernst."
    html = (
        "<article id=a><p>Das Amt rät zu dreierlei:</p><ol><li>Ruhe bewahren</li>"
        "<li>Keller räumen</li><li>Radio hören</li></ol>"
        "<blockquote>Es wird ernst.<footer>Tom Reents</footer></blockquote></article>"
    )
    assert blocks(html, body=body) == (
        Paragraph("Das Amt rät zu dreierlei:"),
        BulletList(("Ruhe bewahren", "Keller räumen", "Radio hören"), ordered=True),
        Quote("Es wird ernst.", "Tom Reents"),
    )


def test_a_picture_of_the_json_ld_is_not_shown_beside_the_page_s_own() -> None:
    image = "https://flussblatt.example/a-square.jpg"
    html = f"<article id='a'>{TEXT}{FIGURE}</article>"
    assert blocks(html, image=image) == (*PARTS, PICTURE)
    assert blocks("", image=image) == (*WHOLE, Image(url=image))


@pytest.mark.parametrize(
    ("img", "url"),
    [
        ("<img src='/a.jpg'>", "/a.jpg"),
        ("<img src='data:image/gif;base64,AA' data-src='/b.jpg'>", "/b.jpg"),
        ("<img src='/s.jpg' srcset='/m.jpg 800w, /l.jpg 2000w, /xl.jpg 9000w'>", "/l.jpg"),
        ("<img data-srcset='/only.jpg 9000w'>", "/only.jpg"),
        ("<img src='/a.jpg?x=1&amp;y=2' srcset='/b.jpg 2x'>", "/a.jpg?x=1&y=2"),
        ("<noscript><img src='/n.jpg'></noscript>", "/n.jpg"),
        ("<img data-src='/a.jpg'><noscript><img src='/n.jpg'></noscript>", "/a.jpg"),
        ("<img src='data:,'> <noscript><img src='/n.jpg'></noscript>", "/n.jpg"),
    ],
)
def test_pictures_that_scripts_would_load_are_found(img: str, url: str) -> None:
    found = blocks(f"<article id='a'>{TEXT}<figure>{img}</figure></article>")
    assert found == (*PARTS, Image(url=f"https://flussblatt.example{url}"))


def test_each_entry_of_a_long_page_gets_its_own_picture() -> None:
    updates = [
        update(f"e{number}", f"Die Meldung Nummer {number} kommt heute aus dem Ort {number}.")
        for number in range(300)
    ]
    html = "".join(
        f"<article><p>{one['articleBody']}</p><figure><img src='/{number}.jpg'></figure></article>"
        for number, one in enumerate(updates)
    )
    document = JsonLdReader().read(page(html, *updates), ReadingContext())
    for entry in document.entries:
        number = entry.external_id.removeprefix("e")
        assert entry.blocks[1] == Image(url=f"https://flussblatt.example/{number}.jpg")


BOMBS = [
    *("<div>", "<div id=a>", "<p>", "</div>", "<a id=a>", "<a '", '<a "', "<", "<!--", "<script>"),
    *("<li>", "<ul><li>", "</p", "<img src=", "<img srcset='/a 1w,", "<svg>", "&", "<x-y>"),
    *("<p>Das Wasser steigt am Abend noch ", "<div data-id='", "<div class=" + "x " * 500),
]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb[:20])
def test_hostile_pages_cost_little_time(bomb: str) -> None:
    length = 250_000
    html = f"<article id='a'>{TEXT}{FIGURE}</article>" + bomb * (length // len(bomb))
    started = process_time()
    assert blocks(html)[0] in (*WHOLE, *PARTS)
    assert process_time() - started < here(5)


def test_many_entries_that_share_a_place_cost_little_time() -> None:
    updates = [update(f"e{number}", BODY + f" {number}") for number in range(1000)]
    nested = "".join(f"<div id=e{number}><p>Das Wasser steigt" for number in range(1000))
    started = process_time()
    JsonLdReader().read(page(nested + TEXT * 300, *updates), ReadingContext())
    assert process_time() - started < here(6)


TAGS = ["<div>", "</div>", "<p>", "</p>", "<article id=a>", "</article>", "<ul><li>", "<!--", "-->"]
TAGS += ["<script>", "</script>", "<figure><img src=/a.jpg>", "<a '", '"', "Text. ", BODY, TEXT]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(TAGS), max_size=25))
def test_every_container_lies_within_its_parent(tags: list[str]) -> None:
    html = "".join(tags)
    found = find_elements(html)
    assert found is not None
    for element in found.elements:
        assert element.start < element.inner <= element.end <= len(html)
        if element.parent >= 0:
            parent = found.elements[element.parent]
            assert parent.inner <= element.start
            assert element.end <= parent.end
    said = " ".join(block.text for block in blocks(html))
    assert "Das Wasser steigt am Abend" in said


def test_what_the_page_shows_no_longer_is_no_edit() -> None:
    html = f"<article id='a'>{TEXT}{FIGURE}</article>"
    full, sparse, plain, edited, cut = (
        JsonLdReader().read(page(shown, update(body=body)), ReadingContext())
        for shown, body in (
            (html, BODY),
            ("", BODY),
            (f"<article id='a'>{TEXT}</article>", BODY),
            ("", BODY.replace("noch", "schon")),
            ("", BODY.removesuffix(" Das meldet das Amt.")),
        )
    )
    assert (full.sparse, sparse.sparse, plain.sparse) == ((), ("a",), ())
    known = {entry.external_id: entry for entry in full.entries}
    assert with_known_structure(sparse.entries, sparse.sparse, known) == full.entries
    assert with_known_structure(plain.entries, plain.sparse, known) == plain.entries
    for other in (edited, cut):
        assert with_known_structure(other.entries, other.sparse, known) == other.entries
    assert with_known_structure(sparse.entries, sparse.sparse, {}) == sparse.entries
