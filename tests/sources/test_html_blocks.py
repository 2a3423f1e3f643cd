from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.content import Block, BulletList, Image, Paragraph, Quote
from syndicator.sources.entry_body import read_blocks
from syndicator.sources.html_blocks import pieces_of_html, text_of_html

BASE = "https://morgenblatt.example/blog"


def blocks(markup: str) -> tuple[Block, ...]:
    return read_blocks(pieces_of_html(markup, BASE))


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (
            "<p>Eins &amp; <b>zwei</b>.</p><p> Drei. </p>",
            (Paragraph("Eins & zwei."), Paragraph("Drei.")),
        ),
        ("https://a.example/?a=1&amp;b", (Paragraph("https://a.example/?a=1&b"),)),
        ("Eins.<br>Zwei.", (Paragraph("Eins."), Paragraph("Zwei."))),
        ("<div><div>Eins.</div>Zwei.</div>", (Paragraph("Eins."), Paragraph("Zwei."))),
        ("<p>Das Buch <cite>Krieg</cite> liegt da.</p>", (Paragraph("Das Buch Krieg liegt da."),)),
        ("<ul><li>a<li><p>b</p></ul>", (BulletList(("a", "b")),)),
        ("<ol><li>a</li><li>b</li></ol>", (BulletList(("a", "b"), ordered=True),)),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", (BulletList(("a", "b", "c")),)),
        (
            "<blockquote><p>„Ja.“</p><cite>– Mara Koch</cite></blockquote>",
            (Quote("Ja.", "Mara Koch"),),
        ),
        ("<blockquote><cite>Mara Koch</cite></blockquote>", (Paragraph("Mara Koch"),)),
        (
            "<blockquote>Ja.<footer>Mara Koch <cite>im Radio</cite></footer></blockquote>",
            (Quote("Ja.", "Mara Koch, im Radio"),),
        ),
        ("<blockquote>„Ja.“<footer>Mara</footer></blockquote>", (Quote("Ja.", "Mara"),)),
        ("<blockquote><p>Ja.</p><p>– Mara Koch</p></blockquote>", (Quote("Ja.", "Mara Koch"),)),
        (
            "<blockquote>„Ja.“Mara Koch, Ministerin</blockquote>",
            (Quote("Ja.", "Mara Koch, Ministerin"),),
        ),
        (
            "<figure><blockquote>Ja.</blockquote><figcaption>Mara Koch</figcaption></figure>",
            (Quote("Ja.", "Mara Koch"),),
        ),
        (
            (
                "<figure><img src='/a.jpg' alt='Tor'><figcaption>Am Tor. Ida Sand/dpa</figcaption>"
                "</figure><p>Am Tor.</p><p>Text.</p>"
            ),
            (
                Image("Am Tor.", "Ida Sand/dpa", "Tor", "https://morgenblatt.example/a.jpg"),
                Paragraph("Text."),
            ),
        ),
        (
            (
                "<figure><img src='https://a.example/a.jpg'>"
                "<figcaption>Am Tor <small>Foto: Ida Sand</small></figcaption></figure>"
            ),
            (Image("Am Tor", "Ida Sand", "", "https://a.example/a.jpg"),),
        ),
        ("<p>Text.</p><ul><li>Link kopieren</li><li>Auf X teilen</li></ul>", (Paragraph("Text."),)),
        ("<p>Text.</p><p>Teilen</p>", (Paragraph("Text."),)),
        ("<script>alert(1)</script><style>p{}</style><p>Text.</p>", (Paragraph("Text."),)),
        ("<img src='javascript:alert(1)' alt='x'><p>Text.</p>", (Paragraph("Text."),)),
    ],
)
def test_elements_become_blocks(markup: str, expected: tuple[Block, ...]) -> None:
    assert blocks(markup) == expected


@pytest.mark.parametrize(
    "tag", ["<div>", "<blockquote>", "<ul><li>", "<figure>", "<b>", "<p><div>"]
)
@pytest.mark.parametrize("depth", [100, 250, 20_000])
def test_depth_neither_crashes_nor_loses_the_text(tag: str, depth: int) -> None:
    assert "Text" in "".join(block.text for block in blocks(tag * depth + "Text"))


def test_text_of_html_has_no_markup() -> None:
    assert text_of_html("<b>Ida</b> &amp; <i>Jon</i> &lt;3") == "Ida & Jon <3"
    assert text_of_html("a < b & c") == "a < b & c"
    assert text_of_html("a <plaintext x=1>b</plaintext> <xmp><i>c</i></xmp>") == "a b c"
    assert text_of_html("a <!doctype html>b <?php x?>c <![if x]>d") == "a b c d"


words = st.lists(st.sampled_from(["haus", "&amp;", "tor", "5 &lt; 6"]), min_size=1).map(" ".join)
markup = st.recursive(
    words,
    lambda inner: st.tuples(
        st.sampled_from(["p", "div", "ul", "li", "blockquote", "figure", "figcaption", "b"]),
        st.lists(inner, max_size=3),
    ).map(lambda made: f"<{made[0]}>{''.join(made[1])}</{made[0]}>"),
    max_leaves=12,
)


@settings(max_examples=40, deadline=None)
@given(markup)
def test_no_nesting_loses_or_invents_words(made: str) -> None:
    said = " ".join(
        part for block in blocks(made) for part in (block.text, getattr(block, "speaker", ""))
    )
    assert said.count("haus") <= made.count("haus")
    assert not made.count("haus") or "haus" in said
    assert "<p" not in said
