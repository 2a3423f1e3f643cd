"""Takes what was read at a followed source into its live blog, within the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Min

from syndicator import queue
from syndicator.content import EntryContent, Image
from syndicator.entries.ingest import Change, Ingested, ingest_all, withdraw_all
from syndicator.entries.models import Entry, Source
from syndicator.following import likenesses
from syndicator.sources.base import SourceDocument
from syndicator.sources.identity import adopt_ids
from syndicator.sources.limits import kept_id
from syndicator.sources.sparse_entries import with_known_structure

#: A clock may be ahead by so much: what is dated later is held until then.
CLOCKS_DIFFER = timedelta(minutes=2)
#: Of entries whose names derive from their text: so many of the last ones may have been edited.
_MOST_EDITED = 300
#: Where nothing was there at the first look, what is older than it by so much is not news.
_OLD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a document changed. *held* entries wait for a person; *unknown* is how many were not
    known before, however old; *knew_any* whether any was; *had_any* whether there was any to know.
    """

    changes: Counter[Change]
    held: int
    unknown: int
    knew_any: bool
    had_any: bool

    @property
    def is_news(self) -> bool:
        return bool(
            self.held or any(number for change, number in self.changes.items() if change in _NEWS)
        )


_NEWS = (Change.CREATED, Change.UPDATED, Change.WITHDRAWN, Change.REPUBLISHED)


def take_in(
    source: Source, document: SourceDocument, began_at: datetime | None, now: datetime
) -> Taken:
    """Ingest the entries of *document* and withdraw those that it says were taken back.

    What it only leaves out is not touched. Before *began_at* is known (the first look) all of it
    is from before, and later what is older than all that was there then.
    """
    owners = dict(Entry.objects.filter(blog=source.blog_id).values_list("external_id", "source"))
    mine = {name for name, owner in owners.items() if owner == source.pk}
    others = owners.keys() - mine
    entries = _adopted(source, _apart(source, document.entries, others), mine)
    entries = _with_known_structure(source, entries, mine.intersection(document.sparse))
    sorted_out = likenesses.sort_out(source, entries, mine, now)
    old = _from_before(source, sorted_out.entries, mine, began_at)
    ingested = ingest_all(
        source,
        _once([_held_until_its_time(entry, now) for entry in sorted_out.entries]),
        from_before=old,
    )
    gone = [_own_name(source, name, others) for name in document.withdrawn]
    if gone:
        likenesses.forget(source, gone, now)
    taken_back = withdraw_all(source, [name for name in gone if name in mine])
    _ask_for_pictures(ingested)
    return Taken(
        Counter(one.change for one in (*ingested, *taken_back)),
        sorted_out.held,
        sum(entry.external_id not in mine for entry in entries),
        any(entry.external_id in mine for entry in entries),
        bool(mine),
    )


def _own_name(source: Source, external_id: str, others: Collection[str]) -> str:
    """Two sources of one live blog may give the same name to different entries."""
    return kept_id(f"{source.pk}:{external_id}") if external_id in others else external_id


def _apart(
    source: Source, entries: Sequence[EntryContent], others: Collection[str]
) -> tuple[EntryContent, ...]:
    return tuple(
        replace(entry, external_id=_own_name(source, entry.external_id, others))
        if entry.external_id in others
        else entry
        for entry in entries
    )


def _adopted(
    source: Source, entries: tuple[EntryContent, ...], mine: Collection[str]
) -> tuple[EntryContent, ...]:
    """*entries*, where a name derives from the text under that of the entry it is an edit of."""
    if not any(entry.derived_id and entry.external_id not in mine for entry in entries):
        return entries
    latest = Entry.objects.filter(source=source).order_by("-published_at", "-pk")[:_MOST_EDITED]
    return adopt_ids(entries, [entry.content for entry in latest][::-1])


def _with_known_structure(
    source: Source, entries: tuple[EntryContent, ...], sparse: Collection[str]
) -> tuple[EntryContent, ...]:
    """*entries*, of which the page shows less of the *sparse* for now, with what it showed."""
    if not sparse:
        return entries
    rows = Entry.objects.filter(source=source, external_id__in=sparse)
    return with_known_structure(entries, sparse, {row.external_id: row.content for row in rows})


def _from_before(
    source: Source,
    entries: Sequence[EntryContent],
    mine: Collection[str],
    began_at: datetime | None,
) -> set[str]:
    """The names of the new *entries*, oldest first, that are older than all that is known.

    One falls back into a feed's window when a newer one is deleted from it.
    """
    if began_at is None:
        return {entry.external_id for entry in entries}
    oldest = Entry.objects.filter(source=source).aggregate(oldest=Min("published_at"))["oldest"]
    horizon = oldest or began_at - _OLD
    known = [index for index, entry in enumerate(entries) if entry.external_id in mine]
    first_known = known[0] if known else 0
    return {
        entry.external_id
        for index, entry in enumerate(entries)
        if entry.external_id not in mine
        and (entry.published_at < horizon if entry.published_at else index < first_known)
    }


def _held_until_its_time(entry: EntryContent, now: datetime) -> EntryContent:
    """*entry* under an embargo until the time it bears, if that is yet to come."""
    if entry.published_at is None or entry.published_at <= now + CLOCKS_DIFFER:
        return entry
    until = max(entry.published_at, entry.embargo_until or entry.published_at)
    return replace(entry, embargo_until=until)


def _once(entries: Sequence[EntryContent]) -> list[EntryContent]:
    """Of several entries that go by one name now, the last."""
    return list({entry.external_id: entry for entry in entries}.values())


def _ask_for_pictures(ingested: Sequence[Ingested]) -> None:
    """At once, whether a route wants them or not: their addresses do not last."""
    for one in ingested:
        if one.change not in (Change.CREATED, Change.UPDATED) or one.entry.from_before:
            continue
        if any(block["type"] == Image.type and block["url"] for block in one.entry.blocks):
            queue.after_commit(queue.FETCH_PICTURES, one.entry.pk)
