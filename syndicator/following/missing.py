"""Entries that a document leaves out although it tells of older and of newer ones.

That they were deleted does not follow; a few of them are looked after on their pages.
"""

from __future__ import annotations

import random
from collections.abc import Collection

from django.db.models import Max, Min

from syndicator import queue
from syndicator.entries.models import Entry, EntryState, Source

#: Looked after in one look, at most. Of many each comes to its turn.
MOST = 5
#: Names in one statement, at most: databases limit the values in it.
_AT_ONCE = 500


def ring_for_missing(source: Source, names: Collection[str]) -> int:
    """Have those looked after, once this transaction commits, that a document lacks which tells of
    the entries *names*; how many."""
    known = Entry.objects.filter(source=source, state=EntryState.LIVE)
    told = sorted(names)
    spans = [
        known.filter(external_id__in=told[start : start + _AT_ONCE]).aggregate(
            first=Min("published_at"), last=Max("published_at")
        )
        for start in range(0, len(told), _AT_ONCE)
    ]
    firsts = [span["first"] for span in spans if span["first"]]
    lasts = [span["last"] for span in spans if span["last"]]
    if not firsts:
        return 0
    between = known.filter(
        published_at__gt=min(firsts), published_at__lt=max(lasts), from_before=False
    )
    present = set(names)
    missing = [pk for pk, name in between.values_list("pk", "external_id") if name not in present]
    for pk in random.sample(missing, min(MOST, len(missing))):
        queue.after_commit(queue.PROBE_MISSING, pk)
    return len(missing)
