from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.sources.feed_dates import feed_time

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Mon, 30 Nov 2026 10:00:00 +0100", "2026-11-30T10:00:00+01:00"),
        ("Mon, 30 Nov 2026 10:00:00 GMT", "2026-11-30T10:00:00+00:00"),
        ("Mon, 30 Nov 2026 10:00:00 UT", "2026-11-30T10:00:00+00:00"),
        ("Mon, 30 Nov 2026 10:00:00 -0000", "2026-11-30T10:00:00+00:00"),
        ("Mon, 30 Nov 2026 10:00:00 EST", "2026-11-30T10:00:00-05:00"),
        ("30 Nov 26 10:00 Z", "2026-11-30T10:00:00+00:00"),
        ("Mo, 30 Nov 2026 10:00:00 MEZ", "2026-11-30T10:00:00+01:00"),
        ("Do., 16. Juli 2026 10:00:00 CEST", "2026-07-16T10:00:00+02:00"),
        ("Montag, 5. Okt. 2026 10:00:00", "2026-10-05T10:00:00+02:00"),
        ("30. Dezember 2026 10:00:00", "2026-12-30T10:00:00+01:00"),
        ("  Mon,\n 30 Nov 2026  10:00 ", "2026-11-30T10:00:00+01:00"),
        ("Thu, 16 Jul 2026 10:00:00", "2026-07-16T10:00:00+02:00"),
        ("2026-11-30T10:00:00", "2026-11-30T10:00:00+01:00"),
        ("2026-07-30 10:00", "2026-07-30T10:00:00+02:00"),
        ("2026-11-30T10:00:00.5Z", "2026-11-30T10:00:00.500000+00:00"),
    ],
)
def test_a_time_is_read_in_its_own_zone_or_the_live_blogs(text: str, time: str) -> None:
    moment = feed_time(text, BERLIN)
    assert moment is not None
    assert moment.isoformat() == time


@pytest.mark.parametrize(
    "text",
    [
        *("", "heute", "Mon, 30 Nov 2026 10:00:00 XYZ", "1780000000", "Mon, 30 Nov 2026 25:00:00"),
        *("30 Hornung 2026 10:00:00", "Fri, 31 Dec 9999 23:59:59 -1200", "1" * 200),
    ],
)
def test_an_unclear_time_is_none(text: str) -> None:
    assert feed_time(text, BERLIN) is None


@given(st.text(alphabet="MonFri,:+-.TZ 0123456789NovDez", max_size=40))
def test_whatever_is_read_has_a_zone(text: str) -> None:
    moment = feed_time(text, BERLIN)
    assert moment is None or moment.astimezone(UTC).tzinfo is UTC


@given(st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, BERLIN)))
def test_a_naive_time_is_the_live_blogs(moment: datetime) -> None:
    moment = moment.replace(fold=0)
    for form in ("%Y-%m-%dT%H:%M:%S", "%d %b %Y %H:%M:%S"):
        assert feed_time(moment.strftime(form), BERLIN) == moment
