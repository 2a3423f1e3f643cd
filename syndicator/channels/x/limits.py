"""What X's limit headers say about when to go on.

https://docs.x.com/x-api/fundamentals/rate-limits. Each limit sends ``<prefix>-limit``,
``<prefix>-remaining`` and ``<prefix>-reset`` (Unix seconds).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from syndicator.outbound.clocks import retry_after, wait_until, whole_number

LIMITS = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")
#: The longest window of a limit is a day; more is no answer of X's.
LONGEST_WAIT = timedelta(hours=25)
#: When less than this share of a limit is left, the rest is spread over the rest of its window.
SPREAD_BELOW = 1 / 5
#: No post waits longer than this only to spread: in a window of a day that would be hours.
LONGEST_SPREAD = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Limit:
    """One limit: *remaining* of *total* calls (None if not told), for *left* from now."""

    total: int | None
    remaining: int
    left: timedelta

    def wait(self) -> timedelta:
        if self.remaining == 0:
            return self.left
        if self.total is None or self.remaining >= self.total * SPREAD_BELOW:
            return timedelta(0)
        return min(self.left / self.remaining, LONGEST_SPREAD)


def wait_after_success(headers: Mapping[str, str], now: datetime) -> timedelta:
    """How long to wait before the next post: until the reset of a limit that is used up, or a
    share of the time until then where little is left."""
    return max((limit.wait() for limit in _limits(headers, now)), default=timedelta(0))


def wait_after_refusal(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long to wait after too many calls; None if the headers do not say."""
    waits = [limit.left for limit in _limits(headers, now) if limit.remaining == 0]
    asked = retry_after(headers, now=now, longest=LONGEST_WAIT)
    return max(waits if asked is None else [*waits, asked], default=None)


def _limits(headers: Mapping[str, str], now: datetime) -> Iterator[_Limit]:
    for prefix in LIMITS:
        total, remaining, reset = (
            whole_number(headers.get(f"{prefix}-{what}", ""))
            for what in ("limit", "remaining", "reset")
        )
        if remaining is not None and reset is not None:
            moment = datetime.fromtimestamp(reset, UTC)
            left = wait_until(moment, headers, now=now, longest=LONGEST_WAIT)
            yield _Limit(total, remaining, left)
