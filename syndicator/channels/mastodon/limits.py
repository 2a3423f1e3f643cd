"""What Mastodon's limit headers say about when to go on.

https://docs.joinmastodon.org/api/rate-limits/. ``X-RateLimit-Limit``, ``-Remaining`` and
``-Reset``, an ISO 8601 time: 300 calls in 5 minutes, 30 uploads or deletions in 30 minutes. The
answer to a new post tells its own limit instead: 300 in 3 hours (`RateLimiter`, from memory).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from syndicator.outbound.clocks import LARGEST_NUMBER, retry_after, wait_until, whole_number
from syndicator.outbound.pace import pause

#: The longest window is three hours; much more is no answer of Mastodon's.
LONGEST_WAIT = timedelta(hours=6)


def wait_after_success(headers: Mapping[str, str], now: datetime) -> timedelta:
    """How long to wait before the next post: until the reset if nothing remains of the limit, or a
    share of the time until then where little does."""
    total, remaining, left = _limit(headers, now)
    if remaining is None or left is None:
        return timedelta(0)
    return pause(total, remaining, left)


def wait_after_refusal(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long to wait after too many calls; None if the headers do not say."""
    _, _, left = _limit(headers, now)
    asked = retry_after(headers, now=now, longest=LONGEST_WAIT)
    return max((wait for wait in (left, asked) if wait is not None), default=None)


def _limit(
    headers: Mapping[str, str], now: datetime
) -> tuple[int | None, int | None, timedelta | None]:
    """How many calls there are, how many remain, and for how long from now; None if not told."""
    total, remaining = (
        whole_number(headers.get(f"X-RateLimit-{what}", "")) for what in ("Limit", "Remaining")
    )
    reset = _moment(headers.get("X-RateLimit-Reset", ""))
    left = None if reset is None else wait_until(reset, headers, now=now, longest=LONGEST_WAIT)
    return total, remaining, left


def _moment(text: str) -> datetime | None:
    """ISO 8601 as Mastodon has it, or Unix seconds as some that speak its API have it."""
    seconds = whole_number(text)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(min(seconds, LARGEST_NUMBER), UTC)
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
