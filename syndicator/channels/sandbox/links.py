"""How platforms show the links in a post."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_URL = re.compile(r"https?://\w[^\s<>\"]*", re.IGNORECASE)
_CLOSING_PUNCTUATION = ".,;:!?…'’“”»"
_WORDY = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True)
class Link:
    """A URL in a text, at the half-open range *start* to *end* of code points."""

    url: str
    start: int
    end: int


def find_links(text: str) -> Iterator[Link]:
    """The http(s) URLs in *text*, without the punctuation of the sentence around them."""
    for match in _URL.finditer(text):
        url = match[0].rstrip(_CLOSING_PUNCTUATION)
        if url.endswith(")") and "(" not in url:
            url = url.rstrip(")" + _CLOSING_PUNCTUATION)
        yield Link(url, match.start(), match.start() + len(url))


def text_and_links(text: str) -> Iterator[str | Link]:
    """*text* cut into plain pieces and links, in order."""
    shown = 0
    for link in find_links(text):
        yield text[shown : link.start]
        yield link
        shown = link.end
    yield text[shown:]


@dataclass(frozen=True, slots=True)
class LinkCard:
    """The preview of a linked page. The page itself is never fetched: the title is its URL's."""

    url: str
    domain: str
    title: str

    @classmethod
    def of(cls, url: str) -> LinkCard:
        try:
            parts = urlsplit(url)
        except ValueError:  # hosts like "[" do not parse
            return cls(url, "", url)
        domain = parts.netloc.rpartition("@")[2].removeprefix("www.")
        for segment in reversed(unquote(parts.path).split("/")):
            name = segment.rsplit(".", 1)[0]
            if _WORDY.search(name):
                words = re.sub(r"[-_+\s]+", " ", name).strip()
                return cls(url, domain, words[:1].upper() + words[1:])
        return cls(url, domain, domain)
