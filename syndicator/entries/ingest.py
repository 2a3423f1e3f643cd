"""The one way in: every entry, from whatever source, is upserted here and rings the renderer.

Saying the same thing twice changes nothing: an edit is a changed content hash, never a touched
timestamp.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from django.db import transaction

from syndicator import queue
from syndicator.clock import database_now
from syndicator.content import EntryContent
from syndicator.entries.models import (
    Entry,
    EntryRevision,
    EntryState,
    LiveBlog,
    Retraction,
    Source,
)
from syndicator.steps import Step, reached


class Change(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    WITHDRAWN = "withdrawn"
    REPUBLISHED = "republished"
    UNCHANGED = "unchanged"
    #: An editor took the entry back: what the source says is kept until they lift that.
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True)
class Ingested:
    entry: Entry
    change: Change


def ingest(source: Source, content: EntryContent) -> Ingested:
    """Create the entry, or update it if its content changed; republish it if it was withdrawn.

    *content* has an absolute permalink. An entry that came without a time gets that of its
    arrival, and keeps it.
    """
    if not content.permalink:
        raise ValueError(f"entry {content.external_id} has no permalink")
    reached(Step.INGEST_STARTED)
    with transaction.atomic():
        # One writer per blog at a time: two pushes of one new entry must not both insert.
        blog = LiveBlog.objects.select_for_update(no_key=True).get(pk=source.blog_id)
        now = database_now()
        entry = Entry.objects.filter(blog=blog, external_id=content.external_id).first()
        if entry is None:
            arrived = _arrival(blog, now)
            entry = Entry(
                blog=blog,
                source=source,
                external_id=content.external_id,
                revision=0,
                published_at=content.published_at or arrived,
                received_at=arrived,
            )
            change = Change.CREATED
        elif retraction := _standing(entry):
            return Ingested(entry, _keep(retraction, EntryState.LIVE, content))
        elif entry.state == EntryState.WITHDRAWN:
            change = Change.REPUBLISHED
        elif entry.content_hash != content.content_hash() or _embargo_moved(entry, content, now):
            change = Change.UPDATED
        else:
            return Ingested(entry, Change.UNCHANGED)
        entry.state = EntryState.LIVE
        take_over(entry, content)
        record(entry, now)
    return Ingested(entry, change)


def withdraw(source: Source, external_id: str) -> Ingested:
    """Take an entry back. `Entry.DoesNotExist` if the blog never had it."""
    reached(Step.INGEST_STARTED)
    with transaction.atomic():
        blog = LiveBlog.objects.select_for_update(no_key=True).get(pk=source.blog_id)
        entry = Entry.objects.get(blog=blog, external_id=external_id)
        if retraction := _standing(entry):
            return Ingested(entry, _keep(retraction, EntryState.WITHDRAWN, None))
        if entry.state == EntryState.WITHDRAWN:
            return Ingested(entry, Change.UNCHANGED)
        entry.state = EntryState.WITHDRAWN
        record(entry, database_now())
    return Ingested(entry, Change.WITHDRAWN)


def _embargo_moved(entry: Entry, content: EntryContent, now: datetime) -> bool:
    """Whether that makes a difference: not if both times are over."""
    times = (entry.embargo_until, content.embargo_until)
    return times[0] != times[1] and any(time is not None and time > now for time in times)


def take_over(entry: Entry, content: EntryContent) -> None:
    """Have *entry*, which is not saved here, say what *content* says."""
    entry.content_hash = content.content_hash()
    entry.author = content.author
    entry.headline = content.headline
    entry.permalink = content.permalink
    entry.blocks = [block.to_json() for block in content.blocks]
    entry.key_event = content.key_event
    entry.tags = list(content.tags)
    entry.embargo_until = content.embargo_until
    if content.published_at:
        entry.published_at = content.published_at


def _standing(entry: Entry) -> Retraction | None:
    """The retraction that holds for *entry*, if an editor took it back."""
    if entry.state != EntryState.WITHDRAWN:
        return None
    return Retraction.objects.filter(entry=entry, lifted_at=None).first()


def _keep(retraction: Retraction, state: EntryState, content: EntryContent | None) -> Change:
    """Note what the source says while an editor's retraction outranks it."""
    known = retraction.kept or retraction.entry.content
    same_content = content is None or (content.content_hash(), content.embargo_until) == (
        known.content_hash(),
        known.embargo_until,
    )
    if same_content and state == retraction.source_state:
        return Change.UNCHANGED
    retraction.source_state = state
    if content is not None:
        retraction.source_content = content.to_json()
    retraction.save(update_fields=["source_state", "source_content"])
    return Change.RETRACTED


def _arrival(blog: LiveBlog, now: datetime) -> datetime:
    """When an entry came in: never before the one that came before it, whatever the clock does."""
    before = (
        Entry.objects.filter(blog=blog)
        .order_by("-pk")
        .values_list("received_at", flat=True)
        .first()
    )
    return max(now, before) if before else now


def record(entry: Entry, now: datetime) -> None:
    """Save *entry* as its next revision and ring the renderer. The caller holds the blog's lock."""
    entry.revision += 1
    entry.changed_at = now
    entry.render_due_at = now
    entry.render_tried_at = None
    entry.render_tries = 0
    entry.save()
    EntryRevision.objects.create(
        entry=entry,
        revision=entry.revision,
        state=entry.state,
        content=entry.content.to_json(),
        recorded_at=now,
    )
    reached(Step.INGEST_WRITTEN)
    transaction.on_commit(partial(reached, Step.INGEST_COMMITTED))
    queue.after_commit(queue.RENDER_ENTRY, entry.pk)
