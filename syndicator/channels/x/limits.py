"""What X's limit headers say about when to go on.

https://docs.x.com/x-api/fundamentals/rate-limits. Each limit sends ``<prefix>-limit``,
``<prefix>-remaining`` and ``<prefix>-reset`` (Unix seconds).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from syndicator.outbound.clocks import retry_after, wait_until, whole_number
from syndicator.outbound.pace import pause

LIMITS = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")
#: The longest window of a limit is a day; more is no answer of X's.
LONGEST_WAIT = timedelta(hours=25)


@dataclass(frozen=True, slots=True)
class _Limit:
    """One limit: *remaining* of *total* calls (None if not told), for *left* from now."""

    total: int | None
    remaining: int
    left: timedelta


def wait_after_success(headers: Mapping[str, str], now: datetime) -> timedelta:
    """How long to wait before the next post: until the reset of a limit that is used up, or a
    share of the time until then where little is left."""
    limits = _limits(headers, now)
    waits = (pause(limit.total, limit.remaining, limit.left) for limit in limits)
    return max(waits, default=timedelta(0))


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
