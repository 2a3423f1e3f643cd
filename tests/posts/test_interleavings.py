"""Two acts on one post at the same time, or one after the other in an order nobody expects."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection

from syndicator import steps
from syndicator.channels.base import Receipt, TryLater, Unauthorised
from syndicator.channels.sandboxes import SANDBOX_SETTINGS
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState, Policy, Route
from syndicator.entries.ingest import ingest, withdraw
from syndicator.entries.models import Entry
from syndicator.posts import deliver, reconcile, review
from syndicator.posts.late_answers import OUT_AFTER_ALL
from syndicator.posts.line import PATIENCE, RENDER_TRIES
from syndicator.posts.models import Action, Post, PostState
from syndicator.posts.policies import ROUTE_OFF
from syndicator.posts.reconcile import OTHER_ACCOUNT
from syndicator.posts.render import render, switch_off
from syndicator.posts.sweep import sweep
from syndicator.steps import Step
from syndicator.wording import Wording
from tests.factories import make_content, make_due, make_source, make_user
from tests.posts.conftest import Newsroom
from tests.posts.test_evidence import claimed, given_up

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("short_deadline")]

SAID = Wording("So sagt die Plattform.")
RECEIPT = Receipt("4711", "https://platform.example.org/4711")


def change(newsroom: Newsroom, post: Post) -> None:
    """A new revision of the post's entry comes in."""
    source = make_source(newsroom.blog, post.entry.source.name)
    content = make_content(post.entry.external_id, headline="Zweite Fassung")
    ingest(source, content)


def believed_absent(post: Post) -> Post:
    for _ in range(reconcile.ABSENCES_NEEDED):
        reconcile.reconcile(make_due(post).pk)
    return make_due(post)


def test_what_was_tried_on_one_account_is_not_looked_up_on_another(newsroom: Newsroom) -> None:
    newsroom.fault("accept-then-500")
    post = newsroom.post()
    newsroom.deliver()
    other = Destination.objects.get()
    sandbox = SANDBOX_SETTINGS[other.channel_name]
    other.configure({**sandbox, "page_id": "815", "access_token": "815-of-another-account"})
    other.save()
    reconcile.reconcile(make_due(post).pk)
    post.refresh_from_db()
    assert post.waits_for_person
    assert post.wording == OTHER_ACCOUNT
    assert len(newsroom.accepted()) == 1


def test_new_keys_of_the_same_account_change_nothing_about_the_look_up(newsroom: Newsroom) -> None:
    newsroom.fault("accept-then-500")
    post = newsroom.post()
    newsroom.deliver()
    before = newsroom.destination.account_key
    settings = SANDBOX_SETTINGS[newsroom.destination.channel_name]
    newsroom.destination.configure({**settings, "app_secret": "sandbox-app-secret"})
    newsroom.destination.save()
    assert before
    assert newsroom.destination.account_key == before
    reconcile.reconcile(make_due(post).pk)
    post.refresh_from_db()
    assert post.state == PostState.SENT


@pytest.mark.parametrize("answer", [TryLater(SAID), Unauthorised(SAID)])
def test_what_comes_back_on_a_route_that_was_switched_off_is_cancelled(
    newsroom: Newsroom, answer: TryLater | Unauthorised
) -> None:
    claim = claimed(newsroom)
    route = Route.objects.get()
    Route.objects.update(policy=Policy.OFF)
    assert switch_off(route) == 0, "it is being sent"
    deliver.record(claim, answer, go_on=False)
    post = Post.objects.get()
    assert (post.state, post.wording) == (PostState.CANCELLED, ROUTE_OFF)


def test_what_is_absent_on_a_route_that_was_switched_off_is_cancelled(newsroom: Newsroom) -> None:
    newsroom.fault("500")
    post = newsroom.post()
    newsroom.deliver()
    Route.objects.update(policy=Policy.OFF)
    believed_absent(post)
    assert Post.objects.get().state == PostState.CANCELLED
    assert newsroom.deliver() == 0


def test_a_late_answer_is_remembered_across_an_edit(newsroom: Newsroom) -> None:
    claim = claimed(newsroom)
    post = believed_absent(given_up(claim))
    editor = make_user()
    text = f"Anders gesagt. {post.entry.permalink}"
    edited = review.edit(post.pk, editor, post.payload_hash, text)
    deliver.record(claim, RECEIPT, go_on=False)
    review.approve(post.pk, editor, edited.payload_hash)
    assert newsroom.deliver() == 0
    reconcile.reconcile(post.pk)
    post.refresh_from_db()
    assert (post.state, post.remote_id) == (PostState.SENT, "4711")
    assert newsroom.accepted() == []


def test_a_late_answer_about_an_earlier_version_is_put_before_an_editor(newsroom: Newsroom) -> None:
    claim = claimed(newsroom)
    first = believed_absent(given_up(claim))
    change(newsroom, first)
    render(first.entry_id)
    deliver.record(claim, RECEIPT, go_on=False)
    note = Post.objects.get(action=Action.EDIT)
    assert (note.wording, note.remote_url) == (OUT_AFTER_ALL, RECEIPT.url)
    assert note.waits_for_person
    assert newsroom.deliver() == 0
    second = Post.objects.get(revision=2, action=Action.PUBLISH)
    assert second.state == PostState.PENDING
    assert RECEIPT.url in str(second.wording)
    review.approve(second.pk, make_user(), second.payload_hash)
    assert newsroom.deliver() == 1, "an editor who was told may post it as well"


def test_what_was_edited_and_approved_just_before_the_claim_is_what_is_sent(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = newsroom.post()
    text = f"Anders gesagt. {post.entry.permalink}"
    next_in_line = deliver.next_in_line

    def interrupted(*args: object) -> Post | None:
        found = next_in_line(*args)  # type: ignore[arg-type]
        monkeypatch.setattr(deliver, "next_in_line", next_in_line)
        editor = make_user()
        edited = review.edit(post.pk, editor, post.payload_hash, text)
        review.approve(post.pk, editor, edited.payload_hash)
        return found

    monkeypatch.setattr(deliver, "next_in_line", interrupted)
    assert newsroom.deliver() == 0
    assert newsroom.deliver() == 1
    (accepted,) = newsroom.sandbox.store.accepted(newsroom.destination.channel_name)
    assert accepted.text.startswith("Anders gesagt.")


def test_a_post_approved_again_with_a_hold_time_holds_up_nobody(newsroom: Newsroom) -> None:
    stale = newsroom.post()
    Route.objects.update(hold_seconds=3600)
    Post.objects.update(tries=1, fresh_until=database_now() - timedelta(seconds=1))
    assert sweep().stale == 1
    review.approve(stale.pk, make_user(), stale.payload_hash)
    Route.objects.update(hold_seconds=0)
    later = newsroom.post()
    newsroom.deliver()
    assert newsroom.accepted() == [later.entry.permalink]


def test_an_entry_whose_new_version_cannot_be_rendered_holds_up_the_others_for_a_while_only(
    newsroom: Newsroom,
) -> None:
    changed, later = newsroom.post(), newsroom.post()
    now = database_now()
    entry = Entry.objects.filter(pk=changed.entry_id)
    entry.update(render_due_at=now, render_tried_at=now, render_tries=RENDER_TRIES)
    assert newsroom.deliver() == 0
    entry.update(render_tried_at=now - PATIENCE)
    newsroom.deliver()
    assert newsroom.accepted() == [later.entry.permalink]


def at_the_same_time(at: Step, first: Callable[[], object], second: Callable[[], object]) -> None:
    """Run *first* until it reaches *at*, then *second* beside it; neither waits for ever."""
    there, go_on = Event(), Event()

    def hold(step: Step) -> None:
        if step is at and not there.is_set():
            there.set()
            go_on.wait(0.5)

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        finally:
            connection.close()

    steps.strike_with(hold)
    try:
        with ThreadPoolExecutor(2) as pool:
            one = pool.submit(run, first)
            assert there.wait(5)
            other = pool.submit(run, second)
            one.result(20)
            other.result(20)
    finally:
        steps.strike_with(None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["proof", "person"])
def test_a_post_found_absent_while_its_next_version_is_rendered_gives_way(
    newsroom: Newsroom, how: str
) -> None:
    newsroom.fault("500")
    post = newsroom.post()
    newsroom.deliver()
    editor = make_user()
    if how == "person":
        Post.objects.update(due_at=None)
    else:
        for _ in range(reconcile.ABSENCES_NEEDED - 1):
            reconcile.reconcile(make_due(post).pk)
        make_due(post)
    change(newsroom, post)

    def believe_it_absent() -> object:
        if how == "person":
            return review.confirm_absent(post.pk, editor)
        return reconcile.reconcile(post.pk)

    at_the_same_time(Step.RENDER_WRITTEN, lambda: render(post.entry_id), believe_it_absent)
    for _ in range(2):
        if Entry.objects.filter(render_due_at__isnull=False).exists():
            render(post.entry_id)
        newsroom.deliver()
    assert len(newsroom.accepted()) == 1
    standing = Post.objects.filter(action=Action.PUBLISH).exclude(state=PostState.CANCELLED)
    assert [(one.revision, one.state) for one in standing] == [(2, PostState.SENT)]


@pytest.mark.django_db(transaction=True)
def test_a_post_approved_while_its_entry_is_withdrawn_is_not_sent_and_blocks_nobody(
    newsroom: Newsroom,
) -> None:
    Route.objects.update(policy=Policy.REVIEW)
    post = newsroom.post()
    editor = make_user()

    def take_back() -> None:
        withdraw(make_source(newsroom.blog, post.entry.source.name), post.entry.external_id)
        render(post.entry_id)

    at_the_same_time(
        Step.REVIEW_WRITTEN,
        lambda: review.approve(post.pk, editor, post.payload_hash),
        take_back,
    )
    post.refresh_from_db()
    assert post.state == PostState.CANCELLED
    Route.objects.update(policy=Policy.AUTOMATIC)
    later = newsroom.post()
    newsroom.deliver()
    assert newsroom.accepted() == [later.entry.permalink]


@pytest.mark.django_db(transaction=True)
def test_the_red_button_waits_for_whoever_is_about_to_claim(newsroom: Newsroom) -> None:
    newsroom.post(), newsroom.post()
    under_way: list[int] = []

    def press() -> None:
        review.stop(make_user(), "Falschmeldung")
        under_way.append(Post.objects.filter(state=PostState.SENDING).count())

    at_the_same_time(Step.CLAIM_WRITTEN, lambda: deliver.claim_next(newsroom.destination.pk), press)
    assert under_way == [1]
    assert deliver.claim_next(newsroom.destination.pk) is None


def test_a_destination_paused_twice_stays_so_until_somebody_resumes(newsroom: Newsroom) -> None:
    claim = claimed(newsroom)
    assert Destination.pause(newsroom.destination.pk, SAID, database_now())
    deliver.record(claim, RECEIPT, go_on=True)
    newsroom.destination.refresh_from_db()
    assert newsroom.destination.state == DestinationState.PAUSED
