"""Syndicator's own JSON, described by docs/schemas/liveblog.schema.json."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from syndicator.content import (
    Block,
    EntryContent,
    Image,
    MalformedContent,
    block_from_json,
    clean_text,
)
from syndicator.sources.base import ReadingContext, SourceDocument
from syndicator.sources.html_blocks import absolute_url
from syndicator.sources.json_reader import JsonReader
from syndicator.sources.timestamps import is_plausible, iso_time

LIVE_BLOG_FIELDS = frozenset({"title", "url", "language"})
ENTRY_FIELDS = frozenset(
    {
        "external_id",
        "author",
        "headline",
        "published_at",
        "embargo_until",
        "permalink",
        "key_event",
        "tags",
        "blocks",
    }
)
#: What `syndicator import --dry-run --format json` adds to an entry: how it would be posted.
_PRINTED_FIELDS = frozenset({"posts"})
_ENTRIES = re.compile(r"\"entries\"\s*:")


class LiveBlogJsonReader(JsonReader):
    name: ClassVar[str] = "liveblog-json"
    describes: ClassVar[str] = "a JSON file in Syndicator's own format, with its “entries”"
    signs: ClassVar[tuple[re.Pattern[str], ...]] = (_ENTRIES,)
    listed: ClassVar[str] = "entries"

    def document(self, value: dict[str, Any], context: ReadingContext) -> SourceDocument:
        about = value.get("live_blog", {})
        if not isinstance(about, dict):
            raise self.refused("Found a JSON file whose “live_blog” is not an object.")
        warnings: list[str] = []
        try:
            said = _Fields(about, "live_blog")
            url = _web_address(said.text("url"))
            context = replace(context, canonical_url=context.canonical_url or url)
            return SourceDocument(
                reader=self.name,
                entries=tuple(
                    _entry(item, number, context, warnings)
                    for number, item in enumerate(value["entries"], start=1)
                ),
                title=said.text("title"),
                canonical_url=url,
                language=said.text("language"),
                warnings=tuple(warnings),
            )
        except MalformedContent as error:
            raise self.refused(f"Found an error in {error}.") from error


class _Fields:
    """The fields of one object, read with errors that say where they are."""

    def __init__(self, data: Mapping[str, Any], where: str) -> None:
        self._data = data
        self._where = where

    def error(self, name: str, problem: str) -> MalformedContent:
        return MalformedContent(f"{self._where}, field “{name}”: {problem}")

    def text(self, name: str) -> str:
        value = self._data.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.error(name, "it must be a string")
        return clean_text(value)

    def flag(self, name: str) -> bool:
        value = self._data.get(name, False)
        if not isinstance(value, bool):
            raise self.error(name, "it must be true or false")
        return value

    def array(self, name: str) -> list[Any]:
        value = self._data.get(name, [])
        if not isinstance(value, list):
            raise self.error(name, "it must be an array")
        return value


def _entry(item: Any, number: int, context: ReadingContext, warnings: list[str]) -> EntryContent:
    where = f"entry {number}"
    if not isinstance(item, dict):
        raise MalformedContent(f"{where}: it must be an object")
    said = _Fields(item, where)
    warnings.extend(
        f"Entry {number}: the unknown field “{clean_text(name)}” was left out."
        for name in sorted(item.keys() - ENTRY_FIELDS - _PRINTED_FIELDS)
    )
    external_id = said.text("external_id")
    if not external_id:
        raise said.error("external_id", "it must not be empty")
    tags = said.array("tags")
    if not all(isinstance(tag, str) for tag in tags):
        raise said.error("tags", "all of them must be strings")
    headline = said.text("headline")
    blocks, unclear = _with_web_pictures(_blocks(said), context.canonical_url)
    if unclear:
        warnings.append(f"Entry {number}: a picture was left out, whose “url” is no web address.")
    if not headline and not blocks:
        raise said.error("blocks", "an entry needs a headline or at least one block")
    return EntryContent(
        external_id=external_id,
        author=said.text("author"),
        headline=headline,
        published_at=_published_at(said, number, context, warnings),
        permalink=said.text("permalink"),
        blocks=blocks,
        key_event=said.flag("key_event"),
        tags=tuple(filter(None, map(clean_text, tags))),
        embargo_until=_embargo_until(said, context),
    )


def _published_at(
    said: _Fields, number: int, context: ReadingContext, warnings: list[str]
) -> datetime | None:
    moment = _time(said, "published_at", context)
    if moment is None or is_plausible(moment):
        return moment
    warnings.append(f"Entry {number}: the date “{said.text('published_at')[:40]}” is unclear.")
    return None


def _embargo_until(said: _Fields, context: ReadingContext) -> datetime | None:
    moment = _time(said, "embargo_until", context)
    if moment is None or is_plausible(moment):
        return moment
    raise said.error("embargo_until", "it must be of the years 1970 to 2200")


def _time(said: _Fields, name: str, context: ReadingContext) -> datetime | None:
    stated = said.text(name)
    if not stated:
        return None
    moment = iso_time(stated, context.time_zone)
    if moment is None:
        raise said.error(name, "it must be a date and time in ISO 8601")
    return moment


def _blocks(said: _Fields) -> tuple[Block, ...]:
    blocks = []
    for number, item in enumerate(said.array("blocks"), start=1):
        try:
            blocks.append(block_from_json(item))
        except MalformedContent as error:
            raise said.error(f"blocks[{number}]", str(error)) from error
    return tuple(blocks)


def _with_web_pictures(blocks: tuple[Block, ...], page: str) -> tuple[tuple[Block, ...], bool]:
    """*blocks* with pictures on the web only, and whether that left any out; captions stay."""
    kept = [
        replace(block, url=absolute_url(block.url, page)) if isinstance(block, Image) else block
        for block in blocks
    ]
    unclear = [
        isinstance(old, Image) and bool(old.url) and isinstance(new, Image) and not new.url
        for old, new in zip(blocks, kept, strict=True)
    ]
    shown = (
        block
        for block, lost in zip(kept, unclear, strict=True)
        if not lost or block.text or (isinstance(block, Image) and block.credit)
    )
    return tuple(shown), any(unclear)


def _web_address(url: str) -> str:
    if url and not absolute_url(url, ""):
        raise MalformedContent("live_blog, field “url”: it must be an http or https address")
    return url
