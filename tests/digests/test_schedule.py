"""When digests are due, in every zone and around every change of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.digests.schedule import last_daily, last_hour, next_daily, next_hour

ZONES = sorted(zone for zone in available_timezones() if "/" in zone)
START = datetime(2024, 1, 1, tzinfo=UTC)
moments = st.timedeltas(timedelta(0), timedelta(days=3000)).map(lambda past: START + past)


@settings(deadline=None)
@given(moments, st.sampled_from(ZONES))
def test_the_hour_is_full_and_the_last_one(now: datetime, zone: str) -> None:
    hour = last_hour(now, zone)
    assert hour <= now < hour + timedelta(hours=1)
    assert next_hour(now, zone) == hour + timedelta(hours=1)


@settings(deadline=None)
@given(moments, st.integers(0, 23), st.sampled_from(ZONES))
def test_each_day_has_one_digest_at_its_hour(start: datetime, hour: int, zone: str) -> None:
    now, days = last_daily(start, hour, zone), []
    assert now <= start < next_daily(start, hour, zone)
    for _ in range(4):
        assert last_daily(now, hour, zone) == now
        assert last_daily(now - timedelta(microseconds=1), hour, zone) < now
        local = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        wanted = datetime.combine(local.date(), time(hour))
        # Where the clock jumps over the hour it is as much later, never earlier.
        assert local == wanted or (local > wanted and not exists(wanted, zone))
        days.append(local.date())
        now = next_daily(now, hour, zone)
    assert days == [days[0] + timedelta(days=number) for number in range(4)]


def exists(local: datetime, zone: str) -> bool:
    wall = ZoneInfo(zone)
    there = local.replace(tzinfo=wall).astimezone(UTC).astimezone(wall)
    return there.replace(tzinfo=None) == local


def test_skipped_in_spring_and_twice_in_autumn() -> None:
    berlin = "Europe/Berlin"
    assert last_daily(datetime(2026, 3, 29, 12, tzinfo=UTC), 2, berlin) == datetime(
        2026, 3, 29, 1, tzinfo=UTC
    )
    assert last_daily(datetime(2026, 10, 25, 12, tzinfo=UTC), 2, berlin) == datetime(
        2026, 10, 25, 0, tzinfo=UTC
    )
