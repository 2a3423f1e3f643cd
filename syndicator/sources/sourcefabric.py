"""The posts of a Sourcefabric Live Blog, as its public API gives them.

Version 1 is ``…/api/client_blogs/<id>/posts`` (with an output's id before ``posts`` if it has
one): Superdesk's ``_items`` of packages, whose parts stand in the group "main". Version 2 is
``…/api/v2/client_blogs/<id>/posts``, with the parts in ``items``. Both in liveblog/liveblog,
server/liveblog/client_modules.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from syndicator.content import EntryContent, Image, Quote
from syndicator.sources.base import ReadingContext, SourceDocument
from syndicator.sources.credit_lines import credit_of, split_credit
from syndicator.sources.entry_body import Piece, read_blocks
from syndicator.sources.headlines import without_repetition
from syndicator.sources.html_blocks import absolute_url, pieces_of_html
from syndicator.sources.json_reader import JsonReader
from syndicator.sources.json_values import (
    Node,
    first_line,
    identifier,
    line,
    lines,
    listed,
    node,
    nodes,
    string,
    whole_number,
)
from syndicator.sources.marked_headlines import split_marked_headline
from syndicator.sources.page_furniture import FurnitureLeftOut
from syndicator.sources.quotations import without_marks
from syndicator.sources.renditions import Rendition, best_rendition
from syndicator.sources.timestamps import aware_time

_ITEMS = re.compile(r"\"_items\"\s*:")
_OF_A_POST = re.compile(r"\"(?:post_status|groups|lb_highlight|item_type|_links|_meta)\"\s*:")
_VERSION_2 = re.compile(r"/api/v2/client_blogs/")
_PAGE_LENGTH = 100
#: Posts are stamped before they can be found, and clocks differ.
_OVERLAP = timedelta(minutes=5)
#: A post's own time of change is taken a moment before its time of unpublishing.
_STAMPS_DIFFER = timedelta(minutes=5)
_EMPTY = {"ad", "advertisement", "poll", "comment", "post_comment"}


class SourcefabricReader(JsonReader):
    name: ClassVar[str] = "sourcefabric"
    describes: ClassVar[str] = "the posts of a Sourcefabric Live Blog, with their “_items”"
    signs: ClassVar[tuple[re.Pattern[str], ...]] = (_ITEMS, _OF_A_POST)
    listed: ClassVar[str] = "_items"

    def document(self, value: dict[str, Any], context: ReadingContext) -> SourceDocument:
        posts = _Posts(context)
        posts.read(value["_items"])
        return SourceDocument(
            reader=self.name,
            entries=tuple(posts.entries),
            warnings=(*posts.warnings, *posts.furniture.warnings()),
            withdrawn=tuple(posts.withdrawn),
            next_url=_next_url(value, context.source_url),
        )

    def address(self, url: str, since: datetime | None, now: datetime) -> str:
        """The latest posts, the last changed first; with *since*, only those changed after it."""
        query = {"max_results": str(_PAGE_LENGTH), "page": "1"}
        if _VERSION_2.search(url):
            query = {"limit": str(_PAGE_LENGTH), "page": "1", "ordering": "newest_first"}
        else:
            query["source"] = json.dumps(_elastic_query(since), separators=(",", ":"))
        return _with_query(url, query)


@dataclass
class _Posts:
    """Turns the posts of one answer into entries."""

    context: ReadingContext
    entries: list[EntryContent] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    furniture: FurnitureLeftOut = field(default_factory=FurnitureLeftOut)

    def read(self, items: list[Any]) -> None:
        """Read *items*; neither their order nor what is pinned to the top makes a difference."""
        for post in self._newest_versions(items):
            if self._is_withdrawn(post):
                self.withdrawn.append(identifier(post["_id"]))
            elif string(post.get("post_status")) == "open" and (entry := self._entry(post)):
                self.entries.append(entry)
        self.withdrawn.sort()
        earliest = datetime.min.replace(tzinfo=UTC)
        self.entries.sort(key=lambda entry: (entry.published_at or earliest, entry.external_id))

    def _newest_versions(self, items: list[Any]) -> list[Node]:
        """Each post once, as it was last changed."""
        newest: dict[str, tuple[datetime, int, Node]] = {}
        earliest = datetime.min.replace(tzinfo=UTC)
        for number, post in enumerate(items, start=1):
            if not isinstance(post, dict) or not identifier(post.get("_id")):
                self.warnings.append(f"Post {number} was left out: it has no “_id”.")
                continue
            changed = self._time(post, "_updated") or earliest
            version = (changed, whole_number(post.get("_version")) or 0, post)
            name = identifier(post["_id"])
            if name not in newest or newest[name][:2] <= version[:2]:
                newest[name] = version
        return [post for _, _, post in newest.values()]

    def _is_withdrawn(self, post: Node) -> bool:
        if post.get("deleted") is True:
            return True
        unpublished_at = self._time(post, "unpublished_date")
        if unpublished_at is None or string(post.get("post_status")) == "comment":
            return False
        changed_at = self._time(post, "_updated")
        if changed_at and unpublished_at > changed_at + _STAMPS_DIFFER:
            # It is planned and has not come to pass.
            return False
        published_at = self._time(post, "published_date")
        return published_at is None or unpublished_at > published_at

    def _entry(self, post: Node) -> EntryContent | None:
        name = identifier(post["_id"])
        headline = line(post.get("headline"))
        pieces: list[Piece] = []
        for item in _items_of(post):
            marked, found = self._pieces(item)
            if marked and not headline and not pieces:
                headline = marked
            else:
                pieces.extend([marked] if marked else [])
            pieces.extend(found)
        headline, blocks = without_repetition(headline, read_blocks(self.furniture.rest_of(pieces)))
        if not headline and not blocks:
            self.warnings.append(f"Post “{name}” was left out: nothing in it is text or picture.")
            return None
        return EntryContent(
            external_id=name,
            author=_author(post),
            headline=headline,
            published_at=self._time(post, "published_date") or self._time(post, "_created"),
            blocks=blocks,
            key_event=post.get("lb_highlight") is True,
            tags=lines(listed(post.get("tags"))),
        )

    def _pieces(self, item: Node) -> tuple[str, list[Piece]]:
        """The heading that *item* begins with, and the rest of it."""
        kind = string(item.get("item_type")).lower().strip()
        meta = node(item.get("meta"))
        if kind == "text":
            heading, rest = split_marked_headline(string(item.get("text")))
            return heading, pieces_of_html(rest, self._base_url)
        if kind == "quote":
            return "", list(_quote(item, meta))
        if kind == "image":
            return "", list(self._image(item, meta))
        if kind == "embed":
            return "", list(self._embed(meta))
        if kind and kind.split()[0] not in _EMPTY:
            self.warnings.append(f"A part was left out: “{line(kind)[:40]}” is not text.")
        return "", []

    def _image(self, item: Node, meta: Node) -> Iterator[Image]:
        media = node(meta.get("media"))
        renditions = node(media.get("renditions")) or node(item.get("renditions"))
        url = best_rendition(
            Rendition(
                absolute_url(string(one.get("href")), self._base_url),
                string(name),
                max(0, whole_number(one.get("width")) or 0),
                max(0, whole_number(one.get("height")) or 0),
            )
            for name, one in renditions.items()
            if isinstance(one, dict)
        )
        caption, credit = line(meta.get("caption")), line(meta.get("credit"))
        if not credit:
            caption, credit = split_credit(caption)
        alt = first_line(media.get("alt_text"), meta.get("alt_text"), meta.get("alt"))
        if url or caption or credit:
            yield Image(caption, credit_of(credit) or credit, alt, url)

    def _embed(self, meta: Node) -> Iterator[Piece]:
        """What an embedded post says as a quote; of anything else, its title."""
        found = pieces_of_html(string(meta.get("html")), self._base_url)
        quotes = [piece for piece in found if isinstance(piece, Quote)]
        yield from quotes
        if not quotes and (title := line(meta.get("title"))):
            yield title

    @property
    def _base_url(self) -> str:
        return self.context.source_url or self.context.canonical_url

    def _time(self, post: Node, name: str) -> datetime | None:
        return aware_time(string(post.get(name)), self.context.time_zone)


def _items_of(post: Node) -> list[Node]:
    """The parts of *post* in their order."""
    if items := nodes(post.get("items")):
        return items
    main = [group for group in nodes(post.get("groups")) if string(group.get("id")) == "main"]
    parts = [ref.get("item") for group in main for ref in nodes(group.get("refs"))]
    return [part for part in parts if isinstance(part, dict) and part.get("deleted") is not True]


def _quote(item: Node, meta: Node) -> Iterator[Piece]:
    said = string(meta.get("quote")) or string(item.get("text"))
    words = [
        piece if isinstance(piece, str) else piece.text.replace("\n", " ")
        for piece in pieces_of_html(said)
        if not isinstance(piece, Image)
    ]
    if text := without_marks(" ".join(filter(None, words))):
        yield Quote(text, line(meta.get("credit")).lstrip("–—- "))


def _author(post: Node) -> str:
    """Whom the blog shows as the author; of a post from another blog, who wrote it there."""
    for name in ("publisher", "syndicated_creator", "original_creator"):
        person = node(post.get(name))
        if shown := first_line(person.get("display_name"), person.get("byline")):
            return shown
    return ""


def _elastic_query(since: datetime | None) -> dict[str, Any]:
    query: dict[str, Any] = {"sort": [{"_updated": {"order": "desc"}}]}
    if since is not None:
        start = (since - _OVERLAP).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
        # No post_filter: the server writes a condition of its own into the first range there.
        query["query"] = {"bool": {"must": [{"range": {"_updated": {"gte": start}}}]}}
    return query


def _next_url(answer: Node, source_url: str) -> str:
    """The address of the page after this one, if there is one."""
    following = node(node(answer.get("_links")).get("next")).get("href")
    meta = node(answer.get("_meta"))
    page, length, total = (
        whole_number(meta.get(name)) or 0 for name in ("page", "max_results", "total")
    )
    if not absolute_url(source_url, "") or not 0 < page < 1_000_000:
        return absolute_url(string(following), source_url)
    # Where the link is relative, nobody knows to what: it is the same address, one page on.
    if following or 0 < page * length < total:
        return _with_query(source_url, {"page": str(page + 1)})
    return ""


def _with_query(url: str, changes: dict[str, str]) -> str:
    parts = urlsplit(url)
    kept = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in changes
    ]
    query = urlencode([*kept, *changes.items()])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
