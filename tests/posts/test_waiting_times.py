"""Embargo, schedule, quiet hours, hold and undo: what an approved post waits for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from syndicator.accounts.models import User
from syndicator.channels.base import Act, TryLater
from syndicator.clock import database_now
from syndicator.destinations.models import Policy, Route
from syndicator.entries.ingest import ingest, withdraw
from syndicator.posts import deliver, line, review
from syndicator.posts.holdups import Kind, Survey
from syndicator.posts.line import put_stale_aside, wake
from syndicator.posts.models import Action, Post, PostState, Verdict
from syndicator.posts.render import render, switch_off
from syndicator.posts.review import ReviewRefused
from syndicator.posts.sweep import set_back, sweep
from syndicator.wording import Wording
from tests.factories import make_blog, make_content, make_due, make_route, make_source, make_user
from tests.posts.conftest import Newsroom

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def editor() -> User:
    return make_user(first_name="Edda", last_name="Kranz")


@pytest.fixture
def waiting(newsroom: Newsroom) -> Post:
    Route.objects.update(policy=Policy.REVIEW)
    return newsroom.post()


def fresh(post: Post) -> Post:
    return Post.objects.select_related("entry").get(pk=post.pk)


def holdup(post: Post) -> tuple[Kind, datetime | None] | None:
    held = Survey().of_post(fresh(post))
    return (held.kind, held.until) if held else None


def as_if_later(by: timedelta) -> None:
    """All times of the posts come earlier instead."""
    for post in Post.objects.all():
        for name in ("due_at", "not_before", "quiet_until", "fresh_until", "changed_at"):
            if moment := getattr(post, name):
                setattr(post, name, moment - by)
        post.save()


# --- Embargo -------------------------------------------------------------------------------------


def test_nothing_goes_out_before_an_embargo_is_over(newsroom: Newsroom) -> None:
    until = database_now() + HOUR
    post = newsroom.post(embargo_until=until)
    assert (post.state, post.not_before, post.due_at) == (PostState.APPROVED, until, until)
    assert post.fresh_until == until + HOUR
    assert holdup(post) == (Kind.EMBARGO, until)
    assert newsroom.deliver() == 0
    make_due(post)
    assert newsroom.deliver() == 0, "whatever became of its clock"
    as_if_later(2 * HOUR - timedelta(minutes=59))
    assert newsroom.deliver() == 1


def test_an_approval_does_not_end_an_embargo(newsroom: Newsroom, editor: User) -> None:
    Route.objects.update(policy=Policy.REVIEW)
    until = database_now() + HOUR
    post = newsroom.post(embargo_until=until)
    assert review.approve(post.pk, editor, post.payload_hash).due_at == until
    review.undo(post.pk, editor)
    with pytest.raises(ReviewRefused, match="under embargo"):
        review.schedule(post.pk, editor, post.payload_hash, until - timedelta(minutes=1))
    scheduled = review.schedule(post.pk, editor, post.payload_hash, until + HOUR)
    assert scheduled.not_before == until + HOUR
    assert newsroom.deliver() == 0


def test_others_do_not_wait_for_what_is_under_embargo(newsroom: Newsroom) -> None:
    newsroom.post(embargo_until=database_now() + HOUR)
    newsroom.post()
    assert newsroom.deliver() == 1


def test_a_lifted_embargo_lets_it_go(newsroom: Newsroom) -> None:
    post = newsroom.post(embargo_until=database_now() + HOUR)
    entry = post.entry
    ingest(entry.source, make_content(entry.external_id, headline=entry.headline))
    render(entry.pk)
    assert newsroom.deliver() == 1


def test_a_correction_does_not_tell_what_is_under_embargo(newsroom: Newsroom, editor: User) -> None:
    if Act.EDIT not in newsroom.destination.channel.capabilities:
        pytest.skip("the platform edits nothing")
    post = newsroom.post()
    newsroom.deliver()
    until = database_now() + HOUR
    content = make_content(post.entry.external_id, embargo_until=until)
    ingest(make_source(newsroom.blog), content)
    render(post.entry_id)
    note = Post.objects.get(action=Action.EDIT)
    carried = review.carry_out(note.pk, editor, note.payload_hash)
    assert (carried.not_before, carried.due_at) == (until, until)
    make_due(note)
    assert newsroom.deliver() == 0


@pytest.mark.parametrize("hours", [4, 20])
def test_a_clock_that_is_set_back_does_not_end_an_embargo(newsroom: Newsroom, hours: int) -> None:
    """Neither one that was over by that clock, nor one that was not."""
    now = database_now()
    until = now + hours * HOUR
    post, waiting = newsroom.post(embargo_until=until), newsroom.post(embargo_until=until)
    Post.objects.update(changed_at=now + 8 * HOUR)
    Post.objects.filter(pk=waiting.pk).update(state=PostState.PENDING, due_at=None)
    set_back(now, 8 * HOUR)
    assert fresh(post).due_at == until
    assert fresh(post).fresh_until == until + HOUR
    assert fresh(waiting).due_at is None


# --- Schedule ------------------------------------------------------------------------------------


def test_a_scheduled_post_is_approved_for_its_time_and_no_earlier(
    newsroom: Newsroom, waiting: Post, editor: User
) -> None:
    at = database_now() + HOUR
    post = review.schedule(waiting.pk, editor, waiting.payload_hash, at)
    assert (post.state, post.due_at, post.not_before) == (PostState.APPROVED, at, at)
    assert post.fresh_until == at + HOUR, "it is news from then on"
    assert holdup(post) == (Kind.SCHEDULED, at)
    decision = post.decisions.get()
    assert (decision.verdict, decision.user) == (Verdict.SCHEDULE, editor)
    assert (decision.payload_hash, decision.comment) == (waiting.payload_hash, f"{at.isoformat()}/")
    assert sweep().to_deliver == newsroom.deliver() == 0
    as_if_later(HOUR)
    assert newsroom.deliver() == 1


def test_a_schedule_is_bound_to_what_was_seen(waiting: Post, editor: User) -> None:
    at = database_now() + HOUR
    seen = waiting.payload_hash
    review.edit(waiting.pk, editor, seen, f"Anders. {waiting.message.permalink}")
    with pytest.raises(ReviewRefused, match="changed while you were looking"):
        review.schedule(waiting.pk, editor, seen, at)
    assert fresh(waiting).not_before is None


def test_an_editor_says_how_long_a_post_is_news(
    newsroom: Newsroom, waiting: Post, editor: User
) -> None:
    now = database_now()
    end = now + 5 * HOUR
    post = review.schedule(waiting.pk, editor, waiting.payload_hash, None, end)
    assert (post.not_before, post.fresh_until) == (None, end)
    quiet(-HOUR, 6 * HOUR)
    assert newsroom.deliver() == 0
    assert fresh(post).fresh_until == end, "rest makes no news of it"
    set_back(now - 8 * HOUR, HOUR)
    assert fresh(post).fresh_until == end
    assert put_stale_aside(end + HOUR) == 1
    again = review.approve(waiting.pk, editor, waiting.payload_hash)
    assert again.not_after is None
    assert again.fresh_until != end
    with pytest.raises(ReviewRefused, match="Choose a later end"):
        review.schedule(waiting.pk, editor, waiting.payload_hash, now + 2 * HOUR, now + HOUR)


@pytest.mark.parametrize(
    ("by", "said"), [(-HOUR, "still to come"), (timedelta(days=31), "within the next 30 days")]
)
def test_a_schedule_is_for_a_time_to_come(
    waiting: Post, editor: User, by: timedelta, said: str
) -> None:
    with pytest.raises(ReviewRefused, match=said):
        review.schedule(waiting.pk, editor, waiting.payload_hash, database_now() + by)


def test_the_time_can_be_set_anew_and_an_edit_ends_it(waiting: Post, editor: User) -> None:
    now = database_now()
    review.schedule(waiting.pk, editor, waiting.payload_hash, now + HOUR)
    again = review.schedule(waiting.pk, editor, waiting.payload_hash, now + 2 * HOUR)
    assert again.due_at == again.not_before == now + 2 * HOUR
    text = f"Anders. {waiting.message.permalink}"
    edited = review.edit(waiting.pk, editor, waiting.payload_hash, text)
    assert (edited.state, edited.not_before) == (PostState.PENDING, None)


# --- Hold and release ----------------------------------------------------------------------------


def test_a_held_post_goes_nowhere_until_it_is_released(newsroom: Newsroom, editor: User) -> None:
    Route.objects.update(hold_seconds=600)
    post = newsroom.post()
    held = review.hold(post.pk, editor, post.payload_hash, " Zahl prüfen ")
    assert (held.state, held.due_at, held.held_by) == (PostState.PENDING, None, editor)
    assert str(held.wording) == "Edda Kranz holds it: Zahl prüfen"
    other = make_user()
    later = database_now() + HOUR
    acts: list[Callable[[], object]] = [
        lambda: review.approve(post.pk, other, post.payload_hash),
        lambda: review.approve(post.pk, editor, post.payload_hash),
        lambda: review.schedule(post.pk, other, post.payload_hash, later),
    ]
    for act in acts:
        with pytest.raises(ReviewRefused, match=r"Edda Kranz holds it\. Release it first"):
            act()
    with pytest.raises(ReviewRefused, match="no longer possible"):
        review.hold(post.pk, other, post.payload_hash)
    assert put_stale_aside(database_now() + timedelta(days=9)) == 0
    released = review.release(post.pk, other)
    assert (released.state, released.held_by) == (PostState.PENDING, None)
    assert review.approve(post.pk, other, post.payload_hash).state == PostState.APPROVED
    assert list(post.decisions.values_list("verdict", flat=True)) == [
        Verdict.APPROVE,
        Verdict.HOLD,
        Verdict.RELEASE,
        Verdict.APPROVE,
    ]


def test_a_held_post_stays_held_when_its_text_is_edited(waiting: Post, editor: User) -> None:
    review.hold(waiting.pk, editor, waiting.payload_hash)
    text = f"Anders. {waiting.message.permalink}"
    edited = review.edit(waiting.pk, editor, waiting.payload_hash, text)
    assert edited.held_by == editor
    with pytest.raises(ReviewRefused, match="Release it first"):
        review.approve(waiting.pk, editor, edited.payload_hash)


def test_only_what_was_seen_is_held_and_only_what_is_held_is_released(
    waiting: Post, editor: User
) -> None:
    with pytest.raises(ReviewRefused, match="changed while"):
        review.hold(waiting.pk, editor, "another")
    with pytest.raises(ReviewRefused, match="no longer possible"):
        review.release(waiting.pk, editor)


@pytest.mark.parametrize("act", ["schedule", "hold", "undo"])
def test_a_new_version_of_what_was_kept_back_does_not_go_out_by_itself(
    newsroom: Newsroom, editor: User, act: str
) -> None:
    Route.objects.update(hold_seconds=600)
    post = newsroom.post()
    acts: dict[str, Callable[[], object]] = {
        "schedule": lambda: review.schedule(
            post.pk, editor, post.payload_hash, database_now() + HOUR
        ),
        "hold": lambda: review.hold(post.pk, editor, post.payload_hash),
        "undo": lambda: review.undo(post.pk, editor),
    }
    acts[act]()
    ingest(make_source(newsroom.blog), make_content(post.entry.external_id))
    render(post.entry_id)
    assert fresh(post).state == PostState.CANCELLED
    newest = Post.objects.latest("pk")
    assert newest.state == PostState.PENDING
    assert "earlier version" in str(newest.wording)


# --- Undo ----------------------------------------------------------------------------------------


def test_an_approval_is_taken_back_while_no_worker_has_taken_the_post(
    newsroom: Newsroom, waiting: Post, editor: User
) -> None:
    Route.objects.update(hold_seconds=600)
    review.approve(waiting.pk, editor, waiting.payload_hash)
    undone = review.undo(waiting.pk, editor)
    assert (undone.state, undone.due_at, undone.fresh_until) == (PostState.PENDING, None, None)
    assert undone.decisions.last().verdict == Verdict.UNDO  # type: ignore[union-attr]
    with pytest.raises(ReviewRefused, match="no longer possible"):
        review.undo(waiting.pk, editor)
    Route.objects.update(hold_seconds=0)
    review.approve(waiting.pk, editor, waiting.payload_hash)
    claim = deliver.claim_next(newsroom.destination.pk)
    assert claim
    with pytest.raises(ReviewRefused, match="no longer possible"):
        review.undo(waiting.pk, editor)
    deliver.record(claim, TryLater(Wording("Später.")), go_on=False)
    assert review.undo(waiting.pk, editor).state == PostState.PENDING, "it is not out"
    assert newsroom.deliver() == 0


@pytest.mark.django_db(transaction=True)
def test_of_an_undo_and_a_worker_one_comes_first(newsroom: Newsroom, editor: User) -> None:
    """Whoever it is: an undone post does not go out, and one that goes out is not undone."""
    for _ in range(6):
        post = newsroom.post()

        def undone(pk: int = post.pk) -> bool:
            try:
                review.undo(pk, editor)
            except ReviewRefused:
                return False
            finally:
                connection.close()
            return True

        def sent() -> int:
            try:
                return newsroom.deliver()
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.submit(sent), pool.submit(undone)
            assert first.result() + second.result() == 1
        expected = PostState.PENDING if second.result() else PostState.SENT
        assert fresh(post).state == expected
        Post.objects.filter(pk=post.pk, state=PostState.PENDING).delete()


def test_a_schedule_is_taken_back_with_its_time(waiting: Post, editor: User) -> None:
    review.schedule(waiting.pk, editor, waiting.payload_hash, database_now() + HOUR)
    assert review.undo(waiting.pk, editor).not_before is None


def test_a_rejection_is_taken_back_while_the_entry_says_the_same(
    newsroom: Newsroom, waiting: Post, editor: User
) -> None:
    review.reject(waiting.pk, editor, "Doppelt")
    assert review.undo(waiting.pk, editor).state == PostState.PENDING
    review.reject(waiting.pk, editor, "Doppelt")
    ingest(make_source(newsroom.blog), make_content(waiting.entry.external_id))
    with pytest.raises(ReviewRefused, match="changed or was withdrawn"):
        review.undo(waiting.pk, editor)
    render(waiting.entry_id)
    with pytest.raises(ReviewRefused, match="changed or was withdrawn"):
        review.undo(waiting.pk, editor)


def test_a_rejection_stays_where_nothing_is_posted_any_more(waiting: Post, editor: User) -> None:
    review.reject(waiting.pk, editor, "Doppelt")
    Route.objects.update(policy=Policy.OFF)
    switch_off(Route.objects.get())
    with pytest.raises(ReviewRefused, match="does not post to this destination"):
        review.undo(waiting.pk, editor)


def test_a_deletion_that_nobody_has_begun_becomes_a_note_again(
    newsroom: Newsroom, editor: User
) -> None:
    post = newsroom.post()
    newsroom.deliver()
    withdraw(make_source(newsroom.blog), post.entry.external_id)
    render(post.entry_id)
    note = Post.objects.get(action=Action.DELETE)
    review.carry_out(note.pk, editor, note.payload_hash)
    undone = review.undo(note.pk, editor)
    assert undone.is_note
    assert undone.waits_for_person
    assert newsroom.deliver() == 0
    review.carry_out(note.pk, editor, note.payload_hash)
    assert newsroom.deliver() == 1
    assert fresh(post).state == PostState.DELETED


# --- Quiet hours ---------------------------------------------------------------------------------


def quiet(begin: timedelta, end: timedelta, **values: bool) -> datetime:
    """Have all routes be quiet from *begin* to *end*, seen from now; when that ends."""
    now = database_now().astimezone(ZoneInfo("Europe/Berlin")).replace(second=0, microsecond=0)
    Route.objects.update(quiet_from=(now + begin).time(), quiet_to=(now + end).time(), **values)
    return now + end


def test_what_is_approved_in_quiet_hours_goes_out_at_their_end(newsroom: Newsroom) -> None:
    ends = quiet(-HOUR, 2 * HOUR)
    post = newsroom.post()
    assert newsroom.deliver() == 0
    rested = fresh(post)
    assert (rested.state, rested.due_at, rested.quiet_until) == (PostState.APPROVED, ends, ends)
    assert rested.fresh_until == ends + HOUR, "it is as much news then"
    assert rested.wording == post.wording
    assert holdup(post) == (Kind.QUIET, ends)
    assert sweep().to_deliver == 0
    quiet(-3 * HOUR, -HOUR)
    as_if_later(2 * HOUR)
    assert newsroom.deliver() == 1


def test_before_and_after_them_nothing_waits(newsroom: Newsroom) -> None:
    quiet(HOUR, 2 * HOUR)
    newsroom.post()
    assert newsroom.deliver() == 1


@pytest.mark.parametrize("urgent", [{"tags": ("Eil",)}, {"key_event": True}])
def test_breaking_news_and_key_events_go_out_all_the_same(
    newsroom: Newsroom, urgent: dict[str, object]
) -> None:
    quiet(-HOUR, HOUR)
    newsroom.post()
    newsroom.post(**urgent)
    assert newsroom.deliver() == 1


def test_unless_the_route_says_otherwise(newsroom: Newsroom) -> None:
    quiet(-HOUR, HOUR, urgent_in_quiet_hours=False)
    newsroom.post(tags=("Eil",))
    assert newsroom.deliver() == 0


def test_another_blogs_posts_do_not_wait_for_what_rests(newsroom: Newsroom) -> None:
    quiet(-HOUR, HOUR)
    for _ in range(3):
        newsroom.post()
    awake = make_blog()
    make_route(awake, newsroom.destination)
    newsroom.blog = awake
    newsroom.post()
    assert newsroom.deliver() == 1


def test_a_long_backlog_is_put_to_rest_bit_by_bit(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "RESTED_AT_ONCE", 2)
    quiet(-HOUR, HOUR)
    for _ in range(3):
        newsroom.post()
    assert newsroom.deliver() == 0
    assert Post.objects.filter(quiet_until=None).count() == 1
    assert sweep().to_deliver == 1
    assert newsroom.deliver() == 0
    assert not Post.objects.filter(quiet_until=None).exists()
    assert sweep().to_deliver == 0


def test_a_try_that_comes_due_in_quiet_hours_rests_and_holds_nobody_up(
    newsroom: Newsroom,
) -> None:
    post = newsroom.post()
    claim = deliver.claim_next(newsroom.destination.pk)
    assert claim
    deliver.record(claim, TryLater(Wording("Später.")), go_on=False)
    quiet(-HOUR, HOUR)
    make_due(post)
    assert newsroom.deliver() == 0
    assert fresh(post).tries == 1
    awake = make_blog()
    make_route(awake, newsroom.destination)
    newsroom.blog = awake
    newsroom.post()
    assert newsroom.deliver() == 1


def test_what_somebody_does_to_a_post_that_is_out_does_not_rest(
    newsroom: Newsroom, editor: User
) -> None:
    post = newsroom.post()
    newsroom.deliver()
    quiet(-HOUR, HOUR)
    withdraw(make_source(newsroom.blog), post.entry.external_id)
    render(post.entry_id)
    note = Post.objects.get(action=Action.DELETE)
    review.carry_out(note.pk, editor, note.payload_hash)
    assert newsroom.deliver() == 1


def test_what_rests_looks_again_when_the_quiet_hours_are_set_anew(newsroom: Newsroom) -> None:
    quiet(-HOUR, HOUR)
    post = newsroom.post()
    newsroom.deliver()
    Route.objects.update(quiet_from=None, quiet_to=None)
    assert wake(Route.objects.get()) == 1
    assert fresh(post).quiet_until is None
    assert newsroom.deliver() == 1


def test_an_embargo_outlasts_new_quiet_hours(newsroom: Newsroom) -> None:
    post = newsroom.post(embargo_until=database_now() + 3 * HOUR)
    Post.objects.update(quiet_until=database_now() + HOUR)
    wake(Route.objects.get())
    assert fresh(post).due_at == post.not_before
