"""JSON Feed 1.0 and 1.1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from syndicator.content import EntryContent, Image
from syndicator.sources.base import ReadingContext, SourceDocument
from syndicator.sources.derived_ids import with_derived_ids
from syndicator.sources.entry_body import Piece
from syndicator.sources.entry_order import oldest_first
from syndicator.sources.feed_item import FeedItem, FeedItems, page_address
from syndicator.sources.feed_markup import TooLong, line_of, pieces_of_markup, pieces_of_text
from syndicator.sources.html_blocks import absolute_url
from syndicator.sources.json_reader import JsonReader
from syndicator.sources.json_values import Node

_VERSION = re.compile(r"\"https?:\\?/\\?/(?:www\.)?jsonfeed\.org\\?/version\\?/1(?:\.[01])?\"")


class JsonFeedReader(JsonReader):
    name: ClassVar[str] = "json-feed"
    describes: ClassVar[str] = "a JSON Feed"
    signs: ClassVar[tuple[re.Pattern[str], ...]] = (_VERSION,)
    listed: ClassVar[str] = "items"

    def document(self, value: dict[str, Any], context: ReadingContext) -> SourceDocument:
        return _Feed(value, context).document(self.name)


class _Feed:
    def __init__(self, feed: Node, context: ReadingContext) -> None:
        self._feed = feed
        self._context = context
        own = absolute_url(_text(feed, "feed_url"), context.source_url)
        self._feed_url = own or context.source_url
        self._base_url = self._feed_url or context.canonical_url
        home = absolute_url(_text(feed, "home_page_url"), self._base_url)
        self._page_url = page_address(home) or context.canonical_url
        self._base_url = self._base_url or self._page_url
        self._items = FeedItems(context.canonical_url or self._page_url, context.time_zone)

    def document(self, reader: str) -> SourceDocument:
        entries = oldest_first(list(self._entries()))
        warnings = list(self._items.warnings())
        if not entries:
            warnings.append("The feed has no entries yet.")
        if self._feed.get("expired") is True:
            warnings.append("The feed says that nothing more will come.")
        hubs = tuple(dict.fromkeys(self._hubs()))
        next_url = absolute_url(_text(self._feed, "next_url"), self._base_url)
        return SourceDocument(
            reader=reader,
            entries=with_derived_ids(entries),
            title=line_of(_text(self._feed, "title")),
            canonical_url=self._page_url,
            language=_text(self._feed, "language"),
            warnings=tuple(warnings),
            next_url="" if next_url in (self._feed_url, self._context.source_url) else next_url,
            hub_urls=hubs,
            topic_url=self._feed_url if hubs or _text(self._feed, "feed_url") else "",
        )

    def _entries(self) -> Iterator[EntryContent]:
        for number, item in enumerate(self._feed["items"], start=1):
            if not isinstance(item, dict):
                self._items.leave_out(number, "it is not an object")
                continue
            try:
                entry = self._items.entry(self._item(item), number)
            except TooLong as error:
                self._items.leave_out(number, str(error))
                continue
            if entry:
                yield entry

    def _item(self, item: Node) -> FeedItem:
        return FeedItem(
            external_id=_text(item, "id"),
            links=[_text(item, "url")],
            title=_text(item, "title"),
            pieces=self._body(item),
            images=tuple(self._images(item)),
            authors=_authors(item) or _authors(self._feed),
            times=[_text(item, "date_published") or _text(item, "date_modified")],
            tags=[tag for tag in _listed(item, "tags") if isinstance(tag, str)],
        )

    def _body(self, item: Node) -> list[Piece]:
        return (
            pieces_of_markup(_text(item, "content_html"), self._base_url)
            or pieces_of_text(_text(item, "content_text"))
            or pieces_of_text(_text(item, "summary"))
        )

    def _images(self, item: Node) -> Iterator[Image]:
        pictures = [
            attachment
            for attachment in _objects(item, "attachments")
            if _text(attachment, "mime_type").strip().lower().startswith("image/")
        ]
        stated = [(_text(item, "image") or _text(item, "banner_image"), "")]
        stated += [(_text(picture, "url"), _text(picture, "title")) for picture in pictures]
        seen = set()
        for address, title in stated:
            url = absolute_url(address, self._base_url)
            if url and url not in seen:
                seen.add(url)
                yield Image(alt=line_of(title), url=url)

    def _hubs(self) -> Iterator[str]:
        for hub in _objects(self._feed, "hubs"):
            is_one = _text(hub, "type").strip().lower() == "websub"
            if is_one and (url := absolute_url(_text(hub, "url"), self._base_url)):
                yield url


def _authors(node: Node) -> list[str]:
    """The names in "authors", or in version 1.0's "author"."""
    one = node.get("author")
    people = list(_objects(node, "authors")) or ([one] if isinstance(one, dict) else [])
    return list(filter(None, (_text(person, "name") for person in people)))


def _objects(node: Node, name: str) -> Iterator[Node]:
    return (item for item in _listed(node, name) if isinstance(item, dict))


def _listed(node: Node, name: str) -> list[Any]:
    value = node.get(name)
    return value if isinstance(value, list) else []


def _text(node: Node, name: str) -> str:
    """The field *name* if it is text, or a number, which some write for an id."""
    value = node.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)
