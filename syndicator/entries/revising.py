"""Writes what entries say now, and what they said before: every change is a revision of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from syndicator import queue
from syndicator.content import EntryContent
from syndicator.entries.models import Entry, EntryRevision
from syndicator.steps import Step, reached

#: Rows in one statement, at most: databases limit the values in it.
_AT_ONCE = 200
_CHANGEABLE = (
    *("state", "revision", "content_hash", "author", "headline", "permalink", "blocks"),
    *("key_event", "tags", "published_at", "embargo_until", "changed_at"),
    *("render_due_at", "render_tried_at", "render_tries"),
)


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


def record(entries: Sequence[Entry], now: datetime) -> None:
    """Save *entries*, new ones and changed ones, as their next revisions and ring the renderer.

    Statements grow with every `_AT_ONCE` entries only. The caller holds the blog's lock.
    """
    if not entries:
        return
    for entry in entries:
        entry.revision += 1
        entry.changed_at = now
        entry.render_due_at = None if entry.from_before else now
        entry.render_tried_at = None
        entry.render_tries = 0
    new = [entry for entry in entries if entry.pk is None]
    Entry.objects.bulk_create(new, batch_size=_AT_ONCE)
    changed = [entry for entry in entries if entry.revision > 1]
    if len(changed) == 1:
        changed[0].save(update_fields=_CHANGEABLE)
    else:
        Entry.objects.bulk_update(changed, _CHANGEABLE, batch_size=_AT_ONCE)
    EntryRevision.objects.bulk_create(
        (
            EntryRevision(
                entry=entry,
                revision=entry.revision,
                state=entry.state,
                content=entry.content.to_json(),
                recorded_at=now,
            )
            for entry in entries
        ),
        batch_size=_AT_ONCE,
    )
    reached(Step.INGEST_WRITTEN)
    transaction.on_commit(partial(reached, Step.INGEST_COMMITTED))
    for entry in entries:
        if not entry.from_before:
            queue.after_commit(queue.RENDER_ENTRY, entry.pk)
