"""How far apart calls are kept where a platform tells what is left of its limit."""

from __future__ import annotations

from datetime import timedelta

#: When less than this share of a limit is left, the rest is spread over the rest of its window.
SPREAD_BELOW = 1 / 5
#: No post waits longer than this only to spread: in a window of a day that would be hours.
LONGEST_SPREAD = timedelta(minutes=1)


def pause(total: int | None, remaining: int, left: timedelta, *, price: int = 1) -> timedelta:
    """How long to wait before the next post, of which each takes *price* from what is *remaining*.

    Until the reset, *left* from now, if it is not enough for one; a share of that time where less
    than a fifth of *total* remains; else not at all. *total* is None if it is not told.
    """
    posts = remaining // price
    if posts == 0:
        return left
    if total is None or remaining >= total * SPREAD_BELOW:
        return timedelta(0)
    return min(left / posts, LONGEST_SPREAD)
