from __future__ import annotations

from urllib.parse import unquote, urldefrag

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.content import EntryContent, clean_text
from syndicator.sources.base import SourceDocument
from syndicator.sources.permalinks import with_permalinks

PAGE = "https://m.example/blog?id=5"


def permalink_of(entry: EntryContent, canonical_url: str = PAGE) -> tuple[str, int]:
    document = with_permalinks(SourceDocument("test", (entry,)), canonical_url)
    return document.entries[0].permalink, len(document.warnings)


@pytest.mark.parametrize(
    ("permalink", "expected", "warnings"),
    [
        ("", f"{PAGE}#a%20b", 0),
        ("https://other.example/x#y", "https://other.example/x#y", 0),
        ("#c", f"{PAGE}#c", 0),
        ("/entry/7", "https://m.example/entry/7", 0),
        ("?id=6#c", "https://m.example/blog?id=6#c", 0),
        ("//other.example/x", "https://other.example/x", 0),
        ("javascript:alert(1)", f"{PAGE}#a%20b", 1),
        ("data:text/html,x", f"{PAGE}#a%20b", 1),
        ("java\nscript:alert(1)", f"{PAGE}#a%20b", 1),
        ("/entry\n/7", f"{PAGE}#a%20b", 1),
        (" /entry/7", f"{PAGE}#a%20b", 1),
        ("https://m.example/a b", f"{PAGE}#a%20b", 1),
        ("https://", f"{PAGE}#a%20b", 1),
        ("http://[broken", f"{PAGE}#a%20b", 1),
        ("mailto:a@m.example", f"{PAGE}#a%20b", 1),
        (" ", f"{PAGE}#a%20b", 1),
    ],
)
def test_a_permalink_is_a_web_address(permalink: str, expected: str, warnings: int) -> None:
    assert permalink_of(EntryContent("a b", permalink=permalink)) == (expected, warnings)


def test_a_fragment_of_the_canonical_url_is_replaced() -> None:
    assert permalink_of(EntryContent("a"), "https://m.example/b?x=1#top") == (
        "https://m.example/b?x=1#a",
        0,
    )


def test_without_a_known_page_nothing_is_made_up() -> None:
    assert permalink_of(EntryContent("a"), "") == ("", 0)
    assert permalink_of(EntryContent("a", permalink="#b"), "") == ("", 1)
    assert permalink_of(EntryContent("a", permalink="https://m.example/"), "") == (
        "https://m.example/",
        0,
    )


def test_the_page_must_be_on_the_web() -> None:
    with pytest.raises(ValueError, match="canonical URL"):
        permalink_of(EntryContent("a"), "javascript:alert(1)")


@given(st.text(min_size=1, max_size=30).map(clean_text).filter(bool))
def test_every_id_makes_one_word_that_gives_the_id_back(external_id: str) -> None:
    permalink, _ = permalink_of(EntryContent(external_id))
    page, fragment = urldefrag(permalink)
    assert page == PAGE
    assert unquote(fragment) == external_id
    assert permalink.split() == [permalink]
