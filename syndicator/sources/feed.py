"""RSS (0.9 to 2.0) and Atom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import ClassVar

from syndicator.content import EntryContent
from syndicator.sources.base import Reader, ReadingContext, SourceDocument, UnreadableSource
from syndicator.sources.broken_xml import mended, salvage
from syndicator.sources.derived_ids import with_derived_ids
from syndicator.sources.entry_body import Piece
from syndicator.sources.entry_order import oldest_first
from syndicator.sources.feed_dates import feed_time
from syndicator.sources.feed_item import FeedItem, FeedItems, page_address
from syndicator.sources.feed_markup import TooLong, line_of, pieces_of_markup, pieces_of_text
from syndicator.sources.feed_media import media_images
from syndicator.sources.file_kinds import MAX_BYTES, unreadable
from syndicator.sources.html_blocks import absolute_url
from syndicator.sources.text_encoding import decode_text
from syndicator.sources.tombstones import Tombstone, buried, tombstones_in
from syndicator.sources.xml_tree import Element, MalformedXml, UnsafeXml, parse_xml

_START = re.compile(
    r"[\s\ufeff]*(?:<\?[^>]*>\s*|<!--(?:[^-]|-(?!->))*-->\s*|<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>\s*)*"
    r"<(?:[\w.-]+:)?(?:rss|feed|RDF)\b",
    re.IGNORECASE,
)
_LOOKED_AT = 20_000
_PLAIN = frozenset({"text", "plain", "text/plain"})
_EMPTY_TAGS = frozenset({"br", "hr", "img", "wbr"})
_MAIL_AND_NAME = re.compile(r"\S+@\S+\s+\((?P<name>[^()]+)\)")
_CREATED = ("published", "pubDate", "dc:date", "dcterms:issued", "issued", "dcterms:created")
_CHANGED = ("updated", "dcterms:modified", "modified")


class FeedReader(Reader):
    name: ClassVar[str] = "feed"
    describes: ClassVar[str] = "an RSS or Atom feed"

    def recognises(self, data: bytes) -> bool:
        if len(data) > MAX_BYTES:
            return False
        return bool(_START.match(decode_text(data), 0, _LOOKED_AT))

    def read(self, data: bytes, context: ReadingContext) -> SourceDocument:
        if not self.recognises(data):
            raise unreadable(self.describes, data)
        try:
            parsed = _parse(decode_text(data))
        except (MalformedXml, UnsafeXml) as error:
            found = f"Found {error}." if isinstance(error, UnsafeXml) else (
                f"Found a broken feed: {error}."
            )  # fmt: skip
            raise UnreadableSource(f"Expected {self.describes}.", found) from error
        return _Feed(parsed, context).document(self.name)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """The tree of a feed; *warning* says what was wrong with it, *whole* whether all is there."""

    root: Element
    warning: str = ""
    whole: bool = True


def _parse(text: str) -> _Parsed:
    try:
        return _Parsed(parse_xml(text))
    except MalformedXml as error:
        problem = error
    text = mended(text)
    try:
        return _Parsed(parse_xml(text), f"The feed is broken ({problem}) and was mended.")
    except MalformedXml:
        root, lost = salvage(text)
    if not any(True for _ in _items(root)):
        raise problem
    left_out = f"; {lost} of its entries were left out" if lost else ""
    warning = f"The feed is broken ({problem}): only what is whole in it was read{left_out}."
    return _Parsed(root, warning, whole=False)


def _items(root: Element) -> Iterator[Element]:
    for channel in root.elements("channel"):
        yield from channel.elements("item", "entry")
    yield from root.elements("item", "entry")


class _Feed:
    def __init__(self, parsed: _Parsed, context: ReadingContext) -> None:
        self._parsed = parsed
        self._context = context
        self._root = parsed.root
        self._about = parsed.root.first("channel") or parsed.root
        source_url = context.source_url or context.canonical_url
        self._base_url = absolute_url(self._about.base, source_url) or source_url
        self._page_url = self._canonical_url()
        self._base_url = self._base_url or self._page_url
        self._authors = _authors(self._root)
        self._warnings = list(filter(None, [parsed.warning]))
        self._items = FeedItems(context.canonical_url or self._page_url, context.time_zone)

    def document(self, reader: str) -> SourceDocument:
        entries, changed = self._read()
        tombstones = self._tombstones()
        if tombstones and not self._parsed.whole:
            # What came back after it was deleted may be in what is missing.
            self._warnings.append("Deletions were not followed, because the feed is broken.")
            tombstones = []
        withdrawn = buried(tombstones, changed)
        gone = frozenset(withdrawn)
        hubs = self._addresses("hub")
        topic = next(iter(self._addresses("self")), self._context.source_url if hubs else "")
        return SourceDocument(
            reader=reader,
            entries=with_derived_ids(
                oldest_first([entry for entry in entries if entry.external_id not in gone])
            ),
            title=line_of(_markup(self._about.first("title", "dc:title"))),
            canonical_url=self._page_url,
            language=self._about.text_of("language", "dc:language") or self._about.language,
            warnings=(*self._warnings, *self._items.warnings()),
            withdrawn=withdrawn,
            next_url=self._next_url(topic),
            hub_urls=hubs,
            topic_url=topic,
        )

    def _read(self) -> tuple[list[EntryContent], dict[str, datetime | None]]:
        """The entries in the feed's order, and by their ids when each was last changed."""
        entries = []
        changed: dict[str, datetime | None] = {}
        for number, item in enumerate(_items(self._root), start=1):
            try:
                entry = self._items.entry(self._item(item), number)
            except TooLong as error:
                self._items.leave_out(number, str(error))
                continue
            if entry:
                entries.append(entry)
                known, moment = changed.get(entry.external_id), self._changed_at(item)
                changed[entry.external_id] = max(known, moment) if known and moment else moment
        if not entries:
            self._warnings.append("The feed has no entries yet.")
        return entries, changed

    def _item(self, item: Element) -> FeedItem:
        declared = absolute_url(item.base, self._base_url)
        base_url = declared or self._base_url
        return FeedItem(
            external_id=item.text_of("guid", "id") or item.attributes.get("rdf:about", ""),
            links=tuple(_links(item)),
            base_url=declared,
            title=_markup(item.first("title", "dc:title")),
            pieces=_body(item, base_url),
            images=media_images(item, base_url),
            authors=_authors(item) or self._authors,
            times=[item.text_of(*_CREATED) or item.text_of(*_CHANGED)],
            tags=tuple(_tags(item)),
        )

    def _changed_at(self, item: Element) -> datetime | None:
        stated = item.text_of(*_CHANGED) or item.text_of(*_CREATED)
        return feed_time(stated, self._context.time_zone)

    def _tombstones(self) -> list[Tombstone]:
        places = {id(place): place for place in (self._root, self._about)}
        zone = self._context.time_zone
        return [stone for place in places.values() for stone in tombstones_in(place, zone)]

    def _canonical_url(self) -> str:
        links = [link for link in self._about.elements("link") if "href" not in link.attributes]
        stated = [link.text() for link in links]
        stated += [
            link.attributes["href"]
            for link in self._about.elements("link")
            if _relation(link) == "alternate" and "href" in link.attributes
        ]
        urls = (absolute_url(url, self._base_url) for url in stated)
        return page_address(next(filter(None, urls), "")) or self._context.canonical_url

    def _addresses(self, relation: str) -> tuple[str, ...]:
        urls = (
            absolute_url(link.attributes.get("href", ""), self._base_url)
            for link in self._about.elements("link")
            if _relation(link) == relation
        )
        return tuple(dict.fromkeys(filter(None, urls)))

    def _next_url(self, topic: str) -> str:
        """Where older entries are (RFC 5005): a further page, or the archive before this one."""
        own = {topic, self._context.source_url}
        urls = (*self._addresses("next"), *self._addresses("prev-archive"))
        return next((url for url in urls if url not in own), "")


def _relation(link: Element) -> str:
    return link.attributes.get("rel", "alternate").strip().lower().rpartition("/")[2]


def _links(item: Element) -> Iterator[str]:
    """The addresses of *item*, the best first."""
    for link in item.elements("link"):
        if "href" not in link.attributes:
            yield link.text()
        elif _relation(link) == "alternate":
            yield link.attributes["href"]
    for guid in item.elements("guid"):
        is_one = guid.attributes.get("isPermaLink", "true").strip().lower() != "false"
        if is_one and re.match(r"https?://|[/#?]", guid.text()):
            yield guid.text()


def _authors(item: Element) -> list[str]:
    names = [creator.text() for creator in item.elements("dc:creator")]
    if any(names):
        return names
    return [
        author.text_of("name") or _MAIL_AND_NAME.sub(r"\g<name>", author.text())
        for author in item.elements("author")
    ]


def _tags(item: Element) -> Iterator[str]:
    for category in item.elements("category", "dc:subject"):
        said = category.attributes
        yield said.get("label") or said.get("term") or category.text()


def _body(item: Element, base_url: str) -> list[Piece]:
    """The text of *item*: all of it where it has that, or else its summary."""
    for name in ("content:encoded", "content", "xhtml:body", "description", "summary"):
        for element in item.elements(name):
            kind = element.attributes.get("type", "").strip().lower()
            if kind in _PLAIN:
                pieces = pieces_of_text(element.text())
            elif not kind or "html" in kind:
                pieces = pieces_of_markup(_markup(element), base_url)
            else:
                pieces = []
            if pieces:
                return pieces
    return []


def _markup(element: Element | None) -> str:
    """What *element* says as HTML: RSS's text, or an Atom text construct (RFC 4287, 3.1)."""
    if element is None:
        return ""
    if any(isinstance(child, Element) for child in element.children):
        return "".join(map(_serialised, element.children)).strip()
    return element.text()


def _serialised(node: Element | str) -> str:
    if isinstance(node, str):
        return escape(node, quote=False)
    tag = node.name.rpartition(":")[2]
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in node.attributes.items())
    inside = "".join(map(_serialised, node.children))
    return f"<{tag}{attributes}>{inside}" + ("" if tag in _EMPTY_TAGS else f"</{tag}>")
