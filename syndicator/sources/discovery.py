"""Where a page says that its entries can be read in a format made for machines.

Each hint is a function from a `FetchedPage` to the addresses it found; `addresses_named_by` asks
all that it is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from bs4 import BeautifulSoup
from bs4.element import Tag

from syndicator.sources.feed_markup import line_of
from syndicator.sources.html_blocks import absolute_url
from syndicator.sources.page_head import start_tags
from syndicator.sources.text_encoding import decode_text


class Kind(StrEnum):
    """What is at an address; the formats have the names of their readers."""

    FEED = "feed"
    JSON_FEED = "json-feed"
    #: A hub that tells of changes (WebSub), and the address whose changes it tells of.
    HUB = "hub"
    SELF = "self"


@dataclass(frozen=True, slots=True)
class NamedAddress:
    """An absolute http(s) address, what the page calls it, and what is there."""

    url: str
    title: str
    kind: str


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page as it came from *url*, with the values of its HTTP Link headers (RFC 8288)."""

    html: str
    url: str
    link_headers: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: bytes, url: str, link_headers: Sequence[str] = ()) -> FetchedPage:
        """The page whose bytes are *data*."""
        return cls(decode_text(data), url, tuple(link_headers))


#: One way to find addresses in a page; without network, and never raises.
Hint = Callable[[FetchedPage], Sequence[NamedAddress]]

_FORMATS = {
    "application/rss+xml": Kind.FEED,
    "application/atom+xml": Kind.FEED,
    "application/rdf+xml": Kind.FEED,
    "application/feed+json": Kind.JSON_FEED,
    "application/json": Kind.JSON_FEED,
}
_OF_INTEREST = re.compile(r"^<base|alternate|hub|self", re.IGNORECASE)
_QUOTED = r"\"(?:[^\"\\]|\\.)*\""
_HEADER_LINK = re.compile(rf"<(?P<url>[^<>]*)>(?P<said>(?:[^,<\"]|{_QUOTED})*)")
_PARAMETER = re.compile(rf";\s*(?P<name>[\w-]+)\s*=\s*(?P<value>{_QUOTED}|[^\s;,\"]+)")
_ESCAPE = re.compile(r"\\(.)")
_LONGEST_HEADER = 8000
_MOST = 100
_MOST_TAGS = 1000


def addresses_named_by(page: FetchedPage, hints: Sequence[Hint]) -> tuple[NamedAddress, ...]:
    """All that *hints* find in *page*, in their order; each address and kind once."""
    found: dict[tuple[str, str], NamedAddress] = {}
    for hint in hints:
        for address in hint(page):
            found.setdefault((address.url, address.kind), address)
    return tuple(found.values())[:_MOST]


def header_links(page: FetchedPage) -> tuple[NamedAddress, ...]:
    """What the HTTP Link headers of *page* name."""
    named: list[NamedAddress] = []
    for header in page.link_headers:
        for link in _HEADER_LINK.finditer(header[:_LONGEST_HEADER]):
            said: dict[str, str] = {}
            for parameter in _PARAMETER.finditer(link["said"]):
                quoted = parameter["value"].startswith('"')
                value = (
                    _ESCAPE.sub(r"\1", parameter["value"][1:-1]) if quoted else parameter["value"]
                )
                said.setdefault(parameter["name"].lower(), value)
            named += _named(link["url"], page.url, said)
    return tuple(named)


def link_elements(page: FetchedPage) -> tuple[NamedAddress, ...]:
    """What the <link> elements of *page* name, wherever they stand in it."""
    base_url = page.url
    named: list[NamedAddress] = []
    for tag in _tags(page.html):
        href = str(tag.get("href") or "")
        if tag.name == "base":
            base_url = absolute_url(href, page.url) or base_url
        else:
            relations = tag.get("rel") or ""
            said = {name: str(tag.get(name) or "") for name in ("type", "title")}
            joined = relations if isinstance(relations, str) else " ".join(relations)
            named += _named(href, base_url, {**said, "rel": joined})
    return tuple(named)


#: The hints that hold for any page.
STANDARD_HINTS: tuple[Hint, ...] = (header_links, link_elements)


def _named(href: str, base_url: str, said: dict[str, str]) -> Iterator[NamedAddress]:
    url = absolute_url(href, base_url)
    if not url:
        return
    relations = said.get("rel", "").lower().split()
    media_type = said.get("type", "").partition(";")[0].strip().lower()
    if "alternate" in relations and media_type in _FORMATS:
        yield NamedAddress(url, line_of(said.get("title", "")), _FORMATS[media_type])
    for kind in (Kind.HUB, Kind.SELF):
        if kind in relations:
            yield NamedAddress(url, line_of(said.get("title", "")), kind)


def _tags(html: str) -> Iterator[Tag]:
    for start_tag, _ in islice(start_tags(html, _OF_INTEREST), _MOST_TAGS):
        tag = BeautifulSoup(start_tag, "html.parser").find()
        if isinstance(tag, Tag):
            yield tag
