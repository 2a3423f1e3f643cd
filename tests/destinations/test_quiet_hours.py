from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndicator.destinations.quiet_hours import quiet_until

BERLIN = "Europe/Berlin"
ZONES = [BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo", "UTC"]
#: No clock was ever set by more than this for summer time.
JUMP = timedelta(hours=1)
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from(ZONES)


def on_the_wall(moment: datetime, zone: str) -> time:
    return moment.astimezone(ZoneInfo(zone)).time()


def looks_quiet(at: time, begin: time, end: time) -> bool:
    return begin <= at < end if begin < end else (at >= begin or at < end)


def at(hour: int, minute: int = 0, *, day: int = 25, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@given(moments, times, times, zones)
@example(at(0, 40), time(22), time(2, 30), BERLIN)
@example(at(1, 10), time(22), time(2, 30), BERLIN)
@example(at(1, day=29, month=3), time(2, 30), time(6), BERLIN)
def test_nothing_goes_out_while_the_clock_says_quiet(
    now: datetime, begin: time, end: time, zone: str
) -> None:
    if begin == end:
        return
    until = quiet_until(now, begin, end, zone)
    if looks_quiet(on_the_wall(now, zone), begin, end):
        assert until is not None
    if until is not None:
        assert now < until <= now + timedelta(days=1) + JUMP


@given(moments, times, times, zones)
def test_but_for_the_days_when_the_clock_jumps_it_is_quiet_only_then(
    now: datetime, begin: time, end: time, zone: str
) -> None:
    wall = ZoneInfo(zone)
    offsets = {(now + timedelta(hours=h)).astimezone(wall).utcoffset() for h in range(-50, 51)}
    if begin == end or len(offsets) > 1:
        return
    until = quiet_until(now, begin, end, zone)
    assert (until is not None) == looks_quiet(on_the_wall(now, zone), begin, end)
    if until is not None:
        assert on_the_wall(until, zone) == end
        assert quiet_until(until, begin, end, zone) is None


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (at(21), at(5, day=26)),  # the night after the clock was set back: 22:00 CET to 6:00 CET
        (at(20, day=24), at(5)),  # over the hour that comes twice
        (at(21, month=3, day=28), at(4, month=3, day=29)),  # over the hour that is left out
    ],
)
def test_the_end_is_by_the_clock_on_the_wall(now: datetime, ends: datetime) -> None:
    assert quiet_until(now, time(22), time(6), BERLIN) == ends


def test_the_hour_that_comes_twice_is_quiet_twice() -> None:
    for now in (at(0, 10), at(1, 10)):
        assert quiet_until(now, time(22), time(2, 30), BERLIN) == at(1, 30)
    assert quiet_until(at(1, 30), time(22), time(2, 30), BERLIN) is None
