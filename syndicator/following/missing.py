"""Entries that a document leaves out although it tells of older and of newer ones.

That they were deleted does not follow; a few of them are looked after on their pages.
"""

from __future__ import annotations

import random
from collections.abc import Sequence, Set
from datetime import datetime
from typing import NamedTuple

from syndicator import queue
from syndicator.entries.models import Entry, EntryState, Source

#: Looked after in one look, at most. Of many each comes to its turn.
MOST = 5


class _Known(NamedTuple):
    pk: int
    name: str
    published_at: datetime
    from_before: bool
    is_told: bool


def heed_left_out(source: Source, told: Set[str], *, is_whole: bool) -> int:
    """What follows from that a document tells of the entries *told*, within the transaction that
    takes it in; how many it lacks.

    Those that it tells of are missing no more. If it *is_whole*, not only what is new, some that it
    lacks are looked after once the transaction commits.
    """
    _end_missing(source, told)
    if not is_whole:
        return 0
    missing = _missing(_known(source, told))
    for pk in random.sample(missing, min(MOST, len(missing))):
        queue.after_commit(queue.PROBE_MISSING, pk)
    return len(missing)


def _end_missing(source: Source, told: Set[str]) -> None:
    """Forget of those of *told* that they were missing, and what their pages said to that."""
    missing = Entry.objects.filter(source=source, permalinks__missing_at__isnull=False).distinct()
    for entry in missing.only("external_id"):
        if entry.external_id in told:
            entry.permalinks.update(missing_at=None, gone_at=None)


def _known(source: Source, told: Set[str]) -> list[_Known]:
    """The source's live entries, the newest first."""
    rows = Entry.objects.filter(source=source, state=EntryState.LIVE)
    rows = rows.order_by("-published_at", "-pk")
    values = rows.values_list("pk", "external_id", "published_at", "from_before")
    return [_Known(*row, is_told=row[1] in told) for row in values]


def _missing(known: Sequence[_Known]) -> list[int]:
    """The pks of those of *known*, newest first, that are not told between others that are."""
    times = [entry.published_at for entry in known if entry.is_told]
    if not times:
        return []
    oldest, newest = _oldest_in_one_piece(known), times[0]
    return [
        entry.pk
        for entry in known
        if oldest < entry.published_at < newest and not (entry.is_told or entry.from_before)
    ]


def _oldest_in_one_piece(known: Sequence[_Known]) -> datetime:
    """How far back the document goes without a gap.

    One entry that is kept at its top for days does not make all missing that have fallen out since:
    where a gap is no shorter than what is told beyond it, the document ends there.
    """
    left = sum(entry.is_told for entry in known)
    newest = next(index for index, entry in enumerate(known) if entry.is_told)
    oldest, gap = known[newest].published_at, 0
    for entry in known[newest:]:
        if not entry.is_told:
            gap += 1
        elif gap >= left:
            break
        else:
            oldest, gap, left = entry.published_at, 0, left - 1
    return oldest
