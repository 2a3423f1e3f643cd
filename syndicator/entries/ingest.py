"""The one way in: every entry, from whatever source, is upserted here and rings the renderer.

Saying the same thing twice changes nothing: an edit is a changed content hash, never a touched
timestamp.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from syndicator.clock import database_now
from syndicator.content import EntryContent
from syndicator.entries.models import Entry, EntryState, LiveBlog, Retraction, Source
from syndicator.entries.revising import record, take_over
from syndicator.steps import Step, reached

#: Names in one look-up, at most: databases limit the values in a statement.
_MOST_NAMES = 500


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
    return ingest_all(source, (content,))[0]


def ingest_all(
    source: Source, contents: Sequence[EntryContent], *, from_before: Collection[str] = ()
) -> list[Ingested]:
    """As `ingest`, for many entries with different ids at once: all of them, or none.

    New ones whose ids are in *from_before* were public before anybody followed the source: they
    are kept and never posted.
    """
    for content in contents:
        if not content.permalink:
            raise ValueError(f"entry {content.external_id} has no permalink")
    reached(Step.INGEST_STARTED)
    with transaction.atomic():
        # One writer per blog at a time: two pushes of one new entry must not both insert.
        blog = LiveBlog.objects.select_for_update(no_key=True).get(pk=source.blog_id)
        now = database_now()
        known = _known(blog, [content.external_id for content in contents])
        retractions = _standing(known.values())
        arrived = _arrival(blog, now)
        ingested = []
        for content in contents:
            entry = known.get(content.external_id)
            if entry is None:
                entry = Entry(
                    blog=blog,
                    source=source,
                    external_id=content.external_id,
                    revision=0,
                    published_at=content.published_at or arrived,
                    received_at=arrived,
                    from_before=content.external_id in from_before,
                )
                change = Change.CREATED
            elif retraction := retractions.get(entry.pk):
                change = _keep(retraction, EntryState.LIVE, content)
            else:
                change = _change(entry, content, now)
            ingested.append(Ingested(entry, change))
            if change in (Change.CREATED, Change.UPDATED, Change.REPUBLISHED):
                entry.state = EntryState.LIVE
                take_over(entry, content)
        record([one.entry for one in ingested if one.change not in _NO_REVISION], now)
    return ingested


#: What makes no revision of an entry.
_NO_REVISION = (Change.UNCHANGED, Change.RETRACTED)


def withdraw(source: Source, external_id: str) -> Ingested:
    """Take an entry back. `Entry.DoesNotExist` if the blog never had it."""
    found = withdraw_all(source, [external_id])
    if not found:
        raise Entry.DoesNotExist
    return found[0]


def withdraw_all(source: Source, external_ids: Sequence[str]) -> list[Ingested]:
    """Take entries back, all in one go; those that the blog never had are left out."""
    reached(Step.INGEST_STARTED)
    with transaction.atomic():
        blog = LiveBlog.objects.select_for_update(no_key=True).get(pk=source.blog_id)
        known = _known(blog, external_ids)
        retractions = _standing(known.values())
        taken = []
        for entry in known.values():
            if retraction := retractions.get(entry.pk):
                change = _keep(retraction, EntryState.WITHDRAWN, None)
            elif entry.state == EntryState.WITHDRAWN:
                change = Change.UNCHANGED
            else:
                entry.state, change = EntryState.WITHDRAWN, Change.WITHDRAWN
            taken.append(Ingested(entry, change))
        gone = [one.entry for one in taken if one.change == Change.WITHDRAWN]
        record(gone, database_now())
    return taken


def _known(blog: LiveBlog, external_ids: Sequence[str]) -> dict[str, Entry]:
    """The blog's entries of these names, by them."""
    return {
        entry.external_id: entry
        for start in range(0, len(external_ids), _MOST_NAMES)
        for entry in Entry.objects.filter(
            blog=blog, external_id__in=external_ids[start : start + _MOST_NAMES]
        )
    }


def _standing(entries: Collection[Entry]) -> dict[int, Retraction]:
    """The retractions that hold, for those of *entries* that an editor took back, by their pks."""
    gone = [entry for entry in entries if entry.state == EntryState.WITHDRAWN]
    if not gone:
        return {}
    by_pk = {entry.pk: entry for entry in gone}
    found = {}
    for retraction in Retraction.objects.filter(entry__blog=gone[0].blog_id, lifted_at=None):
        if entry := by_pk.get(retraction.entry_id):
            retraction.entry = entry
            found[entry.pk] = retraction
    return found


def _change(entry: Entry, content: EntryContent, now: datetime) -> Change:
    """What *content* changes about *entry*, which no editor took back."""
    if entry.state == EntryState.WITHDRAWN:
        return Change.REPUBLISHED
    if entry.content_hash != content.content_hash() or _embargo_moved(entry, content, now):
        return Change.UPDATED
    return Change.UNCHANGED


def _embargo_moved(entry: Entry, content: EntryContent, now: datetime) -> bool:
    """Whether that makes a difference: not if both times are over."""
    times = (entry.embargo_until, content.embargo_until)
    return times[0] != times[1] and any(time is not None and time > now for time in times)


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
