"""The push API: a newsroom's own system sends its entries here.

An answer comes after the commit and names the entry; the same call again changes nothing.
"""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Status
from ninja.errors import HttpError
from ninja.security import HttpBearer

from syndicator.entries.ingest import Change
from syndicator.entries.models import Entry, Source, hash_token
from syndicator.entries.pushed import (
    EntriesIn,
    EntriesOut,
    EntryIn,
    EntryOut,
    IngestedOut,
    NoSuchEntry,
    NotTaken,
    Problem,
    take,
    take_back,
)


class SourceToken(HttpBearer):
    """``Authorization: Bearer <token of the source>``."""

    def authenticate(self, request: HttpRequest, token: str) -> Source | None:
        return Source.objects.select_related("blog").filter(token_hash=hash_token(token)).first()


#: By `DATA_UPLOAD_MAX_MEMORY_SIZE`.
TOO_BIG = "A call may have 2.5 MB. Send fewer entries at once."

api = NinjaAPI(
    title="Syndicator push API",
    version="1",
    docs_url=None,
    auth=SourceToken(),
)


@api.exception_handler(NotTaken)
def _not_taken(request: HttpRequest, error: NotTaken) -> HttpResponse:
    return api.create_response(request, {"detail": str(error)}, status=error.status)


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return api.create_response(request, {"detail": TOO_BIG}, status=413)


@api.post(
    "blogs/{slug}/entries",
    response={
        200: IngestedOut,
        201: IngestedOut,
        401: Problem,
        404: Problem,
        413: Problem,
        422: Problem,
    },
    summary="Create, update or withdraw an entry",
)
def push_entry(request: HttpRequest, slug: str, entry: EntryIn) -> Status[IngestedOut]:
    (ingested,) = take(_source(request, slug), [entry])
    return Status(201 if ingested.change == Change.CREATED else 200, IngestedOut.of(ingested))


@api.api_operation(
    ["POST", "PUT"],
    "blogs/{slug}/entries/batch",
    response={200: EntriesOut, 401: Problem, 404: Problem, 413: Problem, 422: Problem},
    summary="Create, update or withdraw many entries: all of them, or none",
)
def push_entries(request: HttpRequest, slug: str, batch: EntriesIn) -> EntriesOut:
    taken = take(_source(request, slug), batch.entries)
    return EntriesOut(results=[IngestedOut.of(one) for one in taken])


@api.delete(
    "blogs/{slug}/entries/{external_id}",
    response={200: IngestedOut, 401: Problem, 404: Problem},
    summary="Withdraw an entry",
)
def withdraw_entry(request: HttpRequest, slug: str, external_id: str) -> Status[IngestedOut]:
    return Status(200, IngestedOut.of(take_back(_source(request, slug), external_id)))


@api.get(
    "blogs/{slug}/entries/{external_id}",
    response={200: EntryOut, 401: Problem, 404: Problem},
    summary="Read an entry back",
)
def read_entry(request: HttpRequest, slug: str, external_id: str) -> Entry:
    source = _source(request, slug)
    named = Entry.objects.filter(blog=source.blog_id, external_id=external_id)
    entry = None if "\0" in external_id else named.first()
    if entry is None:
        raise NoSuchEntry(external_id)
    return entry


@api.delete("blogs/{slug}/entries/batch", response=IngestedOut, include_in_schema=False)
def withdraw_entry_called_batch(request: HttpRequest, slug: str) -> Status[IngestedOut]:
    """An entry may have any name, also that of the address for many."""
    return withdraw_entry(request, slug, "batch")


@api.get("blogs/{slug}/entries/batch", response=EntryOut, include_in_schema=False)
def read_entry_called_batch(request: HttpRequest, slug: str) -> Entry:
    return read_entry(request, slug, "batch")


def _source(request: HttpRequest, slug: str) -> Source:
    source: Source = request.auth  # type: ignore[attr-defined]
    if source.blog.slug != slug:
        raise HttpError(404, f"This token does not belong to a live blog called “{slug}”.")
    return source
