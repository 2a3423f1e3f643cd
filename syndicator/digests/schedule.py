"""When digests are due: on the hour, and at an hour of the reader's day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def last_hour(now: datetime, zone: str) -> datetime:
    """The last full hour of the clock in *zone* that is not after *now* (aware), in UTC."""
    local = now.astimezone(ZoneInfo(zone))
    # Back from now rather than by the clock on the wall, which shows some hours twice.
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return now.astimezone(UTC) - past


def last_daily(now: datetime, hour: int, zone: str) -> datetime:
    """The last time the clock in *zone* came to *hour* that is not after *now* (aware), in UTC.

    Once on every day: where the hour is skipped in spring, when the clock has jumped; where it
    comes twice in autumn, the first time.
    """
    wall = ZoneInfo(zone)
    today = now.astimezone(wall).date()
    for day in (today + DAY, today, today - DAY):
        moment = datetime.combine(day, time(hour), tzinfo=wall).astimezone(UTC)
        if moment <= now:
            return moment
    raise AssertionError("yesterday is over")


def beginning_of_day(moment: datetime, zone: str) -> datetime:
    """When the day began in *zone* that *moment* (aware) is on, in UTC."""
    wall = ZoneInfo(zone)
    day = moment.astimezone(wall).date()
    return datetime.combine(day, time(0), tzinfo=wall).astimezone(UTC)


def next_hour(now: datetime, zone: str) -> datetime:
    """The first full hour of the clock in *zone* that is after *now*, in UTC."""
    return last_hour(now, zone) + timedelta(hours=1)


def next_daily(now: datetime, hour: int, zone: str) -> datetime:
    """The first time the clock in *zone* comes to *hour* that is after *now*, in UTC."""
    for days in (1, 2):
        moment = last_daily(now + days * DAY, hour, zone)
        if moment > now:
            return moment
    raise AssertionError("a day has passed")
