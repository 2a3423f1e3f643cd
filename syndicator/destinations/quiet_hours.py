"""When a route is quiet, by the clock on the wall of its live blog.

Twice a year that clock jumps. Quiet hours are then never shorter than they look on it: where a time
comes twice, they begin with the first and end with the second; one that is left out counts as the
earlier or the later of what it could be.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def quiet_until(now: datetime, begin: time, end: time, zone: str) -> datetime | None:
    """When the quiet that holds at *now* ends, in UTC; None if it is not quiet."""
    wall = ZoneInfo(zone)
    today = now.astimezone(wall).date()
    for day in (today - DAY, today):
        begins = min(_moments(day, begin, wall))
        ends = max(_moments(day if begin < end else day + DAY, end, wall))
        if begins <= now < ends:
            return ends
    return None


def _moments(day: date, at: time, wall: ZoneInfo) -> tuple[datetime, datetime]:
    """What *at* on *day* may mean: the same moment twice, but for when the clock jumps."""
    local = datetime.combine(day, at, tzinfo=wall)
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)
