from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.channels.bluesky.tids import ALPHABET, TID, encoded, record_key

TIMES = st.integers(10**6, 7 * 10**9).map(lambda second: datetime.fromtimestamp(second + 0.5, UTC))


def decoded(tid: str) -> int:
    number = 0
    for letter in tid:
        number = number << 5 | ALPHABET.index(letter)
    return number


@given(st.text(), TIMES)
def test_a_key_has_one_tid_within_its_second(key: str, moment: datetime) -> None:
    tid = record_key(key, moment.isoformat())
    assert TID.fullmatch(tid)
    assert record_key(key, moment.isoformat()) == tid
    told = datetime.fromtimestamp((decoded(tid) >> 10) / 10**6, UTC)
    assert (
        moment.replace(microsecond=0) <= told < moment.replace(microsecond=0) + timedelta(seconds=1)
    )


@given(TIMES, TIMES)
def test_they_sort_as_their_times_do(one: datetime, other: datetime) -> None:
    whole = [moment.replace(microsecond=0) for moment in (one, other)]
    if whole[0] < whole[1]:
        assert record_key("a", one.isoformat()) < record_key("b", other.isoformat())


@given(st.text())
def test_without_a_time_it_is_older_than_any_by_a_clock(key: str) -> None:
    tid = record_key(key, "")
    assert TID.fullmatch(tid)
    assert datetime.fromtimestamp((decoded(tid) >> 10) / 10**6, UTC).year < 2015


@pytest.mark.parametrize(
    "moment",
    ["", "gestern", "0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59-23:59", "1969-01-01"],
)
def test_a_time_that_cannot_be_is_none(moment: str) -> None:
    assert record_key("key", moment) == record_key("key", "")


def test_the_same_moment_however_it_is_written() -> None:
    written = ("2026-05-03T12:00:00+02:00", "2026-05-03T10:00:00+00:00", "2026-05-03T10:00:00.9Z")
    assert len({record_key("key", one) for one in written}) == 1


def test_the_keys_of_one_second_do_not_meet() -> None:
    keys = [f"syndicator-{number}-0123456789abcdef" for number in range(20_000)]
    for moment in ("2026-05-03T12:00:00Z", ""):
        assert len({record_key(key, moment) for key in keys}) == len(keys)


def test_the_whole_range() -> None:
    assert encoded(0) == "2222222222222"
    assert encoded(2**63 - 1) == "bzzzzzzzzzzzz"
    assert TID.fullmatch(encoded(2**63 - 1))
