from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.outbound.clocks import platform_time, retry_after, wait_until, whole_number

LONGEST = timedelta(hours=25)
NOON = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)
NOON_TOLD = {"Date": "Sun, 03 May 2026 12:00:00 GMT"}


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@pytest.mark.parametrize(
    "told",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 -0000",
        " Sun, 06 Nov 1994 08:49:37 GMT ",
    ],
)
def test_a_date_in_all_its_forms(told: str) -> None:
    assert platform_time({"Date": told}) == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "told",
    [
        "",
        "soon",
        "1762761600",
        "Sun, 99 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 99999 0:0:0",
        "Fri, 31 Dec 9999 23:59:59 -1400",
    ],
)
def test_what_is_no_date(told: str) -> None:
    assert platform_time({"Date": told}) is None


@given(st.text())
def test_no_header_is_too_strange(told: str) -> None:
    """A platform's headers never raise anything."""
    moment = platform_time({"Date": told})
    assert moment is None or moment.utcoffset() == timedelta(0)
    wait = retry_after({"Retry-After": told, "Date": told}, now=NOON, longest=LONGEST)
    assert wait is None or seconds(1) <= wait <= LONGEST


def test_an_answer_without_a_date() -> None:
    assert platform_time({}) is None


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        ("120", seconds(120)),
        ("0", seconds(1)),
        (" 7 ", seconds(7)),
        ("9" * 5000, LONGEST),
        ("Sun, 03 May 2026 12:02:00 GMT", seconds(121)),
        ("Sun, 03 May 2026 11:00:00 GMT", seconds(1)),
        ("Sun, 03 May 2099 12:00:00 GMT", LONGEST),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
    ],
)
def test_retry_after(asked: str, wait: timedelta | None) -> None:
    assert retry_after({"Retry-After": asked}, now=NOON, longest=LONGEST) == wait


@pytest.mark.parametrize("wrong_by", [timedelta(days=400), timedelta(hours=-3), seconds(-90)])
def test_a_wrong_clock_here_does_no_harm(wrong_by: timedelta) -> None:
    now = NOON + wrong_by
    later = {**NOON_TOLD, "Retry-After": "Sun, 03 May 2026 12:02:00 GMT"}
    assert wait_until(NOON + seconds(120), NOON_TOLD, now=now, longest=LONGEST) == seconds(121)
    assert retry_after(later, now=now, longest=LONGEST) == seconds(121)


@pytest.mark.parametrize(
    "senseless",
    ["Thu, 01 Jan 1970 00:00:00 GMT", "Sun, 03 May 2027 12:00:00 GMT", "Sun, 03 May", ""],
)
def test_a_senseless_date_does_no_harm(senseless: str) -> None:
    wait = wait_until(NOON + seconds(120), {"Date": senseless}, now=NOON, longest=LONGEST)
    assert wait == seconds(121)


@given(
    st.floats(0, 10**7).map(lambda passed: NOON + seconds(passed)),
    st.integers(0, 90_000),
    st.floats(-(10**7), 10**7),
)
def test_never_early_and_little_late(
    answered: datetime, window: int, wrong_by_seconds: float
) -> None:
    """Times are told in whole seconds, whatever fraction the platform really means."""
    told = {"Date": answered.strftime("%a, %d %b %Y %H:%M:%S GMT")}
    reset = answered + seconds(window)
    now = answered + seconds(wrong_by_seconds)
    wait = wait_until(reset.replace(microsecond=0), told, now=now, longest=LONGEST)
    late = answered + wait - reset
    assert seconds(0) <= late <= seconds(2) or wait == LONGEST


@given(st.text())
def test_a_number_is_one_or_none(text: str) -> None:
    number = whole_number(text)
    assert number is None or number == min(int(text), 10**11)
