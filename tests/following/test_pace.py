from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syndicator.following.pace import LONGEST_WAIT, wait_after_failure, wait_after_news

SPAN = (timedelta(seconds=15), timedelta(minutes=5))
DAY = datetime(2026, 11, 17, 14, 0)  # noqa: DTZ001
NIGHT = datetime(2026, 11, 17, 3, 0)  # noqa: DTZ001

ages = st.timedeltas(timedelta(0), timedelta(days=400))


def test_a_hot_source_is_looked_at_often_and_a_quiet_one_seldom() -> None:
    waits = [wait_after_news(timedelta(minutes=age), SPAN, DAY) for age in (0, 2, 10, 40, 200)]
    assert waits == [timedelta(seconds=seconds) for seconds in (15, 15, 30, 120, 300)]


@given(ages, ages)
def test_the_wait_grows_within_its_span_and_faster_at_night(
    one: timedelta, other: timedelta
) -> None:
    shorter, longer = sorted((one, other))
    waits = [wait_after_news(age, SPAN, hour) for hour in (DAY, NIGHT) for age in (shorter, longer)]
    assert all(SPAN[0] <= wait <= SPAN[1] for wait in waits)
    assert waits[0] <= waits[1]
    assert waits[1] <= waits[3]


@given(st.integers(1, 10_000), st.timedeltas(timedelta(seconds=5), timedelta(hours=2)))
def test_failures_are_tried_again_ever_more_seldom_and_never_given_up(
    failures: int, shortest: timedelta
) -> None:
    wait = wait_after_failure(failures, shortest)
    assert max(shortest, timedelta(seconds=15)) <= wait <= max(LONGEST_WAIT, shortest)
    assert wait <= wait_after_failure(failures + 1, shortest)
