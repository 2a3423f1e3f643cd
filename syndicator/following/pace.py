"""How long to wait before the next look at a source: short while it is hot, else long."""

from __future__ import annotations

from datetime import datetime, timedelta

#: Longer than a look, and what is written after it, may take.
LEASE = timedelta(minutes=5)
#: The wait is this share of the time since the last news.
_SHARE = 20
#: At night, by the live blog's clock, it grows faster.
_SHARE_AT_NIGHT = 8
_NIGHT_ENDS = 6
#: Between tries of a source that fails: doubled each time, up to the second.
_FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=30)


def wait_after_news(
    since_news: timedelta, span: tuple[timedelta, timedelta], local: datetime
) -> timedelta:
    """After a look that was answered; *local* is the time by the live blog's clock.

    *since_news* is how old the last change is. Never outside of *span*.
    """
    shortest, longest = span
    share = _SHARE_AT_NIGHT if local.hour < _NIGHT_ENDS else _SHARE
    return min(max(since_news / share, shortest), max(shortest, longest))


def wait_after_failure(failures: int, shortest: timedelta) -> timedelta:
    """After the *failures*-th look in a row that failed, from 1."""
    first = max(_FIRST_WAIT, shortest)
    return min(first * 2.0 ** min(failures - 1, 20), max(LONGEST_WAIT, first))
