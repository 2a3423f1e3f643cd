"""What a page says about the places in it, and of itself to whoever links to it.

Nothing is parsed as a whole: a page may be megabytes. A place that a comment or a script names is
taken for one that is there: rather no warning than a false one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import urldefrag, urljoin

from bs4 import BeautifulSoup

#: More places, or longer ones, are not kept.
MOST_PLACES = 20_000
_LONGEST_PLACE = 300
#: Tags in the head that are looked at.
_MOST_TAGS = 400
_PLACE = re.compile(
    r"""(?<![\w-])(?:id|name)\s{0,9}=\s{0,9}(?:"([^"]{1,300})"|'([^']{1,300})'|([^\s"'=<>`]{1,300}))""",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(?:meta|link)\b[^<>]{0,4000}>", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^<>]{0,200}>\s{0,999}[^\s<]", re.IGNORECASE)
_CHARSET = re.compile(rb"""charset\s{0,9}=\s{0,9}["']?([\w-]{1,40})""", re.IGNORECASE)
#: What pages are written in besides UTF-8; others' names of places are rarely beyond ASCII.
_WESTERN = (b"iso-8859-1", b"iso-8859-15", b"windows-1252")


@dataclass(frozen=True, slots=True)
class Page:
    """*places* are the fragments that lead somewhere in it; *canonical* is where it says that it
    stands (absolute, without fragment), or empty."""

    text: str
    places: frozenset[str]
    has_title: bool
    has_picture: bool
    canonical: str


def read_page(url: str, content: bytes) -> Page:
    text = _decoded(content)
    properties, canonical = _head(text)
    return Page(
        text=text,
        places=frozenset(_places(text)),
        has_title=bool(properties.get("og:title") or _TITLE.search(text)),
        has_picture=bool(properties.get("og:image")),
        canonical=_absolute(url, canonical),
    )


def _decoded(content: bytes) -> str:
    declared = _CHARSET.search(content, 0, 4096)
    western = declared is not None and declared[1].lower() in _WESTERN
    return content.decode("cp1252" if western else "utf-8", "replace")


def _places(text: str) -> Iterator[str]:
    for number, found in enumerate(_PLACE.finditer(text)):
        if number >= MOST_PLACES:
            return
        place = unescape(found[1] or found[2] or found[3])
        if len(place) <= _LONGEST_PLACE:
            yield place.replace("\0", "")


def _head(text: str) -> tuple[dict[str, str], str]:
    properties: dict[str, str] = {}
    canonical = ""
    for number, found in enumerate(_TAG.finditer(text)):
        if number >= _MOST_TAGS:
            break
        tag = BeautifulSoup(found[0], "html.parser").find()
        if tag is None:
            continue
        if tag.name == "link" and "canonical" in (tag.get("rel") or ()):
            canonical = canonical or str(tag.get("href", ""))
        elif tag.name == "meta":
            name = str(tag.get("property") or tag.get("name") or "").lower()
            properties.setdefault(name, str(tag.get("content", "")).strip())
    return properties, canonical


def _absolute(url: str, canonical: str) -> str:
    try:
        return urldefrag(urljoin(url, canonical.strip())).url if canonical.strip() else ""
    except ValueError:
        return ""
