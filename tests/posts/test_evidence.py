"""What counts as proof that a post is out, or is not: late answers, keys, clocks, lost commits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from syndicator import steps
from syndicator.channels.base import (
    Client,
    LookUp,
    LookUpStrength,
    Receipt,
    Rejected,
    TryLater,
    Unknown,
)
from syndicator.clock import database_now
from syndicator.destinations.accounts import account_of
from syndicator.destinations.models import Destination
from syndicator.entries.models import Entry
from syndicator.posts import deliver, reconcile, review
from syndicator.posts.attempts import LEASE, Claim
from syndicator.posts.models import Attempt, AttemptKind, AttemptOutcome, Post, PostState
from syndicator.posts.sweep import sweep
from syndicator.steps import Step
from syndicator.wording import Wording
from tests.factories import make_due, make_user
from tests.posts.conftest import Newsroom

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("short_deadline")]

SAID = Wording("So sagt die Plattform.")
RECEIPT = Receipt("4711", "https://platform.example.org/4711")
HOUR = timedelta(hours=1)


def claimed(newsroom: Newsroom) -> Claim:
    newsroom.post()
    claim = deliver.claim_next(newsroom.destination.pk)
    assert claim is not None
    return claim


def given_up(claim: Claim) -> Post:
    """The post of a sender that is believed dead: its lease is over, and it is being looked up."""
    post = make_due(Post.objects.get(pk=claim.post.pk))
    assert sweep().abandoned == 1
    return make_due(post)


@pytest.fixture
def looked_up(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """From when on the platform was looked through, at each look-up, which finds nothing."""
    since: list[datetime] = []

    def look_up(self: Client, *args: Any, **values: Any) -> LookUp:
        since.append(values["since"])
        return LookUp(None, complete=True)

    client = newsroom.destination.channel.client(account_of(newsroom.destination))
    monkeypatch.setattr(type(client), "look_up", look_up)
    return since


def test_an_answer_after_the_lease_is_noted_and_found_without_asking_the_platform(
    newsroom: Newsroom, looked_up: list[datetime]
) -> None:
    claim = claimed(newsroom)
    post = given_up(claim)
    before = Post.objects.filter(pk=post.pk).values().get()
    deliver.record(claim, RECEIPT, go_on=False)
    assert Post.objects.filter(pk=post.pk).values().get() == before
    attempt = post.attempts.get()
    assert (attempt.outcome, attempt.remote_id) == (AttemptOutcome.ACCEPTED, "4711")
    reconcile.reconcile(post.pk)
    post.refresh_from_db()
    assert (post.state, post.remote_id, post.remote_url) == (
        PostState.SENT,
        RECEIPT.remote_id,
        RECEIPT.url,
    )
    assert looked_up == []


def test_a_late_answer_keeps_a_post_from_being_sent_again(
    newsroom: Newsroom, looked_up: list[datetime]
) -> None:
    claim = claimed(newsroom)
    post = given_up(claim)
    for _ in range(reconcile.ABSENCES_NEEDED):
        reconcile.reconcile(make_due(post).pk)
    post = make_due(post)
    assert post.state == PostState.APPROVED
    deliver.record(claim, RECEIPT, go_on=False)
    assert newsroom.deliver() == 0
    reconcile.reconcile(post.pk)
    post.refresh_from_db()
    assert (post.state, post.remote_id) == (PostState.SENT, "4711")
    assert newsroom.accepted() == []


def test_a_late_refusal_is_noted_and_changes_nothing_else(newsroom: Newsroom) -> None:
    claim = claimed(newsroom)
    post = given_up(claim)
    deliver.record(claim, Rejected(SAID, status=400), go_on=False)
    assert post.attempts.get().outcome == AttemptOutcome.REJECTED
    post.refresh_from_db()
    assert post.state == PostState.UNCERTAIN


def test_a_limit_told_late_is_the_accounts_all_the_same(newsroom: Newsroom) -> None:
    claim = claimed(newsroom)
    given_up(claim)
    deliver.record(claim, TryLater(SAID, retry_after=HOUR), go_on=False)
    newsroom.destination.refresh_from_db()
    assert newsroom.destination.next_post_at
    assert newsroom.destination.next_post_at > database_now() + HOUR / 2


def test_without_look_up_and_without_key_a_person_is_asked(
    newsroom: Newsroom, looked_up: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(newsroom.destination.channel), "look_up_strength", LookUpStrength.NONE)
    post = given_up(claimed(newsroom))
    reconcile.reconcile(post.pk)
    post.refresh_from_db()
    assert post.waits_for_person
    assert looked_up == []


@pytest.fixture
def keyed(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    """A platform that cannot be looked up, but recognises our key for an hour."""
    channel = type(newsroom.destination.channel)
    monkeypatch.setattr(channel, "look_up_strength", LookUpStrength.NONE)
    monkeypatch.setattr(channel, "key_lifetime", HOUR)
    return newsroom


def test_a_platform_that_recognises_our_key_gets_the_post_again_and_names_it(
    keyed: Newsroom,
) -> None:
    post = given_up(claimed(keyed))
    reconcile.reconcile(post.pk)
    post.refresh_from_db()
    assert post.state == PostState.SENT
    assert post.remote_id
    assert keyed.accepted() == [post.entry.permalink]
    kinds = list(post.attempts.values_list("kind", flat=True))
    assert kinds == [AttemptKind.SEND, AttemptKind.REPEAT]


def test_a_repetition_that_gets_no_clear_answer_leaves_the_post_uncertain(keyed: Newsroom) -> None:
    post = given_up(claimed(keyed))
    for fault in ("500", "429", "accept-then-500"):
        keyed.fault(fault)
        reconcile.reconcile(make_due(post).pk)
        post.refresh_from_db()
        assert post.state == PostState.UNCERTAIN
    assert post.due_at


def test_a_key_that_is_about_to_be_forgotten_is_not_relied_on(keyed: Newsroom) -> None:
    post = given_up(claimed(keyed))
    post.attempts.update(started_at=database_now() - HOUR + reconcile.KEY_RESERVE)
    reconcile.reconcile(post.pk)
    post.refresh_from_db()
    assert post.waits_for_person
    assert keyed.accepted() == []


def test_an_old_version_is_not_repeated(keyed: Newsroom) -> None:
    post = given_up(claimed(keyed))
    Entry.objects.update(revision=2)
    reconcile.reconcile(post.pk)
    post.refresh_from_db()
    assert post.waits_for_person
    assert keyed.accepted() == []


def test_a_repetition_whose_worker_stood_still_is_not_sent(
    keyed: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after the claim for longer than its lease, as with SIGSTOP."""
    post = given_up(claimed(keyed))
    monkeypatch.setattr(Claim, "left", property(lambda self: timedelta(seconds=-1)))
    reconcile.reconcile(post.pk)
    post.refresh_from_db()
    assert post.state == PostState.UNCERTAIN
    assert keyed.accepted() == []


def test_the_last_repetition_settles_before_a_person_is_asked(keyed: Newsroom) -> None:
    post = given_up(claimed(keyed))
    keyed.fault("500", times=None)
    for _ in range(reconcile.MAX_LOOK_UPS):
        reconcile.reconcile(make_due(post).pk)
        post.refresh_from_db()
        assert not post.waits_for_person
    reconcile.reconcile(make_due(post).pk)
    post.refresh_from_db()
    assert post.waits_for_person


def test_nothing_is_repeated_behind_a_stop_or_a_limit(keyed: Newsroom) -> None:
    post = given_up(claimed(keyed))
    editor = make_user()
    stop, _ = review.stop(editor, "Pause", blog=keyed.blog)
    reconcile.reconcile(post.pk)
    review.go_on(stop.pk, editor)
    Destination.objects.update(next_post_at=database_now() + HOUR)
    reconcile.reconcile(post.pk)
    assert keyed.accepted() == []
    Destination.objects.update(next_post_at=None)
    reconcile.reconcile(post.pk)
    assert keyed.accepted() == [post.entry.permalink]


def test_a_look_up_reaches_behind_a_clock_that_was_set_back(
    newsroom: Newsroom, looked_up: list[datetime]
) -> None:
    """The try was written down by a clock three hours ahead, which has been mended since."""
    claim = claimed(newsroom)
    post = given_up(claim)
    tried_at = claim.attempt.started_at
    post.attempts.update(started_at=tried_at + 3 * HOUR)
    reconcile.reconcile(post.pk)
    assert looked_up[0] < tried_at


@pytest.mark.parametrize(("off", "absent"), [(HOUR, False), (-HOUR, False), (HOUR / 6, True)])
def test_absence_proves_nothing_where_the_clocks_differ(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, off: timedelta, absent: bool
) -> None:
    def look_up(self: Client, *args: Any, **values: Any) -> LookUp:
        return LookUp(None, complete=True, platform_time=database_now() + off)

    client = newsroom.destination.channel.client(account_of(newsroom.destination))
    monkeypatch.setattr(type(client), "look_up", look_up)
    post = given_up(claimed(newsroom))
    for _ in range(reconcile.ABSENCES_NEEDED):
        reconcile.reconcile(make_due(post).pk)
    post.refresh_from_db()
    assert post.state == (PostState.APPROVED if absent else PostState.UNCERTAIN)


def test_each_look_up_waits_twice_as_long_as_the_one_before(
    newsroom: Newsroom, looked_up: list[datetime]
) -> None:
    post = given_up(claimed(newsroom))
    waits = []
    for _ in range(reconcile.ABSENCES_NEEDED - 1):
        before = database_now()
        reconcile.reconcile(make_due(post).pk)
        post.refresh_from_db()
        assert post.due_at
        waits.append(round((post.due_at - before) / newsroom.destination.channel.settle_time))
    assert waits == [2, 4]


def test_a_platform_that_asks_to_wait_with_looking_up_is_waited_for(newsroom: Newsroom) -> None:
    newsroom.fault("429", on="look-up", seconds=3600)
    post = given_up(claimed(newsroom))
    before = database_now()
    reconcile.reconcile(post.pk)
    post.refresh_from_db()
    assert post.due_at
    assert post.due_at - before >= HOUR


@pytest.fixture
def strikes() -> Iterator[list[Step]]:
    """At each step in this list a commit fails once, as when the database is restarted."""
    waiting: list[Step] = []

    def strike(step: Step) -> None:
        if step in waiting:
            waiting.remove(step)
            raise OperationalError("the server closed the connection unexpectedly")

    steps.strike_with(strike)
    yield waiting
    steps.strike_with(None)


@pytest.mark.django_db(transaction=True)
def test_an_outcome_whose_commit_failed_is_recorded_again(
    newsroom: Newsroom, strikes: list[Step], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "RECORD_AGAIN", 0.01)
    first, second = newsroom.post(), newsroom.post()
    strikes += [Step.RECORD_WRITTEN, Step.RECORD_WRITTEN]
    assert newsroom.deliver() == 2
    assert newsroom.accepted() == [first.entry.permalink, second.entry.permalink]
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {AttemptOutcome.ACCEPTED}
    assert strikes == []


@pytest.mark.django_db(transaction=True)
def test_an_outcome_that_cannot_be_recorded_within_the_lease_is_left_to_the_look_up(
    newsroom: Newsroom, strikes: list[Step]
) -> None:
    claim = claimed(newsroom)
    result = deliver.send(claim)
    strikes += [Step.RECORD_WRITTEN]
    late = Claim(claim.post, claim.attempt, claim.claimed - LEASE.total_seconds())
    with pytest.raises(OperationalError):
        deliver.record(late, result, go_on=False)
    post = given_up(claim)
    reconcile.reconcile(post.pk)
    post.refresh_from_db()
    assert post.state == PostState.SENT
    assert len(newsroom.accepted()) == 1


@pytest.mark.django_db(transaction=True)
def test_an_outcome_recorded_though_the_commit_seemed_to_fail_is_recorded_once(
    newsroom: Newsroom,
) -> None:
    claim = claimed(newsroom)
    result = deliver.send(claim)
    deliver.record(claim, result, go_on=False)
    deliver.record(claim, Unknown(SAID), go_on=False)
    post = Post.objects.get()
    assert post.state == PostState.SENT
    assert [a.outcome for a in post.attempts.all()] == [AttemptOutcome.ACCEPTED]
