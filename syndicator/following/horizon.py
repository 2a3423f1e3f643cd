"""What was there before a source was followed: where the window began that the first look saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from syndicator.content import EntryContent

#: Where nothing was there at the first look, what is older than it by so much is not news.
_OLD = timedelta(days=1)
#: An entry that is older than its next newer one by so many times the usual gap, and by so much,
#: does not belong to the window: it is pinned to it, or wrongly dated.
_OUTLIER = 20
_FAR = timedelta(hours=6)


def horizon_of(entries: Sequence[EntryContent], began_at: datetime) -> datetime:
    """The time of the oldest of *entries*, seen at the first look at *began_at*.

    What is older and unknown later is no news. A pinned entry does not count, and what is dated
    later than the look does not either.
    """
    dated = (entry.published_at for entry in entries)
    times = sorted((time for time in dated if time and time <= began_at), reverse=True)
    if not times:
        return began_at - _OLD
    gaps = [newer - older for newer, older in pairwise(times)]
    usual = median(gap.total_seconds() for gap in gaps) if gaps else 0.0
    most = max(_FAR, timedelta(seconds=_OUTLIER * usual))
    for newer, gap in zip(times, gaps, strict=False):
        if gap > most:
            return newer
    return times[-1]
