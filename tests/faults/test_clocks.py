"""The database's clock set forward and back at the worst moments, and both changes of summer time.

All times and leases are the database's, so this is what a bad NTP server does to an installation.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from syndicator.steps import Step
from tests.faults.conftest import FORGIVING, Case
from tests.faults.strikes import Act, Strike

pytestmark = pytest.mark.faults

BERLIN = ZoneInfo("Europe/Berlin")
JUMPS = {"+10 min": 600, "−10 min": -600, "+3 h": 3 * 3600, "−3 h": -3 * 3600}
MOMENTS = (Step.CLAIM_WRITTEN, Step.SEND_PREPARED, Step.SEND_ANSWERED, Step.LOOK_UP_CLAIMED)
#: When the clocks in Berlin are set, in UTC.
CHANGES = {
    "summer time begins": datetime(2026, 3, 29, 1, tzinfo=UTC),
    "summer time ends": datetime(2026, 10, 25, 1, tzinfo=UTC),
}


@pytest.mark.parametrize("jump", JUMPS)
def test_the_clock_jumps(jump: str, case: Callable[..., Case]) -> None:
    """There and back again, at one moment after the other.

    What has gone stale by the jump would go to an editor; here it may always go out.
    """
    made = case(f"clock {jump} and back, twice", limit_minutes=0, **FORGIVING)
    shape = made.shape
    for number, moment in enumerate(MOMENTS):
        if moment == Step.LOOK_UP_CLAIMED:
            shape.fault("facebook", "accept-then-500")
        ahead = 0 if number % 2 else JUMPS[jump]
        shape.strike(Strike(moment, Act.SET_CLOCK, argument=ahead))
        push_in_order(made, 3)
        shape.wait_for_strikes()
    push_in_order(made, 2)
    made.expect_all_out()


def test_what_goes_stale_by_a_jump_waits_for_an_editor(case: Callable[..., Case]) -> None:
    made = case("clock +3 h, newsworthy for 60 min")
    shape = made.shape
    for account in shape.accounts:
        shape.fault(account, "429", times=1, seconds=10)
    push_in_order(made, 4)
    shape.eventually(lambda: len(shape.posts()) == 8 and not shape.to_render())
    # Not while one is on its way: its look-up would not trust a platform three hours behind.
    shape.eventually(lambda: shape.query(PUT_OFF) == [(len(shape.accounts),)])
    shape.set_clock(3 * 3600)
    verdict = made.drain()
    assert verdict.is_good, verdict
    assert verdict.accepted + verdict.for_person == verdict.posts
    assert verdict.for_person == 8
    push_in_order(made, 2)
    verdict = made.drain()
    assert (verdict.accepted, verdict.for_person) == (4, 8)


@pytest.mark.parametrize("change", CHANGES)
def test_summer_time(change: str, case: Callable[..., Case]) -> None:
    """Entries come, wait their hold time and go out across the change; the desk tells the hour."""
    at = CHANGES[change]
    made = case(change, environment={"TZ": "Europe/Berlin"}, hold_seconds=5)
    shape = made.shape
    began = time.time()
    shape.set_clock((at - timedelta(seconds=8)).timestamp() - began)
    stamps = []
    while (moment := at + timedelta(seconds=time.time() - began - 8)) < at + timedelta(seconds=6):
        stamps.append(moment.astimezone(BERLIN))
        made.push(1)
        time.sleep(1.5)
    made.expect_all_out()
    for created, started in shape.query(WAITED):
        held = moment_of(started) - moment_of(created)
        assert timedelta(seconds=5) <= held < timedelta(seconds=60), (created, started)
    assert {stamp.utcoffset() for stamp in stamps} == {timedelta(hours=1), timedelta(hours=2)}
    editor = shape.editor()
    for pk, published in shape.query("SELECT id, published_at FROM entries_entry"):
        local = moment_of(published).astimezone(BERLIN)
        page = editor.page(f"/entries/{pk}/")
        assert f"{local:%H:%M}</time>" in page
        assert f"{local:%H:%M:%S %Z}" in page


PUT_OFF = "SELECT count(*) FROM posts_attempt WHERE outcome = 'try_later'"
WAITED = """
SELECT post.created_at, attempt.started_at
FROM posts_post AS post JOIN posts_attempt AS attempt ON attempt.post_id = post.id
"""


def moment_of(stored: str | datetime) -> datetime:
    """A time as SQLite or PostgreSQL hands it out."""
    if isinstance(stored, datetime):
        return stored.astimezone(UTC)
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)


def push_in_order(made: Case, count: int) -> None:
    """Entries that say themselves when they were written, so that no clock changes their order."""
    for _ in range(count):
        written = datetime(2026, 11, 17, 12, tzinfo=UTC) + timedelta(minutes=len(made.pushed))
        made.push(1, published_at=written.isoformat())
