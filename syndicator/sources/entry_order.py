"""The order in which entries were written."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from syndicator.content import EntryContent


def oldest_first(entries: Sequence[EntryContent]) -> list[EntryContent]:
    """*entries*, in their source's order, by their times; without these, newest first is assumed.

    Of entries with the same time, those stay first that the source's own order makes the older.
    """
    times = [entry.published_at for entry in entries if entry.published_at]
    rising = sum(above < below for above, below in pairwise(times))
    falling = sum(above > below for above, below in pairwise(times))
    ordered = list(entries if rising > falling else entries[::-1])
    if len(times) < len(entries):
        return ordered
    return sorted(ordered, key=lambda entry: entry.published_at or times[0])
