"""A little text, said very often, costs a reader time that grows with its length and no faster."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.attacks.invariants import ON_A_PAGE, READERS, read
from tests.attacks.test_json import NAMES, bytes_of, samples, value_of
from tests.attacks.values import places
from tests.attacks.xml import FEEDS
from tests.fuzz.seeds import seeds_of
from tests.machine_speed import here

#: In characters. What is read in linear time takes a tenth of a second; what nests costs so
#: little that only more of it would show.
SIZE = 15_000
LONGER = 150_000
NESTING = ("<div>", "<blockquote>", "<figure>", "<ul>")
UNITS = (
    *NESTING,
    *("<p>", "<a ", "<!--", "&", "&lt;", "(", "„", "“", "Foto: ", "\n", "\n\n", "a ", "<li>", "<"),
    *("1. ", "- ", "http://a.example ", "12:00 Uhr\n", "Teilen\n"),
    *("</p>", "<b></b>", "</", "<![CDATA[", "\u00ad", "e\u0301", "https:", "#", "a", "dpa/", ", "),
    *(
        "Von Jana Brandt\n",
        "A. ",
        "\u202f",
        "<img src=a>",
        "<p>a</p>",
        ": ",
        " – ",
        "&#x41;",
        "Ab ",
    ),
)


def document(name: str, text: str) -> bytes:
    """One in which *text* is the longest text there is."""
    if name == "feed":
        return FEEDS["rss"].format(f"<![CDATA[{text}]]>").replace("title", "description").encode()
    if name == "plain-text":
        lines = seeds_of(name)[0].decode().splitlines()
        return "\n".join([*lines[: len(lines) // 2], text, *lines[len(lines) // 2 :]]).encode()
    value = value_of(name, samples(name)[0])
    texts = [place for place in places(value) if isinstance(place[1], str)]
    put: Any = max(texts, key=lambda place: len(place[1]))[0]
    put(text)
    return bytes_of(name, value)


@pytest.mark.parametrize("name", sorted({*NAMES, "feed", "plain-text"}))
def test_no_text_said_often_takes_long(name: str) -> None:
    for unit in UNITS:
        size = LONGER if unit in NESTING else SIZE
        data = document(name, unit * (size // len(unit)))
        started = time.process_time()
        read(READERS[name], data, ON_A_PAGE)
        assert time.process_time() - started < here(3), unit
