"""What a newsroom's own system says of its entries, and how it is taken in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from ninja import Field, Schema

from syndicator.content import EntryContent, MalformedContent, blocks_from_json, clean_text
from syndicator.entries.ingest import Change, Ingested, ingest_all, withdraw_all
from syndicator.entries.models import Source
from syndicator.sources.base import SourceDocument
from syndicator.sources.html_blocks import absolute_url
from syndicator.sources.limits import LONGEST_PERMALINK
from syndicator.sources.permalinks import with_permalinks
from syndicator.sources.timestamps import is_plausible

#: Of a picture.
LONGEST_URL = 2000
#: Entries in one call.
MOST_ENTRIES = 500


class NotTaken(Exception):
    """Nothing was changed; *status* is an HTTP status, the text a sentence that says why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class NoSuchEntry(NotTaken):
    def __init__(self, external_id: str) -> None:
        super().__init__(404, f"This live blog has no entry with the external id “{external_id}”.")


Text = Annotated[str, Field(max_length=50_000)]
Address = Annotated[str, Field(max_length=2000)]


class ParagraphIn(Schema):
    type: Literal["paragraph"]
    text: Text


class ListIn(Schema):
    type: Literal["list"]
    items: Annotated[list[Text], Field(max_length=500)]
    ordered: bool = False


class QuoteIn(Schema):
    type: Literal["quote"]
    text: Text = Field(description="The words, without their outer quotation marks.")
    speaker: Annotated[str, Field(max_length=500)] = ""


class ImageIn(Schema):
    type: Literal["image"]
    url: Text = Field(
        "",
        description="An absolute http or https address, or nothing.",
        json_schema_extra={"maxLength": LONGEST_URL},
    )
    text: Text = Field("", description="The caption.")
    credit: Annotated[str, Field(max_length=500)] = Field(
        "", description="Who must be credited, without “Foto:”."
    )
    alt: Text = ""


BlockIn = Annotated[ParagraphIn | ListIn | QuoteIn | ImageIn, Field(discriminator="type")]


class EntryIn(Schema):
    external_id: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")] = Field(
        description="The entry's own name in your system. "
        "Sending it again replaces the entry, so send all of it."
    )
    state: Literal["live", "withdrawn"] = Field(
        "live", description="“withdrawn” takes the entry back; its other fields are then ignored."
    )
    author: Annotated[str, Field(max_length=300)] = ""
    headline: Annotated[str, Field(max_length=1000)] = ""
    published_at: datetime | None = Field(
        None, description="ISO 8601; without a zone it is the live blog's. Default: on arrival."
    )
    embargo_until: datetime | None = Field(
        None,
        description="ISO 8601; without a zone it is the live blog's. Nothing of the entry is "
        "posted before.",
    )
    permalink: Address = Field(
        "",
        description="Absolute, or relative to the live blog's page. "
        "Default: the page with the external id as fragment.",
    )
    key_event: bool = False
    tags: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=50)] = []
    blocks: Annotated[list[BlockIn], Field(max_length=500)] = []


class EntryOut(Schema):
    id: int
    external_id: str
    state: Literal["live", "withdrawn"]
    revision: int
    permalink: str
    published_at: datetime
    changed_at: datetime


class IngestedOut(Schema):
    change: Change
    entry: EntryOut

    @classmethod
    def of(cls, ingested: Ingested) -> IngestedOut:
        return cls(change=ingested.change, entry=EntryOut.from_orm(ingested.entry))


class Problem(Schema):
    detail: str


class EntriesIn(Schema):
    entries: Annotated[list[EntryIn], Field(min_length=1, max_length=MOST_ENTRIES)] = Field(
        description="Each with another external id; they are taken in in this order."
    )


class EntriesOut(Schema):
    results: list[IngestedOut] = Field(description="One for each entry, in their order.")


def take(
    source: Source, entries: Sequence[EntryIn], *, unknown_may_go: bool = False
) -> list[Ingested]:
    """Take all of *entries* in, each of another name, or raise `NotTaken`; in their order.

    To take back what is not known is an error, unless *unknown_may_go*: then it is left out.
    """
    _must_differ(entries)
    contents = [_taken(source, entry) for entry in entries if entry.state == "live"]
    gone = [entry.external_id for entry in entries if entry.state == "withdrawn"]
    with transaction.atomic():
        ingested = [
            *(ingest_all(source, contents) if contents else ()),
            *(withdraw_all(source, gone) if gone else ()),
        ]
        by_name = {one.entry.external_id: one for one in ingested}
        for name in gone:
            if name not in by_name and not unknown_may_go:
                raise NoSuchEntry(name)
    return [by_name[entry.external_id] for entry in entries if entry.external_id in by_name]


def take_back(source: Source, external_id: str) -> Ingested:
    """Withdraw one entry, or raise `NoSuchEntry`."""
    taken = withdraw_all(source, [external_id]) if "\0" not in external_id else []
    if not taken:
        raise NoSuchEntry(external_id)
    return taken[0]


def _must_differ(entries: Sequence[EntryIn]) -> None:
    names = set()
    for entry in entries:
        if entry.external_id in names:
            raise NotTaken(422, f"The external id “{entry.external_id}” is there more than once.")
        names.add(entry.external_id)


def _taken(source: Source, entry: EntryIn) -> EntryContent:
    try:
        return _content(source, entry)
    except MalformedContent as error:
        raise NotTaken(422, f"The entry “{entry.external_id}” was not taken: {error}.") from error


def _content(source: Source, entry: EntryIn) -> EntryContent:
    zone = ZoneInfo(source.blog.time_zone)
    published_at, embargo_until = entry.published_at, entry.embargo_until
    if published_at and timezone.is_naive(published_at):
        published_at = published_at.replace(tzinfo=zone)
    if embargo_until and timezone.is_naive(embargo_until):
        # Of an hour that comes twice in autumn the second: never too early.
        embargo_until = embargo_until.replace(tzinfo=zone, fold=1)
    for name, moment in (("published_at", published_at), ("embargo_until", embargo_until)):
        if moment is not None and not is_plausible(moment):
            raise MalformedContent(f"its “{name}” is not of the years 1970 to 2200")
    blocks: list[dict[str, Any]] = [block.model_dump() for block in entry.blocks]
    content = EntryContent(
        external_id=entry.external_id,
        author=clean_text(entry.author),
        headline=clean_text(entry.headline),
        published_at=published_at,
        permalink=entry.permalink,
        blocks=blocks_from_json(blocks),
        key_event=entry.key_event,
        tags=tuple(filter(None, map(clean_text, entry.tags))),
        embargo_until=embargo_until,
    )
    for number, block in enumerate(entry.blocks, start=1):
        if isinstance(block, ImageIn) and block.url and not _is_web_address(block.url):
            raise MalformedContent(
                f"the “url” of its block {number} is no http or https address of at most "
                f"{LONGEST_URL} characters"
            )
    if not content.headline and not content.blocks:
        raise MalformedContent("it has neither a headline nor any block")
    pushed = SourceDocument("push", (content,))
    content = with_permalinks(pushed, source.blog.canonical_url).entries[0]
    if len(content.permalink) > LONGEST_PERMALINK:
        # Of a relative one, or of the external id, it may be longer than what was sent.
        raise MalformedContent(f"its permalink is longer than {LONGEST_PERMALINK} characters")
    return content


def _is_web_address(url: str) -> bool:
    # What stands around it would not be part of it.
    return len(url) <= LONGEST_URL and absolute_url(url, "") == url
