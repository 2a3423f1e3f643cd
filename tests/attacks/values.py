"""What parsers and readers stumble over, in pieces: bytes, and values of JSON."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

SCRAPS: tuple[bytes, ...] = (
    *(b"<", b">", b"&", b"&#0;", b"&#xD800;", b"&#x110000;", b"&lt;b&gt;", b"]]>", b"<![CDATA["),
    *(b"<!--", b"<!", b"<?", b"\0", b"\x1b", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xe2\x80\xae"),
    *(b'"', b"'", b"\\ud800", b"\\u0000", b"javascript:x", b"http://[", b"<item>", b"</item>"),
    *(b"<div>", b"{", b"}", b"[", b"null", b"1e999", b"9" * 30, b"xml:base='//['", b"-1", b"NaN"),
    *(
        b" encoding='idna'",
        b"\xef\xbb\xbf",
        b"\xfe\xff",
        b"\r",
        b"\n",
        b"\n\nTeilen\n",
        b"\xc2\xa0",
    ),
    *(b"24:60 Uhr", b"0. 13. 2026", b"\xe2\x80\x9e", b"\xe2\x80\x9c", b"Foto: ", b"\xcc\x88" * 9),
    *(b"&amp;lt;script&amp;gt;", b"<blockquote>", b"<li>", b"<img src=//[>", b"<figure>", b"#"),
)
DATES: tuple[str, ...] = (
    *("2026-11-30T10:00:00Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"),
    *("0000-00-00", "2026-02-30", "+99999-01-01", "Mon, 30 Nov 2026 25:61:61 +9999", "1e5", "-1"),
    *("2026-W53-9", "2026-11-30T10:00:00+25:00", "2026-11-30T10:00:00.9999999999999Z", "\u0661"),
)
URLS: tuple[str, ...] = (
    *("https://m.example/a", "https://[", "javascript:x", "#a", "//", "/x", "https:", "http:///x"),
    *("https://[::1%25eth0]/", "http://\ud800.example/", "https://a.example:99999/", "\\\\a\\b"),
    *("https://a.example/\n/b", "data:text/html,<b>", "https://m.example/" + "a" * 3000, "?", "@"),
)
HOSTILE_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 7, -1, -1.5, 1e308, float("inf"), float("-inf"), float("nan")),
    *(10**40, -(10**400), 2**53 + 1, 1e16, 32503680000, "", " ", "a", "\0", "\ud800", "\u202e"),
    *("<p>a<b>", "&lt;b&gt;", "&amp;lt;script&amp;gt;", "<figure><img src=/a.png>", "Anzeige"),
    *("a" * 5000, "image/png", "WebSub", "__proto__", "<!--", "<![CDATA[", "&#0;", "usable"),
    *([], {}, [[]], [None], {"": None}, {"__proto__": {"a": 1}}, [[[[[[[[]]]]]]]], {"name": {}}),
    *({"href": 1}, {"@value": {}}, {"@id": []}, {"@type": 7}, {"rel": None, "href": []}),
    *DATES,
    *URLS,
)
_DEEPEST = 30
#: Puts a value in a place, and what is there now.
Place = tuple[Callable[[Any], None], Any]


def with_another_value(value: Any, chance: random.Random) -> Any:
    """The JSON *value*, changed in place, with something else somewhere in it."""
    found = places(value)
    if not found:
        return copy.deepcopy(chance.choice(HOSTILE_VALUES))
    put, old = chance.choice(found)
    put(copy.deepcopy(chance.choice([*HOSTILE_VALUES, [old], [old, old], {"a": old}])))
    return value


def places(value: Any) -> list[Place]:
    """Everywhere in *value* that a value stands."""
    found: list[Place] = []
    _collect(value, found, 0)
    return found


def _collect(value: Any, found: list[Place], depth: int) -> None:
    if depth > _DEEPEST:
        return
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for key, inner in pairs:
        found.append((lambda new, at=key: value.__setitem__(at, new), inner))
        _collect(inner, found, depth + 1)
