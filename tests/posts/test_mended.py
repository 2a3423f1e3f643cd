"""What a broken permalink held goes on by itself once the page is mended, where it would have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from syndicator.clock import database_now
from syndicator.destinations.models import Policy, Route
from syndicator.entries.ingest import ingest
from syndicator.entries.models import Entry
from syndicator.posts import review
from syndicator.posts.line import NO_LONGER_NEWS
from syndicator.posts.mended import carry_on
from syndicator.posts.models import Decision, Post, PostState, Verdict
from syndicator.posts.policies import FOR_REVIEW
from syndicator.posts.render import render
from syndicator.posts.sweep import sweep
from syndicator.probing.models import Answer, Permalink, ProbedPage
from syndicator.steps import Step
from syndicator.wording import Wording
from tests.factories import make_content, make_due, make_entry, make_source, make_user
from tests.posts.conftest import Newsroom
from tests.posts.test_interleavings import at_the_same_time

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("short_deadline")]

WARNING = "Der Permalink antwortet mit 404."


@pytest.fixture(autouse=True)
def probing(newsroom: Newsroom, settings: Any) -> None:
    settings.PROBE_PERMALINKS = True
    Route.objects.update(hold_broken_links=True)


def answered(answer: Answer, status: int = 200) -> None:
    why = None if answer == Answer.WORKS else Wording(WARNING).to_json()
    Permalink.objects.update(answer=answer, why=why, probed_at=database_now())
    ProbedPage.objects.update(status=status)


def held(newsroom: Newsroom, **values: Any) -> Post:
    """A post that waits because its permalink is broken."""
    entry = make_entry(newsroom.blog, **values)
    render(entry.pk)
    answered(Answer.GONE, 404)
    render(entry.pk)
    post = Post.objects.get(entry=entry)
    assert post.state == PostState.PENDING
    return post


def long_ago(post: Post, **time: float) -> None:
    Post.objects.filter(pk=post.pk).update(created_at=post.created_at - timedelta(**time))


def test_it_goes_out_by_itself_and_once(newsroom: Newsroom) -> None:
    post = held(newsroom)
    sweep()
    assert newsroom.deliver() == 0, "it is still broken"
    answered(Answer.WORKS)
    sweep()
    post.refresh_from_db()
    assert post.state == PostState.APPROVED
    assert "works by now" in str(post.wording)
    assert WARNING not in str(post.wording)
    assert WARNING in str(post.ruling_wording), "why it waited stays on record"
    decision = Decision.objects.get()
    assert (decision.user, decision.verdict) == (None, Verdict.APPROVE)
    assert newsroom.deliver() == 1
    sweep()
    assert newsroom.deliver() == 0
    assert newsroom.accepted() == [post.entry.permalink]


def test_it_waits_on_where_it_needed_approval_anyhow_but_without_the_warning(
    newsroom: Newsroom,
) -> None:
    Route.objects.update(policy=Policy.REVIEW)
    post = held(newsroom)
    answered(Answer.WORKS)
    assert carry_on(database_now()) == 0
    post.refresh_from_db()
    assert (post.state, post.wording) == (PostState.PENDING, FOR_REVIEW)
    review.approve(post.pk, make_user(), post.payload_hash)
    assert newsroom.deliver() == 1


@pytest.mark.parametrize(
    "setting",
    [{"policy": Policy.REVIEW}, {"only_tags": "Genf", "otherwise": "review"}],
)
def test_the_route_counts_as_it_is_set_now(newsroom: Newsroom, setting: dict[str, str]) -> None:
    post = held(newsroom)
    Route.objects.update(**setting)
    answered(Answer.WORKS)
    assert carry_on(database_now()) == 0
    post.refresh_from_db()
    assert post.state == PostState.PENDING
    assert WARNING not in str(post.wording)


def test_a_word_that_never_goes_out_by_itself_still_holds_it(newsroom: Newsroom) -> None:
    newsroom.blog.never_automatic = "Genf"
    newsroom.blog.save()
    post = held(newsroom)
    answered(Answer.WORKS)
    assert carry_on(database_now()) == 0
    post.refresh_from_db()
    assert post.state == PostState.PENDING
    assert "Genf" in str(post.wording)


def test_without_its_route_it_is_left(newsroom: Newsroom) -> None:
    post = held(newsroom)
    Route.objects.all().delete()
    answered(Answer.WORKS)
    assert carry_on(database_now()) == 0
    post.refresh_from_db()
    assert post.state == PostState.PENDING


@pytest.mark.parametrize(
    ("answer", "status", "goes"),
    [
        (Answer.WORKS, 200, True),
        # The page is there now, and makes its places in the browser.
        (Answer.UNCHECKED, 200, True),
        # The site turns us away.
        (Answer.UNCHECKED, 403, False),
        (Answer.NO_PLACE, 200, False),
        (Answer.FAILS, 500, False),
    ],
)
def test_only_a_page_that_opens_counts(
    newsroom: Newsroom, answer: Answer, status: int, goes: bool
) -> None:
    post = held(newsroom)
    answered(answer, status)
    assert carry_on(database_now()) == goes
    post.refresh_from_db()
    assert (post.state == PostState.APPROVED) == goes


def test_what_its_permalink_was_before_does_not_count(newsroom: Newsroom) -> None:
    post = held(newsroom)
    answered(Answer.WORKS)
    Permalink.objects.update(url_hash="0" * 64)
    assert carry_on(database_now()) == 0
    post.refresh_from_db()
    assert post.state == PostState.PENDING


def hold(post: Post) -> None:
    review.hold(post.pk, make_user(), post.payload_hash)


def hold_and_release(post: Post) -> None:
    hold(post)
    review.release(post.pk, make_user())


def edit(post: Post) -> None:
    text = f"Anders gesagt. {post.entry.permalink}"
    review.edit(post.pk, make_user(), post.payload_hash, text)


def approve_and_undo(post: Post) -> None:
    review.approve(post.pk, make_user(), post.payload_hash)
    review.undo(post.pk, make_user())


def reject(post: Post) -> None:
    review.reject(post.pk, make_user(), "Falsch.")


@pytest.mark.parametrize("act", [hold, hold_and_release, edit, approve_and_undo, reject])
def test_what_a_person_decided_about_is_theirs(
    newsroom: Newsroom, act: Callable[[Post], None]
) -> None:
    post = held(newsroom)
    act(post)
    before = Post.objects.values().get()
    answered(Answer.WORKS)
    assert carry_on(database_now()) == 0
    assert Post.objects.values().get() == before
    assert newsroom.deliver() == 0


def test_a_decision_on_record_is_enough(newsroom: Newsroom) -> None:
    post = held(newsroom)
    post.decisions.create(
        user=make_user(),
        verdict=Verdict.UNDO,
        payload_hash=post.payload_hash,
        decided_at=database_now(),
    )
    answered(Answer.WORKS)
    assert carry_on(database_now()) == 0


def test_a_version_that_was_replaced_does_not_come_back(newsroom: Newsroom) -> None:
    post = held(newsroom)
    source = make_source(newsroom.blog, post.entry.source.name)
    changed = make_content(post.entry.external_id, headline="Zweite Fassung")
    ingest(source, changed)
    answered(Answer.WORKS)
    assert carry_on(database_now()) == 0
    render(post.entry_id)
    assert newsroom.deliver() == 1
    assert [one.state for one in Post.objects.order_by("pk")] == ["cancelled", "sent"]


def test_an_embargo_and_the_hold_time_still_run(newsroom: Newsroom) -> None:
    until = database_now() + timedelta(hours=3)
    post = held(newsroom, embargo_until=until)
    Route.objects.update(hold_seconds=60)
    answered(Answer.WORKS)
    assert carry_on(database_now()) == 1
    post.refresh_from_db()
    assert (post.due_at, post.not_before) == (until, until)
    assert newsroom.deliver() == 0
    other = held(newsroom)
    answered(Answer.WORKS)
    now = database_now()
    assert carry_on(now) == 1
    other.refresh_from_db()
    assert other.due_at == now + timedelta(seconds=60)


def test_quiet_hours_still_hold(newsroom: Newsroom) -> None:
    post = held(newsroom)
    newsroom.blog.time_zone = "UTC"
    newsroom.blog.save()
    hour = database_now().replace(minute=0)
    Route.objects.update(
        quiet_from=(hour - timedelta(hours=2)).time(), quiet_to=(hour + timedelta(hours=3)).time()
    )
    # It came in the quiet hours, and is as much news when they end as it was then.
    long_ago(post, minutes=90)
    answered(Answer.WORKS)
    assert carry_on(database_now()) == 1
    assert newsroom.deliver() == 0
    post.refresh_from_db()
    assert post.quiet_until is not None
    assert post.state == PostState.APPROVED


def test_a_stop_still_stops_it(newsroom: Newsroom) -> None:
    post = held(newsroom)
    editor = make_user()
    stop, _ = review.stop(editor, "Falschmeldung", blog=newsroom.blog)
    answered(Answer.WORKS)
    sweep()
    assert newsroom.deliver() == 0
    Post.objects.update(fresh_until=database_now() - timedelta(seconds=1))
    assert review.go_on(stop.pk, editor) == 1
    sweep()
    post.refresh_from_db()
    assert (post.state, post.wording) == (PostState.PENDING, NO_LONGER_NEWS)
    assert newsroom.deliver() == 0


def test_what_is_no_longer_news_waits_for_an_editor(newsroom: Newsroom) -> None:
    post = held(newsroom)
    long_ago(post, minutes=61)
    answered(Answer.WORKS)
    assert carry_on(database_now()) == 0
    post.refresh_from_db()
    assert (post.state, post.wording) == (PostState.PENDING, NO_LONGER_NEWS)


def test_a_post_that_could_not_go_out_afterwards_is_not_approved_a_second_time(
    newsroom: Newsroom,
) -> None:
    newsroom.fault("500")
    post = held(newsroom)
    answered(Answer.WORKS)
    sweep()
    newsroom.deliver()
    Post.objects.update(state=PostState.PENDING, due_at=None, reason=NO_LONGER_NEWS.to_json())
    sweep()
    assert Post.objects.get(pk=post.pk).state == PostState.PENDING


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [reject, hold])
def test_an_editor_who_keeps_it_back_at_the_same_moment_is_heard(
    newsroom: Newsroom, act: Callable[[Post], None]
) -> None:
    post = held(newsroom)
    answered(Answer.WORKS)
    at_the_same_time(Step.REVIEW_WRITTEN, lambda: act(post), lambda: carry_on(database_now()))
    kept = Post.objects.get()
    assert kept.state in (PostState.REJECTED, PostState.PENDING)
    assert Decision.objects.get().user is not None
    assert newsroom.deliver() == 0


@pytest.mark.django_db(transaction=True)
def test_an_editor_who_approves_it_at_the_same_moment_approves_it_once(newsroom: Newsroom) -> None:
    post = held(newsroom)
    answered(Answer.WORKS)
    editor = make_user()
    at_the_same_time(
        Step.REVIEW_WRITTEN,
        lambda: review.approve(post.pk, editor, post.payload_hash),
        lambda: carry_on(database_now()),
    )
    assert Decision.objects.get().user == editor
    assert Entry.objects.get().posts.get().state == PostState.APPROVED
    make_due(post)
    assert (newsroom.deliver(), newsroom.deliver()) == (1, 0)
    assert len(newsroom.accepted()) == 1
