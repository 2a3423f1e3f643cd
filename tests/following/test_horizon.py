from __future__ import annotations

from datetime import timedelta

from syndicator.content import EntryContent
from syndicator.following.horizon import horizon_of
from tests.factories import NOON


def told(*minutes: int | None) -> list[EntryContent]:
    times = (None if one is None else NOON + timedelta(minutes=one) for one in minutes)
    return [EntryContent(str(at), published_at=time) for at, time in enumerate(times)]


def test_it_is_the_oldest_of_the_window() -> None:
    assert horizon_of(told(-30, -20, None, -5), NOON) == NOON - timedelta(minutes=30)
    assert horizon_of(told(-900, -600, -300), NOON) == NOON - timedelta(minutes=900)


def test_what_is_pinned_or_wrongly_dated_does_not_move_it() -> None:
    assert horizon_of(told(-20_000, -30, -20, -5, 360), NOON) == NOON - timedelta(minutes=30)


def test_without_a_window_it_is_a_day_ago() -> None:
    for nothing in ([], told(None), told(90)):
        assert horizon_of(nothing, NOON) == NOON - timedelta(days=1)
