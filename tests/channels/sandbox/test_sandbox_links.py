from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.sandbox.links import Link, LinkCard, find_links, text_and_links

HOSTILE = st.lists(
    st.sampled_from(
        ["https://", "http://a.example/ä", "(", ")", "]", "[", ".", " ", "“", "x", "\n"]
    )
    | st.text(max_size=5)
).map("".join)


@settings(deadline=None)
@given(HOSTILE)
def test_the_pieces_make_up_the_text(text: str) -> None:
    pieces = list(text_and_links(text))

    whole = "".join(piece.url if isinstance(piece, Link) else piece for piece in pieces)

    assert whole == text
    assert all(text[link.start : link.end] == link.url for link in find_links(text))


@settings(deadline=None)
@given(HOSTILE)
def test_every_url_has_a_card(url: str) -> None:
    assert LinkCard.of(f"https://{url}").url == f"https://{url}"


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("Mehr: https://a.example/t#e-1.", ["https://a.example/t#e-1"]),
        ("(https://a.example/t)", ["https://a.example/t"]),
        ("https://a.example/t_(x)", ["https://a.example/t_(x)"]),
        ("„https://a.example/t“", ["https://a.example/t"]),
        ("https:// und http://…", []),
        ("https://a.example\nhttps://b.example", ["https://a.example", "https://b.example"]),
    ],
)
def test_links_end_before_the_sentence_does(text: str, urls: list[str]) -> None:
    assert [link.url for link in find_links(text)] == urls


@pytest.mark.parametrize(
    ("url", "domain", "title"),
    [
        (
            "https://www.a.example/live/streik-bei-der-bahn.html#e-7",
            "a.example",
            "Streik bei der bahn",
        ),
        ("https://a.example/live/2026/11/22/", "a.example", "Live"),
        ("https://a.example/", "a.example", "a.example"),
        ("https://user:secret@a.example/", "a.example", "a.example"),
        ("https://[/", "", "https://[/"),
    ],
)
def test_a_card_is_named_after_its_url(url: str, domain: str, title: str) -> None:
    assert LinkCard.of(url) == LinkCard(url, domain, title)
