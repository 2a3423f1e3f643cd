"""What a text counts on Mastodon, and that it never counts more than we think."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.mastodon.countable_length import LINK_LENGTH, countable_length

LONG = "https://zeitung.de/politik/liveblog/verhandlungen-in-genf.html?seite=2#eintrag-7"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("Grüße", 5),
        ("a\nb", 3),
        ("👩‍👩‍👧", 1),
        ("👍🏽", 1),
        ("e\u0301", 1),
        # Servers with an older Ruby count two.
        ("क्ष", 2),
        (LONG, 23),
        (f"vor {LONG} nach", 23 + 9),
        ("http://a.de", 23),
        ("HTTPS://A.DE/x", 23),
        (f"({LONG})", 25),
        (f"{LONG}.", 24),
        (f"„{LONG}“", 25),
        ("https://zeitung.de:8080/a", 23),
        ("https://zeitung.de?a=1&b=2", 23),
        ("https://müller.de/straße", 23),
        ("https://xn--mller-kva.de/", 23),
        ("https://zeitung.online/a", 23),
        (f"{LONG}\n{LONG}", 47),
        # Only with a scheme is it a link.
        ("zeitung.de", 10),
        ("www.zeitung.de/a", 16),
        # What no parser of Mastodon's knows as a domain stays as it is, if that is more.
        ("https://zeitung.example/live-blog-aus-genf", 42),
        ("https://a.example", 23),
        ("@redaktion@zeitung.social", 10),
        ("@redaktion", 10),
        ("redaktion@zeitung.de", 20),
        ("@redaktion@zeitung.social@", 26),
        ("Hallo @a@b.de, @c@d.org!", 13),
    ],
)
def test_by_mastodons_own_rule(text: str, length: int) -> None:
    assert countable_length(text) == length


@pytest.mark.parametrize(
    ("text", "at_least"),
    [
        # Of this Mastodon takes “https://a.de”, and the rest as it is.
        ("https://a.de.example/x", 23 + 10),
        # Here the second one is the link.
        ("https://x.example/https://a.de/", 18 + 23),
        ("xhttps://a.de", 13),
        ("https://a.de-b.c/x", 23 + 6),
        ("magnet:?x=1", 23),
        ("gemini://a.de/", 23),
        ("https://zeitung.de/a_(b", 23 + 2),
        ("https://zeitung.de/a?b=c!", 24),
        ("https://zeitung.de/a_(b)/c", 23),
    ],
)
def test_where_it_is_not_sure_the_larger_count(text: str, at_least: int) -> None:
    assert at_least <= countable_length(text) <= at_least + LINK_LENGTH


PIECES = st.sampled_from(
    [LONG, "https://a.de.example/", "magnet:?x", "@a@b.de", "क्ष", "👩‍👩‍👧", *"().?/ \n@"]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=12).map("".join)


@given(TEXTS)
def test_only_links_and_servers_of_mentions_count_less_than_their_graphemes(text: str) -> None:
    if "@" not in text and "://" not in text:
        assert countable_length(text) >= len(regex.findall(r"\X", text))


@given(TEXTS, TEXTS)
def test_apart_by_a_space_texts_count_by_themselves(first: str, second: str) -> None:
    # What combines would join the space.
    if not regex.match(r"[\p{M}\p{Cf}\p{Emoji_Modifier}]", second):
        both = countable_length(f"{first} {second}")
        assert both == countable_length(first) + 1 + countable_length(second)


PATHS = st.text("abc-_~%0Fäé#=;,:&+!'.*$", max_size=60)


@given(PATHS, st.text(" \n„“()", min_size=1, max_size=3), st.text("abc ", max_size=20))
def test_a_link_counts_23_whatever_its_length(path: str, apart: str, text: str) -> None:
    link = f"https://zeitung.de/{path}x"
    assert countable_length(text + apart + link) == countable_length(text + apart) + LINK_LENGTH
