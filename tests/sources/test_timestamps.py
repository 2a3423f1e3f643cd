from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.sources.base import ReadingContext
from syndicator.sources.detect import read_source
from syndicator.sources.timestamps import aware_time, is_plausible, unix_time

BERLIN = ZoneInfo("Europe/Berlin")
CONTEXT = ReadingContext("https://m.example/live", BERLIN, "de")
#: What systems write where they have no time.
NO_TIMES = ("9999-12-31T23:30:00Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00")


@pytest.mark.parametrize(
    "text", [*NO_TIMES, "9999-12-31", "0001-01-01T00:00:00Z", "1970-01-01T00:00"]
)
def test_what_stands_for_no_time_is_none(text: str) -> None:
    assert aware_time(text, BERLIN) is None


@pytest.mark.parametrize("seconds", [-1, -62_135_596_800, 253_402_300_000, 10**30, None])
def test_seconds_of_no_plausible_year_are_none(seconds: int | None) -> None:
    assert unix_time(seconds) is None


@given(
    st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=-23))))
    | st.datetimes(timezones=st.just(timezone(timedelta(hours=23))) | st.just(BERLIN))
)
def test_a_plausible_time_can_be_told_in_each_zone_and_held_for_a_century(
    moment: datetime,
) -> None:
    if is_plausible(moment):
        for zone in (UTC, BERLIN, timezone(timedelta(hours=23)), timezone(timedelta(hours=-23))):
            assert moment.astimezone(zone) + timedelta(days=36_500) > moment


def written(time: str) -> list[bytes]:
    """An entry of *time* as several systems write it."""
    feed = {"id": "1", "url": "https://m.example/1", "content_text": "Ein Satz ist gefallen."}
    update = {"@type": "BlogPosting", "headline": "Neu", "articleBody": "Ein Satz ist gefallen."}
    blog = {"@context": "https://schema.org", "@type": "LiveBlogPosting", "headline": "Live"}
    blog["liveBlogUpdate"] = [update | {"datePublished": time}]  # type: ignore[assignment]
    own = {"external_id": "1", "headline": "Neu", "published_at": time}
    version = "https://jsonfeed.org/version/1.1"
    return [
        json.dumps({"entries": [own]}).encode(),
        json.dumps({"version": version, "items": [feed | {"date_published": time}]}).encode(),
        f'<script type="application/ld+json">{json.dumps(blog)}</script>'.encode(),
        f"<rss version='2.0'><channel><item><guid>1</guid><title>Neu</title>"
        f"<pubDate>{time}</pubDate></item></channel></rss>".encode(),
    ]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("time", NO_TIMES)
def test_readers_take_it_for_unclear_and_say_so(time: str, number: int) -> None:
    found = read_source(written(time)[number], CONTEXT)
    assert [entry.published_at for entry in found.entries] == [None]
    assert any("is unclear" in warning for warning in found.warnings)


def test_on_a_copied_page_it_is_no_time_either() -> None:
    said = "Jana Brandt\n\nDas ist ein Satz, der in Genf gefallen ist.\n\n"
    page = f"31.12.9999, 23:30 Uhr\n{said}31.12.2025, 23:10 Uhr\n{said}"
    times = [entry.published_at for entry in read_source(page.encode(), CONTEXT).entries]
    assert times == [None, datetime(2025, 12, 31, 23, 10, tzinfo=BERLIN)]
