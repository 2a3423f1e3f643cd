"""The push API: a newsroom's own system sends its entries here.

An answer comes after the commit and names the entry; the same call again changes nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, NinjaAPI, Schema, Status
from ninja.errors import HttpError
from ninja.security import HttpBearer

from syndicator.content import EntryContent, MalformedContent, blocks_from_json, clean_text
from syndicator.entries.ingest import Change, Ingested, ingest, withdraw
from syndicator.entries.models import Entry, Source, hash_token
from syndicator.sources.base import SourceDocument
from syndicator.sources.permalinks import with_permalinks


class SourceToken(HttpBearer):
    """``Authorization: Bearer <token of the source>``."""

    def authenticate(self, request: HttpRequest, token: str) -> Source | None:
        return Source.objects.select_related("blog").filter(token_hash=hash_token(token)).first()


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
    url: Address = ""
    text: Text = Field("", description="The caption.")
    credit: Annotated[str, Field(max_length=500)] = Field(
        "", description="Who must be credited, without “Foto:”."
    )
    alt: Text = ""


BlockIn = Annotated[ParagraphIn | ListIn | QuoteIn | ImageIn, Field(discriminator="type")]


class EntryIn(Schema):
    external_id: Annotated[str, Field(min_length=1, max_length=200)] = Field(
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


class Problem(Schema):
    detail: str


api = NinjaAPI(
    title="Syndicator push API",
    version="1",
    docs_url=None,
    auth=SourceToken(),
)


@api.post(
    "blogs/{slug}/entries",
    response={200: IngestedOut, 201: IngestedOut, 401: Problem, 404: Problem, 422: Problem},
    summary="Create, update or withdraw an entry",
)
def push_entry(request: HttpRequest, slug: str, entry: EntryIn) -> Status[IngestedOut]:
    source = _source(request, slug)
    if entry.state == "withdrawn":
        return _withdraw(source, entry.external_id)
    try:
        ingested = ingest(source, _content(source, entry))
    except MalformedContent as error:
        raise HttpError(422, f"The entry was not taken: {error}.") from error
    return Status(201 if ingested.change == Change.CREATED else 200, _out(ingested))


@api.delete(
    "blogs/{slug}/entries/{external_id}",
    response={200: IngestedOut, 401: Problem, 404: Problem},
    summary="Withdraw an entry",
)
def withdraw_entry(request: HttpRequest, slug: str, external_id: str) -> Status[IngestedOut]:
    return _withdraw(_source(request, slug), external_id)


@api.get(
    "blogs/{slug}/entries/{external_id}",
    response={200: EntryOut, 401: Problem, 404: Problem},
    summary="Read an entry back",
)
def read_entry(request: HttpRequest, slug: str, external_id: str) -> Entry:
    source = _source(request, slug)
    entry = Entry.objects.filter(blog=source.blog_id, external_id=external_id).first()
    if entry is None:
        raise _no_such_entry(external_id)
    return entry


def _source(request: HttpRequest, slug: str) -> Source:
    source: Source = request.auth  # type: ignore[attr-defined]
    if source.blog.slug != slug:
        raise HttpError(404, f"This token does not belong to a live blog called “{slug}”.")
    return source


def _withdraw(source: Source, external_id: str) -> Status[IngestedOut]:
    try:
        return Status(200, _out(withdraw(source, external_id)))
    except Entry.DoesNotExist:
        raise _no_such_entry(external_id) from None


def _no_such_entry(external_id: str) -> HttpError:
    return HttpError(404, f"This live blog has no entry with the external id “{external_id}”.")


def _content(source: Source, entry: EntryIn) -> EntryContent:
    zone = ZoneInfo(source.blog.time_zone)
    published_at, embargo_until = entry.published_at, entry.embargo_until
    if published_at and timezone.is_naive(published_at):
        published_at = published_at.replace(tzinfo=zone)
    if embargo_until and timezone.is_naive(embargo_until):
        # Of an hour that comes twice in autumn the second: never too early.
        embargo_until = embargo_until.replace(tzinfo=zone, fold=1)
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
    if not content.headline and not content.blocks:
        raise MalformedContent("it has neither a headline nor any block")
    pushed = SourceDocument("push", (content,))
    return with_permalinks(pushed, source.blog.canonical_url).entries[0]


def _out(ingested: Ingested) -> IngestedOut:
    return IngestedOut(change=ingested.change, entry=EntryOut.from_orm(ingested.entry))
