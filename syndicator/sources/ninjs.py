"""IPTC ninjs, versions 1 to 3: one news item, a list of them, or a package.

The versions differ in how they write names ("versioncreated", "versionCreated") and in whether
there are several of a thing ("headline", "headlines"): see iptc.org/standards/ninjs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from syndicator.content import EntryContent, Image
from syndicator.sources.base import ReadingContext, SourceDocument
from syndicator.sources.bylines import without_prefix
from syndicator.sources.credit_lines import caption_key, credit_of, split_credit
from syndicator.sources.entry_body import Piece, read_blocks, with_attached
from syndicator.sources.headlines import without_repetition
from syndicator.sources.html_blocks import (
    absolute_url,
    has_block_markup,
    pieces_of_html,
    text_of_html,
)
from syndicator.sources.json_reader import JsonReader
from syndicator.sources.json_values import (
    Node,
    first_line,
    identifier,
    line,
    lines,
    listed,
    nodes,
    string,
    whole_number,
)
from syndicator.sources.marked_headlines import split_marked_headline
from syndicator.sources.page_furniture import FurnitureLeftOut
from syndicator.sources.renditions import Rendition, best_rendition
from syndicator.sources.timestamps import aware_time

_URI = re.compile(r"\"uri\"\s*:")
_OF_NINJS = re.compile(
    r"\"(?:version_?[cC]reated|first_?[cC]reated|pub_?[sS]tatus|body_(?:x?html|text)|bodies)\"\s*:"
)
_PICTURES = ("picture", "graphic", "photo", "image")
#: Where the items of a package stand that is no ninjs item itself.
_WRAPPERS = ("items", "newsitems", "results", "data")
_TAKEN_BACK = ("canceled", "cancelled", "withheld")
_DEEPEST = 5


class NinjsReader(JsonReader):
    name: ClassVar[str] = "ninjs"
    describes: ClassVar[str] = "news items in IPTC ninjs, with their “uri”"
    signs: ClassVar[tuple[re.Pattern[str], ...]] = (_URI, _OF_NINJS)

    def document(self, value: Any, context: ReadingContext) -> SourceDocument:
        package = _Package(context)
        found = list(package.items(value, 0))
        if not found:
            raise self.refused("Found a JSON file without a news item.")
        package.read(found)
        return SourceDocument(
            reader=self.name,
            entries=tuple(package.entries),
            title=package.title,
            language=package.language,
            warnings=(*package.warnings, *package.furniture.warnings()),
            withdrawn=tuple(package.withdrawn),
        )


class _Item:
    """One news item, its fields by their names without capitals and underscores."""

    def __init__(self, values: Node) -> None:
        self._values = {str(name).lower().replace("_", ""): said for name, said in values.items()}

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name)

    @property
    def uri(self) -> str:
        return identifier(self["uri"])

    @property
    def status(self) -> str:
        return string(self["pubstatus"]).strip().lower() or "usable"

    @property
    def kind(self) -> str:
        return string(self["type"]).strip().lower()

    @property
    def has_text(self) -> bool:
        return bool(self.markup().strip())

    @property
    def headline(self) -> str:
        named = [one for one in nodes(self["headlines"]) if string(one.get("value"))]
        named.sort(key=lambda one: string(one.get("role")).lower() != "main")
        return first_line(*(one.get("value") for one in named), self["headline"])

    def markup(self) -> str:
        """The text, with its markup if it is given with any."""
        bodies = [string(one.get("value")) for one in nodes(self["bodies"])]
        bodies += [string(self[name]) for name in ("bodyhtml", "bodyxhtml", "bodytext")]
        return next(filter(has_block_markup, bodies), next(filter(str.strip, bodies), ""))

    def associated(self) -> Iterator[_Item]:
        """The items that belong to this one: a list, or by name as in version 1."""
        said = self["associations"]
        is_map = isinstance(said, dict) and "uri" not in said
        yield from map(_Item, nodes(list(said.values()) if is_map else said))

    def names(self, *fields: str) -> tuple[str, ...]:
        """The names of the things in *fields*, which are objects or plain text."""
        said = [one for name in fields for one in listed(self[name])]
        return lines(one.get("name") if isinstance(one, dict) else one for one in said)


@dataclass
class _Package:
    """Turns news items into entries."""

    context: ReadingContext
    title: str = ""
    language: str = ""
    entries: list[EntryContent] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    furniture: FurnitureLeftOut = field(default_factory=FurnitureLeftOut)

    def items(self, value: Any, depth: int) -> Iterator[_Item]:
        """The news items in *value*: those of a package that has no text of its own, or itself."""
        for one in nodes(value):
            item = _Item(one)
            inner = [given for name in _WRAPPERS if (given := nodes(item[name]))]
            if not item.uri and inner and depth < _DEEPEST:
                yield from self.items(inner[0], depth + 1)
            elif item.uri:
                yield from self._of_package(item, depth)

    def _of_package(self, item: _Item, depth: int) -> Iterator[_Item]:
        texts = [one for one in item.associated() if one.uri and one.kind not in _PICTURES]
        if item.has_text or not texts or depth >= _DEEPEST or item.status in _TAKEN_BACK:
            yield item
            return
        self.title = self.title or item.headline
        self.language = self.language or line(item["language"])
        for one in texts:
            yield from self._of_package(one, depth + 1)

    def read(self, items: list[_Item]) -> None:
        for item in self._newest_versions(items):
            if item.status in _TAKEN_BACK:
                self.withdrawn.append(item.uri)
            elif item.status != "usable":
                self._leave_out(item, f"its status is “{line(item.status)[:40]}”")
            elif item.kind in _PICTURES and not item.has_text:
                self._leave_out(item, "it is a picture without a text")
            elif entry := self._entry(item):
                self.entries.append(entry)
                self.language = self.language or line(item["language"])
        earliest = datetime.min.replace(tzinfo=UTC)
        self.entries.sort(key=lambda entry: entry.published_at or earliest)

    def _newest_versions(self, items: list[_Item]) -> list[_Item]:
        """Each item once, in its newest version."""
        newest: dict[str, tuple[datetime, int, _Item]] = {}
        earliest = datetime.min.replace(tzinfo=UTC)
        for item in items:
            made = self._time(item["versioncreated"]) or earliest
            version = (made, whole_number(item["version"]) or 0, item)
            if item.uri not in newest or newest[item.uri][:2] <= version[:2]:
                newest[item.uri] = version
        return [item for _, _, item in newest.values()]

    def _entry(self, item: _Item) -> EntryContent | None:
        embargo, is_clear = self._embargo(item)
        if not is_clear:
            self._leave_out(item, "its embargo names no time that can be read")
            return None
        headline, markup = item.headline, item.markup()
        if not headline:
            headline, markup = split_marked_headline(markup)
        pieces = self.furniture.rest_of(self._body(markup))
        pieces = with_attached(pieces, self._images(item, pieces))
        headline, blocks = without_repetition(headline, read_blocks(pieces))
        if not headline and not blocks:
            self._leave_out(item, "it has neither headline nor text")
            return None
        if terms := line(item["usageterms"]):
            self.warnings.append(f"“{headline or item.uri}” has terms of use: {terms[:200]}")
        return EntryContent(
            external_id=item.uri,
            author=without_prefix(first_line(item["byline"], item["by"])),
            headline=headline,
            published_at=self._time(item["firstcreated"]) or self._time(item["versioncreated"]),
            blocks=blocks,
            tags=item.names("subjects", "subject", "keywords", "keyword"),
            embargo_until=embargo,
        )

    def _is_free(self, picture: _Item) -> bool:
        return picture.status == "usable" and self._embargo(picture) == (None, True)

    def _embargo(self, item: _Item) -> tuple[datetime | None, bool]:
        """Until when *item* is embargoed, and whether that is clear."""
        for name in ("embargoeduntil", "embargoed"):
            said = item[name]
            if said not in (None, "", False):
                until = self._time(said)
                return until, until is not None
        return None, True

    def _body(self, markup: str) -> list[Piece]:
        if has_block_markup(markup):
            return pieces_of_html(markup, self._base_url)
        return [text for one in markup.splitlines() if (text := text_of_html(one))]

    def _images(self, item: _Item, pieces: list[Piece]) -> list[Image]:
        """The pictures that belong to *item* and that its text does not show already."""
        shown = {piece.url for piece in pieces if isinstance(piece, Image)} - {""}
        captions = {caption_key(piece.text) for piece in pieces if isinstance(piece, Image)} - {""}
        found = []
        for picture in item.associated():
            if picture.kind not in _PICTURES or not self._is_free(picture):
                continue
            image = self._image(picture)
            key = caption_key(image.text)
            is_new = (image.url or key) and image.url not in shown and key not in captions
            if is_new:
                found.append(image)
                shown |= {image.url} - {""}
                captions |= {key} - {""}
        return found

    def _image(self, picture: _Item) -> Image:
        caption = first_line(
            *(one.get("value") for one in nodes(picture["descriptions"])),
            picture["descriptiontext"],
            picture["descriptionhtml"],
        )
        credit = _credit(picture)
        if not credit:
            caption, credit = split_credit(caption)
        else:
            without, run_on = split_credit(caption)
            # The credit is often run on to the caption as well.
            caption = without if run_on and caption_key(run_on) == caption_key(credit) else caption
        alt = first_line(picture["alttext"], picture["alt"])
        return Image(caption, credit, alt, best_rendition(self._renditions(picture)))

    def _renditions(self, picture: _Item) -> Iterator[Rendition]:
        said = picture["renditions"]
        is_map = isinstance(said, dict) and "href" not in said
        named = said.items() if is_map else (("", one) for one in nodes(said))
        for name, values in named:
            if not isinstance(values, dict):
                continue
            one = _Item(values)
            media_type = first_line(one["contenttype"], one["mimetype"]).lower()
            if media_type.startswith("image/") or not media_type:
                yield Rendition(
                    absolute_url(string(one["href"]), self._base_url),
                    line(name) or line(one["name"]),
                    max(0, whole_number(one["width"]) or 0),
                    max(0, whole_number(one["height"]) or 0),
                )

    def _leave_out(self, item: _Item, reason: str) -> None:
        self.warnings.append(f"“{item.headline or item.uri}” was left out: {reason}.")

    @property
    def _base_url(self) -> str:
        return self.context.source_url or self.context.canonical_url

    def _time(self, value: Any) -> datetime | None:
        return aware_time(value, self.context.time_zone) if isinstance(value, str) else None


def _credit(picture: _Item) -> str:
    """Who must be credited: a line that says so, or photographer and agency."""
    if said := first_line(picture["creditline"]):
        return credit_of(said) or said
    person = without_prefix(first_line(picture["byline"], picture["by"]))
    owner = line(picture["copyrightholder"])
    if person and owner and caption_key(owner) not in caption_key(person):
        return f"{person}/{owner}"
    notice = line(picture["copyrightnotice"])
    return person or owner or credit_of(notice)
