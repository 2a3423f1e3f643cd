"""What Bluesky's limit headers say about when to go on.

``RateLimit-Limit``, ``RateLimit-Remaining`` and ``RateLimit-Reset`` (Unix seconds) tell of the
limit that is nearest; for posts it counts points: 5,000 an hour and 35,000 a day.
https://docs.bsky.app/docs/advanced-guides/rate-limits
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from syndicator.outbound.clocks import retry_after, wait_until, whole_number
from syndicator.outbound.pace import pause

#: Points for a new record by the documentation; the server's own source takes 2.
POINTS = 3
#: The longest window of a limit is a day; more is no answer of Bluesky's.
LONGEST_WAIT = timedelta(hours=25)


def wait_after_success(headers: Mapping[str, str], now: datetime) -> timedelta:
    """How long to wait before the next post: until the reset if too few points are left for it,
    or a share of the time until then where little is left."""
    total, remaining = (
        whole_number(headers.get(f"RateLimit-{what}", "")) for what in ("Limit", "Remaining")
    )
    left = _until_reset(headers, now)
    if left is None or remaining is None:
        return timedelta(0)
    return pause(total, remaining, left, price=POINTS)


def wait_after_refusal(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long to wait after too many calls; None if the headers do not say."""
    asked = retry_after(headers, now=now, longest=LONGEST_WAIT)
    waits = [wait for wait in (_until_reset(headers, now), asked) if wait is not None]
    return max(waits, default=None)


def _until_reset(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    reset = whole_number(headers.get("RateLimit-Reset", ""))
    if reset is None:
        return None
    return wait_until(datetime.fromtimestamp(reset, UTC), headers, now=now, longest=LONGEST_WAIT)
