"""Whose turn it is, and when: breaking news, stale posts, gaps, limits and open circuits."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from syndicator.channels.base import Receipt, Rejected, TryLater, Unknown
from syndicator.channels.sandbox.faults import Fault
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, Route
from syndicator.entries.models import Entry
from syndicator.posts import circuit, deliver, reconcile, review
from syndicator.posts.line import NO_LONGER_NEWS, PATIENCE, RENDER_TRIES
from syndicator.posts.models import Post, PostState
from syndicator.posts.render import render
from syndicator.posts.sweep import sweep
from syndicator.wording import Wording
from tests.factories import make_destination, make_due, make_entry, make_route, make_user
from tests.posts.conftest import Newsroom

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("short_deadline")]

SAID = Wording("So sagt die Plattform.")
HOUR = timedelta(hours=1)


def permalinks(*posts: Post) -> list[str]:
    return [post.entry.permalink for post in posts]


def try_once(newsroom: Newsroom, result: Receipt | Unknown | TryLater | Rejected) -> datetime:
    """Claim the next post and record *result* for it; the time just before."""
    now = database_now()
    claim = deliver.claim_next(newsroom.destination.pk)
    assert claim is not None
    deliver.record(claim, result, go_on=False)
    newsroom.destination.refresh_from_db()
    return now


def next_post_at(newsroom: Newsroom) -> datetime:
    newsroom.destination.refresh_from_db()
    assert newsroom.destination.next_post_at is not None
    return newsroom.destination.next_post_at


@pytest.mark.parametrize("tag", ["Eilmeldung", "EIL", " breaking news "])
def test_breaking_news_overtakes_what_waits(newsroom: Newsroom, tag: str) -> None:
    first, second = newsroom.post(), newsroom.post()
    breaking = newsroom.post(tags=(tag,))
    newsroom.deliver()
    assert newsroom.accepted() == permalinks(breaking, first, second)


def test_breaking_news_keeps_its_own_order(newsroom: Newsroom) -> None:
    plain = newsroom.post()
    breaking = [newsroom.post(tags=("Eilmeldung",)) for _ in range(3)]
    newsroom.deliver()
    assert newsroom.accepted() == permalinks(*breaking, plain)


def test_a_tag_that_is_not_one_of_breaking_news_overtakes_nothing(newsroom: Newsroom) -> None:
    newsroom.blog.breaking_tags = ""
    newsroom.blog.save()
    posts = [newsroom.post(), newsroom.post(tags=("Eilmeldung", "")), newsroom.post(key_event=True)]
    newsroom.deliver()
    assert newsroom.accepted() == permalinks(*posts)


def test_breaking_news_overtakes_a_post_that_is_tried_again_or_looked_up(
    newsroom: Newsroom,
) -> None:
    newsroom.fault("500")
    uncertain = newsroom.post()
    newsroom.deliver()
    plain = newsroom.post()
    breaking = newsroom.post(tags=("Eilmeldung",))
    newsroom.deliver()
    assert newsroom.accepted() == permalinks(breaking)
    for _ in range(reconcile.ABSENCES_NEEDED):
        reconcile.reconcile(make_due(uncertain).pk)
    make_due(uncertain)
    newsroom.deliver()
    assert newsroom.accepted() == permalinks(breaking, uncertain, plain)


def test_breaking_news_does_not_wait_for_older_entries_that_are_not_rendered_yet(
    newsroom: Newsroom,
) -> None:
    make_entry(newsroom.blog)
    breaking = newsroom.post(tags=("Eilmeldung",))
    newsroom.deliver()
    assert newsroom.accepted() == permalinks(breaking)


def test_an_older_entry_is_waited_for_however_old_until_rendering_it_has_failed_for_a_while(
    newsroom: Newsroom,
) -> None:
    """After an outage of all workers every entry is old, and their order counts the same."""
    older = make_entry(newsroom.blog)
    newer = newsroom.post()
    Entry.objects.update(changed_at=database_now() - HOUR)
    assert newsroom.deliver() == 0
    failing = Entry.objects.filter(pk=older.pk)
    failing.update(render_tried_at=database_now() - PATIENCE / 2, render_tries=RENDER_TRIES)
    assert newsroom.deliver() == 0
    # As if the clock had been set forward while it was being rendered for the first time.
    failing.update(render_tried_at=database_now() - PATIENCE, render_tries=1)
    assert newsroom.deliver() == 0
    failing.update(render_tries=RENDER_TRIES)
    newsroom.deliver()
    assert newsroom.accepted() == permalinks(newer)


def test_a_clock_that_is_set_back_lets_nothing_overtake(newsroom: Newsroom) -> None:
    """Approved an hour ago by a clock that was ahead: its time seems to be yet to come."""
    older = newsroom.post()
    assert older.due_at
    later = older.due_at + HOUR
    Post.objects.update(due_at=later, changed_at=later)
    newsroom.post()
    assert newsroom.deliver() == 0


def test_what_waited_too_long_goes_to_an_editor_and_does_not_flood(newsroom: Newsroom) -> None:
    old = [newsroom.post() for _ in range(3)]
    Post.objects.update(fresh_until=database_now() - timedelta(seconds=1))
    fresh = newsroom.post()
    newsroom.deliver()
    assert newsroom.accepted() == permalinks(fresh)
    assert sweep().stale == 3
    for post in old:
        post.refresh_from_db()
        assert (post.state, post.wording) == (PostState.PENDING, NO_LONGER_NEWS)
        assert post.waits_for_person
    review.approve(old[0].pk, make_user(), old[0].payload_hash)
    newsroom.deliver()
    assert newsroom.accepted() == permalinks(fresh, old[0])


def test_a_routes_limit_counts_from_when_the_post_was_due(newsroom: Newsroom) -> None:
    Route.objects.update(limit_minutes=30, hold_seconds=60)
    post = newsroom.post()
    assert post.fresh_until
    assert post.due_at
    assert post.fresh_until - post.due_at == timedelta(minutes=30)
    Route.objects.update(limit_minutes=0)
    assert newsroom.post().fresh_until is None


def test_the_sweeper_puts_stale_posts_aside_where_nothing_is_sent(newsroom: Newsroom) -> None:
    post = newsroom.post()
    Post.objects.update(fresh_until=database_now() - timedelta(seconds=1))
    Destination.objects.update(state="paused")
    assert sweep().stale == 1
    assert sweep().stale == 0
    post.refresh_from_db()
    assert post.state == PostState.PENDING


def test_a_receipt_that_asks_to_wait_holds_the_destination_for_so_long(newsroom: Newsroom) -> None:
    newsroom.post(), newsroom.post()
    before = try_once(newsroom, Receipt("1", wait=timedelta(seconds=90)))
    assert next_post_at(newsroom) >= before + timedelta(seconds=90)
    assert newsroom.deliver() == 0


def test_a_shorter_wait_does_not_shorten_a_longer_one(newsroom: Newsroom) -> None:
    newsroom.post()
    claim = deliver.claim_next(newsroom.destination.pk)
    assert claim
    until = database_now() + HOUR
    Destination.objects.update(next_post_at=until)
    deliver.record(claim, Receipt("1", wait=timedelta(seconds=5)), go_on=False)
    assert next_post_at(newsroom) == until


def test_a_channels_gap_is_kept_between_two_posts(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(newsroom.destination.channel), "gap", timedelta(minutes=2))
    newsroom.post(), newsroom.post()
    before = database_now()
    assert newsroom.deliver() == 1
    assert next_post_at(newsroom) >= before + timedelta(minutes=2)


def test_failures_in_a_row_open_the_circuit_and_one_success_closes_it(newsroom: Newsroom) -> None:
    post = newsroom.post()
    for number in range(1, circuit.FAILURES_ALLOWED + 1):
        assert newsroom.destination.circuit_opened_at is None
        try_once(newsroom, TryLater(SAID))
        assert newsroom.destination.failures == number
        make_due(post)
    assert newsroom.destination.circuit_opened_at
    rest = next_post_at(newsroom) - database_now()
    assert timedelta(seconds=55) < rest < timedelta(seconds=75)
    assert newsroom.deliver() == 0
    Destination.objects.update(next_post_at=database_now())
    try_once(newsroom, TryLater(SAID))
    opened = newsroom.destination.circuit_opened_at
    assert next_post_at(newsroom) - database_now() > timedelta(seconds=100)
    Destination.objects.update(next_post_at=database_now())
    make_due(post)
    newsroom.deliver()
    newsroom.destination.refresh_from_db()
    assert opened
    assert newsroom.destination.circuit_opened_at is None
    assert newsroom.destination.failures == 0
    assert newsroom.accepted() == permalinks(post)


@pytest.mark.parametrize(
    "answer", [Rejected(SAID, status=400), TryLater(SAID, retry_after=timedelta(0), status=429)]
)
def test_a_platform_that_answers_is_not_down(
    newsroom: Newsroom, answer: Rejected | TryLater
) -> None:
    newsroom.post()
    Destination.objects.update(failures=circuit.FAILURES_ALLOWED - 1)
    try_once(newsroom, answer)
    assert newsroom.destination.failures == 0


def test_a_post_found_behind_unclear_answers_closes_the_circuit(newsroom: Newsroom) -> None:
    Destination.objects.update(failures=circuit.FAILURES_ALLOWED - 1)
    newsroom.fault("accept-then-500")
    post = newsroom.post()
    newsroom.deliver()
    newsroom.destination.refresh_from_db()
    assert newsroom.destination.circuit_opened_at
    reconcile.reconcile(make_due(post).pk)
    newsroom.destination.refresh_from_db()
    assert newsroom.destination.circuit_opened_at is None
    assert (newsroom.destination.failures, newsroom.destination.next_post_at) == (0, None)


def test_try_now_closes_the_circuit_but_keeps_the_platforms_own_limit(newsroom: Newsroom) -> None:
    editor, until = make_user(), database_now() + HOUR
    Destination.objects.update(circuit_opened_at=until, failures=7, next_post_at=until)
    resumed = review.resume(newsroom.destination.pk, editor)
    assert (resumed.circuit_opened_at, resumed.failures, resumed.next_post_at) == (None, 0, None)
    Destination.objects.update(next_post_at=until)
    assert review.resume(newsroom.destination.pk, editor).next_post_at == until


def test_a_dead_platform_delays_no_other(newsroom: Newsroom) -> None:
    """Its own posts wait; those of another destination of the same blog go out meanwhile."""
    other = "facebook" if newsroom.destination.channel_name == "x" else "x"
    second = make_destination(other, f"{newsroom.sandbox.http_url}/{other}")
    make_route(newsroom.blog, second)
    newsroom.sandbox.faults.switch_on(newsroom.destination.channel_name, Fault("500", times=None))
    entries = [make_entry(newsroom.blog) for _ in range(3)]
    for entry in entries:
        render(entry.pk)
    newsroom.deliver()
    deliver.deliver(second.pk)
    assert newsroom.accepted() == []
    accepted = [act.link for act in newsroom.sandbox.store.accepted(other)]
    assert accepted == [entry.permalink for entry in entries]
