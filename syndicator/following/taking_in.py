"""Takes what was read at a followed source into its live blog, within the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndicator import queue
from syndicator.content import EntryContent, Image
from syndicator.entries.ingest import Change, Ingested, ingest_all, withdraw_all
from syndicator.entries.models import Entry, LiveBlog, Source
from syndicator.following import likenesses
from syndicator.following.names import MOST_EDITED, adopted, own_name, own_names
from syndicator.sources.base import SourceDocument
from syndicator.sources.sparse_entries import with_known_structure

#: A clock may be ahead by so much: what is dated later is held until then.
CLOCKS_DIFFER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a document changed. *held* entries wait for a person; *unknown* is how many were not
    known before, however old; *knew_any* whether any was; *had_any* whether there was any to know.
    *names* are those of all its entries, as they are kept.
    """

    changes: Counter[Change]
    held: int
    unknown: int
    knew_any: bool
    had_any: bool
    names: frozenset[str] = frozenset()

    @property
    def is_news(self) -> bool:
        return bool(
            self.held or any(number for change, number in self.changes.items() if change in _NEWS)
        )


_NEWS = (Change.CREATED, Change.UPDATED, Change.WITHDRAWN, Change.REPUBLISHED)


def take_in(
    source: Source, document: SourceDocument, horizon: datetime | None, now: datetime
) -> Taken:
    """Ingest the entries of *document* and withdraw those that it says were taken back.

    What it only leaves out is not touched. Where *horizon* is not known (the first look) all of it
    is from before, and later what is older than that.
    """
    # The one lock that every writer of the blog's entries takes, and takes first.
    LiveBlog.objects.select_for_update(no_key=True).get(pk=source.blog_id)
    known = dict(Entry.objects.filter(source=source).values_list("external_id", "published_at"))
    entries = _adopted(source, own_names(source.pk, document.entries), known)
    sparse = {own_name(source.pk, name) for name in document.sparse}
    entries = _with_known_structure(source, entries, sparse & known.keys())
    entries = tuple(_held_until_its_time(entry, now) for entry in entries)
    sorted_out = likenesses.sort_out(source, entries, known.keys(), now, is_first=horizon is None)
    ingested = ingest_all(
        source,
        _once(sorted_out.entries),
        from_before=_from_before(sorted_out.entries, known, horizon),
    )
    told = {one.entry.external_id for one in ingested}
    gone = likenesses.called_back(
        source, {own_name(source.pk, name) for name in document.withdrawn}, now
    )
    taken_back = withdraw_all(source, sorted((gone & known.keys()) - told))
    _ask_for_pictures(ingested)
    return Taken(
        Counter(one.change for one in (*ingested, *taken_back)),
        sorted_out.held,
        sum(entry.external_id not in known for entry in entries),
        any(entry.external_id in known for entry in entries),
        bool(known),
        frozenset(told),
    )


def _adopted(
    source: Source, entries: tuple[EntryContent, ...], known: Collection[str]
) -> tuple[EntryContent, ...]:
    if not any(entry.derived_id and entry.external_id not in known for entry in entries):
        return entries
    latest = Entry.objects.filter(source=source).order_by("-published_at", "-pk")[:MOST_EDITED]
    return adopted(entries, [entry.content for entry in latest][::-1])


def _with_known_structure(
    source: Source, entries: tuple[EntryContent, ...], sparse: Collection[str]
) -> tuple[EntryContent, ...]:
    """*entries*, of which the page shows less of the *sparse* for now, with what it showed."""
    if not sparse:
        return entries
    rows = Entry.objects.filter(source=source, external_id__in=sparse)
    return with_known_structure(entries, sparse, {row.external_id: row.content for row in rows})


def _from_before(
    entries: Sequence[EntryContent], known: Mapping[str, datetime], horizon: datetime | None
) -> set[str]:
    """The names of the new *entries*, oldest first, that were public before the first look.

    One falls back into a feed's window when a newer one is deleted from it. If not one is known of
    a document whose entries are no newer than what is, its site was moved: all have other names.
    """
    new = [entry for entry in entries if entry.external_id not in known]
    if horizon is None:
        return {entry.external_id for entry in new}
    if known and len(new) == len(entries):
        horizon = max(horizon, *known.values()) + timedelta.resolution
    first_known = next((at for at, one in enumerate(entries) if one.external_id in known), 0)
    return {
        entry.external_id
        for index, entry in enumerate(entries)
        if entry.external_id not in known
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
