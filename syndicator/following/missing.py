"""Entries that a document leaves out although it tells of older and of newer ones.

That they were deleted does not follow; a few of them are looked after on their pages.
"""

from __future__ import annotations

import random
from collections.abc import Set

from syndicator import queue
from syndicator.entries.models import Entry, EntryState, Source

#: Looked after in one look, at most. Of many each comes to its turn.
MOST = 5


def ring_for_missing(source: Source, names: Set[str]) -> int:
    """Have those looked after, once this transaction commits, that a document lacks which tells of
    the entries *names*; how many."""
    known = Entry.objects.filter(source=source, state=EntryState.LIVE)
    rows = list(known.values_list("pk", "external_id", "published_at", "from_before"))
    told = [time for _, name, time, _ in rows if name in names]
    if not told:
        return 0
    first, last = min(told), max(told)
    missing = [
        pk
        for pk, name, time, from_before in rows
        if first < time < last and name not in names and not from_before
    ]
    for pk in random.sample(missing, min(MOST, len(missing))):
        queue.after_commit(queue.PROBE_MISSING, pk)
    return len(missing)
