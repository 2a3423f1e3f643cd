"""The entries of the WordPress plug-in Liveblog (Automattic), as its API gives them.

REST: ``…/wp-json/liveblog/v1/<post>/entries/<start>/<end>`` (times in seconds since 1970),
``…/get-entries/<page>/<last entry>``; before that, ``<permalink>/liveblog/<start>/<end>/``. An
edit or a deletion is an entry of its own, stamped when it was made, whose ``id`` is that of the
entry it replaces and whose ``entry_time`` is that entry's time. Older releases give no ``type``:
there, an entry without content takes the one of its id back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, ClassVar
from urllib.parse import urldefrag

from syndicator.content import EntryContent, clean_text
from syndicator.sources.base import ReadingContext, SourceDocument
from syndicator.sources.entry_body import read_blocks
from syndicator.sources.headlines import without_repetition
from syndicator.sources.html_blocks import absolute_url, pieces_of_html
from syndicator.sources.json_reader import JsonReader
from syndicator.sources.json_values import (
    Node,
    identifier,
    line,
    lines,
    listed,
    string,
    whole_number,
)
from syndicator.sources.marked_headlines import split_marked_headline
from syndicator.sources.page_furniture import FurnitureLeftOut
from syndicator.sources.timestamps import unix_time

_ENTRIES = re.compile(r"\"entries\"\s*:\s*\[")
_OF_AN_ENTRY = re.compile(
    r"\"(?:share_link|entry_time|latest_timestamp|refresh_interval|html)\"\s*:"
)
_WINDOW = re.compile(
    r"(?P<base>.*?(?:/liveblog/v\d+/\d+(?:/entries)?|/liveblog))"
    r"(?:/(?P<start>\d+)/(?P<end>\d+))?/?(?P<rest>[?&].*)?",
    re.DOTALL,
)
_REST = re.compile(r"/liveblog/v\d+/\d+\Z")
_PAGE = re.compile(r"(?P<before>.*/get-entries/)(?P<page>\d{1,6})(?P<after>/.*)", re.DOTALL)
#: An entry is stamped before it can be found; several may bear the same second.
_OVERLAP = timedelta(minutes=5)
#: The commands of editors stay in the text where the theme shows them.
_COMMAND = re.compile(
    r"<span\b[^<>]{0,300}\bclass=\"[^\"<>]{0,300}\bliveblog-command\b[^<>]{0,300}>[^<>]{0,300}</span>"
    r"|(?<![\w/])/key\b"
)
#: Before there was ``render``, ``html`` held the entry with its frame; the text stands in it.
_TEXT_IN_FRAME = re.compile(
    r"<div\b[^<>]{0,300}\bclass=\"[^\"<>]{0,300}\bliveblog-entry-text\b[^<>]{0,300}>"
)
_STAMP_OF_FRAME = re.compile(r"\bdata-timestamp=\"(?P<stamp>\d{1,20})\"")
_AUTHOR_OF_FRAME = re.compile(
    r"<span\b[^<>]{0,300}\bclass=\"[^\"<>]{0,300}\bliveblog-author-name\b[^<>]{0,300}>"
    r"(?P<author>.{0,500}?)</span>",
    re.DOTALL,
)
_FRAME_ENDS = re.compile(
    r"<(?:ul|p|div)\b[^<>]{0,300}\bclass=\"[^\"<>]{0,300}\bliveblog-entry-(?:actions|edit)"
)


class WordPressLiveblogReader(JsonReader):
    name: ClassVar[str] = "wordpress-liveblog"
    describes: ClassVar[str] = "the entries of the WordPress plug-in Liveblog"
    signs: ClassVar[tuple[re.Pattern[str], ...]] = (_ENTRIES, _OF_AN_ENTRY)
    listed: ClassVar[str] = "entries"

    def document(self, value: dict[str, Any], context: ReadingContext) -> SourceDocument:
        entries = _Entries(context)
        entries.read(value["entries"])
        return SourceDocument(
            reader=self.name,
            entries=tuple(entries.entries),
            warnings=(*entries.warnings, *entries.furniture.warnings()),
            withdrawn=tuple(entries.withdrawn),
            next_url=_next_url(value, context.source_url),
        )

    def address(self, url: str, since: datetime | None, now: datetime) -> str:
        """The entries stamped since *since*, edits and deletions among them, or all of them."""
        asked = _WINDOW.fullmatch(urldefrag(url).url)
        if not asked:
            return url
        base = asked["base"]
        if _REST.search(base) and asked["start"] is None:
            base += "/entries"
        start = 0 if since is None else max(0, int((since - _OVERLAP).timestamp()))
        # The server's clock may be ahead of this one.
        end = int((now + _OVERLAP).timestamp())
        return f"{base}/{start}/{end}{asked['rest'] or ''}"


@dataclass
class _Entries:
    """Turns the entries of one answer into ours."""

    context: ReadingContext
    entries: list[EntryContent] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    furniture: FurnitureLeftOut = field(default_factory=FurnitureLeftOut)

    def read(self, items: list[Any]) -> None:
        for versions in self._by_id(items).values():
            newest = versions[-1]
            if _is_withdrawn(newest):
                self.withdrawn.append(_id(newest))
            elif string(newest.get("status")) in ("", "publish", "liveblog") and (
                entry := self._entry(newest, _published_at(versions))
            ):
                self.entries.append(entry)
        earliest = datetime.min.replace(tzinfo=UTC)
        self.entries.sort(key=lambda entry: entry.published_at or earliest)

    def _by_id(self, items: list[Any]) -> dict[str, list[Node]]:
        """The versions of each entry, the last made at the end."""
        known = []
        for number, item in enumerate(items, start=1):
            if isinstance(item, dict) and _id(item):
                known.append(item)
            else:
                self.warnings.append(f"Entry {number} was left out: it has no “id”.")
        stamps = [_stamp(item) for item in known]
        if sum(a > b for a, b in pairwise(stamps)) > sum(a < b for a, b in pairwise(stamps)):
            known.reverse()
        versions: dict[str, list[Node]] = {}
        for item in sorted(known, key=_stamp):
            versions.setdefault(_id(item), []).append(item)
        return versions

    def _entry(self, item: Node, published_at: datetime | None) -> EntryContent | None:
        markup = _COMMAND.sub("", _markup(item))
        headline = line(item.get("headline"))
        if not headline:
            headline, markup = split_marked_headline(markup)
        base_url = self.context.canonical_url or self.context.source_url
        pieces = self.furniture.rest_of(pieces_of_html(markup, base_url))
        headline, blocks = without_repetition(headline, read_blocks(pieces))
        if not headline and not blocks:
            self.warnings.append(f"Entry “{_id(item)}” was left out: its rendering is empty.")
            return None
        return EntryContent(
            external_id=_id(item),
            author=", ".join(_authors(item)),
            headline=headline,
            published_at=published_at,
            permalink=clean_text(string(item.get("share_link"))),
            blocks=blocks,
            key_event=item.get("key_event") is True or string(item.get("type")) == "key",
        )


def _id(item: Node) -> str:
    return identifier(item.get("id"))


def _stamp(item: Node) -> int:
    """When this version was made, in seconds since 1970."""
    stated = whole_number(item.get("timestamp")) or whole_number(item.get("entry_time"))
    framed = None if stated else _STAMP_OF_FRAME.search(string(item.get("html")))
    return stated or (int(framed["stamp"]) if framed else 0)


def _published_at(versions: list[Node]) -> datetime | None:
    """The time of the entry that all of *versions* are of."""
    times = [unix_time(whole_number(one.get("entry_time"))) for one in versions]
    stamps = [unix_time(_stamp(one) or None) for one in versions]
    return next(filter(None, [*times[::-1], *stamps]), None)


def _is_withdrawn(item: Node) -> bool:
    kind, status = string(item.get("type")), string(item.get("status"))
    if kind == "delete" or (kind == "update" and status in ("draft", "trash", "private")):
        return True
    has_nothing = not _markup(item).strip() and not line(item.get("headline"))
    return has_nothing and kind in ("", "update")


def _markup(item: Node) -> str:
    """The HTML of what *item* says, rendered if the answer has it so."""
    if markup := string(item.get("render")) or string(item.get("content")):
        return markup
    framed = string(item.get("html"))
    text = _TEXT_IN_FRAME.search(framed)
    if not text:
        return framed
    end = _FRAME_ENDS.search(framed, text.end())
    return framed[text.end() : end.start() if end else len(framed)]


def _authors(item: Node) -> Iterator[str]:
    people = [one.get("name") for one in listed(item.get("authors")) if isinstance(one, dict)]
    framed = _AUTHOR_OF_FRAME.search(string(item.get("html")))
    yield from lines(people or [item.get("author_link") or (framed and framed["author"])])


def _next_url(answer: Node, source_url: str) -> str:
    """The address of the next of an answer's pages, which are numbered in their address."""
    asked = _PAGE.fullmatch(source_url)
    page, pages = whole_number(answer.get("page")), whole_number(answer.get("pages"))
    if not asked or page is None or pages is None or not 0 < page < pages:
        return ""
    return absolute_url(f"{asked['before']}{int(asked['page']) + 1}{asked['after']}", "")
