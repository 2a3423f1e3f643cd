"""The sweeper: what it rings for, how often, and what it does about a clock that was set back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from syndicator import queue
from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.entries.models import Entry
from syndicator.posts import deliver
from syndicator.posts.models import Post, PostState, SweepReport
from syndicator.posts.sweep import AGAIN, FEW, sweep, sweep_in_turn
from tests.factories import make_blog, make_entry, make_post

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, int]]]:
    """What was rung for. The broker is not what these tests are about."""
    heard: list[tuple[str, int]] = []
    monkeypatch.setattr(queue, "ring", lambda task, pk: heard.append((task, pk)))
    return heard


def ago(**columns: timedelta) -> None:
    """Move the times of the sweeper's own row into the past."""
    report = SweepReport.objects.get()
    for name, by in columns.items():
        setattr(report, name, getattr(report, name) - by)
    report.save()


def test_it_rings_for_an_entry_a_destination_and_a_post_that_are_due(
    rung: list[tuple[str, int]],
) -> None:
    approved = make_post()
    uncertain = make_post()
    Post.objects.filter(pk=uncertain.pk).update(state=PostState.UNCERTAIN, due_at=database_now())
    entry = make_entry(make_blog())
    rung.clear()
    swept = sweep()
    assert sorted(rung) == [
        (queue.DELIVER_TO_DESTINATION, approved.destination_id),
        (queue.RECONCILE_POST, uncertain.pk),
        (queue.RENDER_ENTRY, entry.pk),
    ]
    assert (swept.to_deliver, swept.to_reconcile, swept.to_render) == (1, 1, 1)


def test_what_stays_due_is_rung_for_every_few_seconds_only(rung: list[tuple[str, int]]) -> None:
    post = make_post()
    ring = (queue.DELIVER_TO_DESTINATION, post.destination_id)
    Post.objects.update(due_at=database_now() - HOUR)
    sweep_in_turn()
    assert ring in rung
    rung.clear()
    ago(swept_at=timedelta(seconds=1))
    sweep_in_turn()
    assert rung == []
    ago(swept_at=timedelta(seconds=1), rung_at=AGAIN)
    sweep_in_turn()
    assert rung == [ring]


def test_what_has_just_become_due_is_rung_for_at_once(rung: list[tuple[str, int]]) -> None:
    post = make_post()
    Post.objects.update(due_at=database_now() + HOUR)
    sweep_in_turn()
    rung.clear()
    ago(swept_at=timedelta(seconds=1))
    Post.objects.update(due_at=database_now())
    sweep_in_turn()
    assert rung == [(queue.DELIVER_TO_DESTINATION, post.destination_id)]


def test_a_limit_that_has_just_ended_is_rung_for_at_once(rung: list[tuple[str, int]]) -> None:
    post = make_post()
    Destination.objects.update(next_post_at=database_now() + HOUR)
    sweep_in_turn()
    rung.clear()
    ago(swept_at=timedelta(seconds=1))
    Destination.objects.update(next_post_at=database_now())
    sweep_in_turn()
    assert rung == [(queue.DELIVER_TO_DESTINATION, post.destination_id)]


@pytest.mark.django_db(transaction=True)
def test_of_sweeps_that_come_at_once_only_one_does_anything(
    rung: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicator.posts.sweep.APART", timedelta(minutes=1))
    post = make_post()
    rung.clear()

    def work(_: int) -> bool:
        try:
            return sweep_in_turn() is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(40))) == 1
    assert rung == [(queue.DELIVER_TO_DESTINATION, post.destination_id)]


def test_a_report_says_what_was_found_and_when(rung: list[tuple[str, int]]) -> None:
    make_post()
    sweep_in_turn()
    report = SweepReport.objects.get()
    assert report.found["to_deliver"] == 1
    assert report.found_at is not None


def test_times_written_by_a_clock_that_was_set_back_are_brought_into_line(
    rung: list[tuple[str, int]],
) -> None:
    """As if the database's clock had been three hours ahead until just now."""
    post = make_post()
    claim = deliver.claim_next(post.destination_id)
    assert claim is not None
    waiting = make_entry(make_blog())
    sweep_in_turn()
    ahead = 3 * HOUR
    now = database_now()
    before = Post.objects.get()
    assert before.due_at
    assert before.fresh_until
    Post.objects.update(
        due_at=before.due_at + ahead,
        fresh_until=before.fresh_until + ahead,
        changed_at=before.changed_at + ahead,
    )
    Destination.objects.update(
        next_post_at=now + timedelta(minutes=1) + ahead, next_post_set_at=now + ahead
    )
    Entry.objects.filter(pk=waiting.pk).update(render_due_at=now + ahead)
    ago(swept_at=-ahead, rung_at=-ahead)
    rung.clear()
    assert sweep_in_turn() is not None
    after = Post.objects.get()
    second = timedelta(seconds=1)
    assert after.due_at
    assert after.fresh_until
    assert abs(after.due_at - before.due_at) < second
    assert abs(after.fresh_until - before.fresh_until) < second
    next_post_at = Destination.objects.get().next_post_at
    assert next_post_at
    assert abs(next_post_at - now - timedelta(minutes=1)) < second
    assert (queue.RENDER_ENTRY, waiting.pk) in rung


def test_a_clock_set_back_before_the_first_sweep_is_noticed(rung: list[tuple[str, int]]) -> None:
    post = make_post()
    assert post.due_at
    ahead = post.due_at + HOUR
    Post.objects.update(due_at=ahead, changed_at=ahead, fresh_until=ahead + HOUR)
    sweep_in_turn()
    after = Post.objects.get()
    assert after.due_at
    assert after.due_at <= database_now()


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), 3 * HOUR])
def test_a_limit_ends_when_it_should_although_the_clock_was_set_back(
    rung: list[tuple[str, int]], ahead: timedelta
) -> None:
    """One that was all but over by the clock that was ahead, and one that the right clock wrote."""
    over, standing = make_post().destination, make_post().destination
    swept_from = database_now()
    sweep_in_turn()
    now = database_now()
    over.not_before(now + ahead + timedelta(seconds=1), now + ahead - timedelta(seconds=9))
    over.save()
    standing.not_before(now + HOUR, now - timedelta(seconds=9))
    standing.save()
    ago(swept_at=-ahead)
    sweep_in_turn()
    between_sweeps = database_now() - swept_from
    over.refresh_from_db()
    standing.refresh_from_db()
    assert over.next_post_at
    assert over.next_post_at <= now + timedelta(seconds=1) + between_sweeps
    assert standing.next_post_at == now + HOUR


def test_a_limit_learned_before_the_sweep_that_notices_a_set_back_is_kept(
    rung: list[tuple[str, int]],
) -> None:
    destination = make_post().destination
    sweep_in_turn()
    now, ahead = database_now(), 3 * HOUR
    destination.not_before(now + ahead - timedelta(minutes=5), now + ahead - HOUR / 3)
    destination.not_before(now + HOUR, now)
    destination.save()
    ago(swept_at=-ahead)
    sweep_in_turn()
    destination.refresh_from_db()
    assert destination.next_post_at == now + HOUR


def test_behind_many_entries_that_cannot_be_rendered_each_is_tried_often_enough(
    rung: list[tuple[str, int]],
) -> None:
    blog = make_blog()
    for _ in range(FEW):
        make_entry(blog)
    Entry.objects.update(
        render_due_at=database_now() - HOUR, render_tried_at=database_now() - HOUR, render_tries=9
    )
    last = make_entry(blog)
    rung.clear()
    sweep()
    assert (queue.RENDER_ENTRY, last.pk) in rung


def test_a_clock_that_was_ahead_between_two_sweeps_is_noticed_by_what_it_wrote(
    rung: list[tuple[str, int]],
) -> None:
    post, now = make_post(), database_now()
    sweep_in_turn()
    limited = post.destination
    limited.not_before(now + 4 * HOUR, now + 3 * HOUR)
    limited.save()
    ago(swept_at=timedelta(seconds=6), rung_at=timedelta(seconds=6))
    sweep_in_turn()
    limited.refresh_from_db()
    assert limited.next_post_at
    assert abs(limited.next_post_at - now - HOUR) < timedelta(seconds=2)


def test_a_clock_that_goes_on_as_ever_shifts_nothing(rung: list[tuple[str, int]]) -> None:
    make_post()
    Post.objects.update(due_at=database_now() + HOUR)
    before = list(Post.objects.values())
    sweep_in_turn()
    ago(swept_at=timedelta(seconds=1))
    sweep_in_turn()
    assert list(Post.objects.values()) == before
