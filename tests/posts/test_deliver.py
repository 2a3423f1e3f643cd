"""Delivery with the real channels, over HTTP, to the sandbox platforms."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from syndicator.clock import database_now
from syndicator.content import Paragraph
from syndicator.destinations.accounts import account_of
from syndicator.destinations.models import Destination, DestinationState, Policy
from syndicator.posts import deliver, reconcile
from syndicator.posts.models import Attempt, AttemptKind, AttemptOutcome, Post, PostState
from syndicator.posts.render import render
from syndicator.posts.sweep import sweep
from tests.factories import make_due, make_entry
from tests.posts.conftest import Newsroom

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("short_deadline")]


def outcomes(post: Post) -> list[str]:
    return list(post.attempts.values_list("outcome", flat=True))


def test_an_approved_post_goes_out_and_is_on_record(newsroom: Newsroom) -> None:
    post = newsroom.post()
    assert post.state == PostState.APPROVED
    assert newsroom.deliver() == 1
    post.refresh_from_db()
    assert post.state == PostState.SENT
    assert newsroom.accepted() == [post.entry.permalink]
    assert post.remote_id
    assert post.remote_url.endswith(post.remote_id)
    assert post.due_at is None
    assert post.sent_at is not None
    attempt = post.attempts.get()
    assert (attempt.kind, attempt.outcome) == (AttemptKind.SEND, AttemptOutcome.ACCEPTED)
    assert attempt.duration_ms is not None


def test_what_was_sent_is_not_sent_again(newsroom: Newsroom) -> None:
    post = newsroom.post()
    newsroom.deliver()
    render(post.entry_id)
    sweep()
    assert newsroom.deliver() == 0
    assert len(newsroom.accepted()) == 1


def test_posts_go_out_in_the_entries_order(newsroom: Newsroom) -> None:
    posts = [newsroom.post() for _ in range(5)]
    oldest = posts.pop(2)
    Post.objects.filter(pk=oldest.pk).update(published_at=oldest.published_at - timedelta(days=1))
    newsroom.deliver()
    assert newsroom.accepted() == [p.entry.permalink for p in (oldest, *posts)]


def test_a_post_waits_for_an_older_entry_that_is_not_rendered_yet(newsroom: Newsroom) -> None:
    older = make_entry(newsroom.blog)
    newer = newsroom.post()
    assert newsroom.deliver() == 0
    render(older.pk)
    newsroom.deliver()
    assert newsroom.accepted() == [older.permalink, newer.entry.permalink]


@pytest.mark.django_db(transaction=True)
def test_many_workers_on_one_destination_send_each_post_once_and_in_order(
    newsroom: Newsroom,
) -> None:
    posts = [newsroom.post() for _ in range(12)]

    def work(_: int) -> None:
        try:
            while Post.objects.filter(state=PostState.APPROVED).exists():
                newsroom.deliver()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert newsroom.accepted() == [post.entry.permalink for post in posts]
    assert Attempt.objects.count() == len(posts)


@pytest.mark.parametrize(
    "fault",
    ["accept-then-500", "reset-after-accept", "hang", "garbage-json", "short-body", "slow-body"],
)
def test_an_unclear_answer_is_looked_up_and_the_post_is_found(
    newsroom: Newsroom, fault: str
) -> None:
    newsroom.fault(fault)
    post = newsroom.post()
    newsroom.deliver()
    post.refresh_from_db()
    assert post.state == PostState.UNCERTAIN
    assert newsroom.deliver() == 0
    reconcile.reconcile(make_due(post).pk)
    post.refresh_from_db()
    assert post.state == PostState.SENT
    assert post.remote_id
    assert outcomes(post) == [AttemptOutcome.UNKNOWN, AttemptOutcome.FOUND]
    assert len(newsroom.accepted()) == 1


@pytest.mark.parametrize("fault", ["500", "reset-before", "redirect"])
def test_an_unclear_answer_that_did_not_act_is_sent_again_after_proof(
    newsroom: Newsroom, fault: str
) -> None:
    newsroom.fault(fault)
    post = newsroom.post()
    newsroom.deliver()
    for _ in range(reconcile.ABSENCES_NEEDED):
        post.refresh_from_db()
        assert post.state == PostState.UNCERTAIN
        reconcile.reconcile(make_due(post).pk)
    assert make_due(post).state == PostState.APPROVED
    newsroom.deliver()
    post.refresh_from_db()
    assert post.state == PostState.SENT
    assert outcomes(post) == [
        AttemptOutcome.UNKNOWN,
        *[AttemptOutcome.ABSENT] * reconcile.ABSENCES_NEEDED,
        AttemptOutcome.ACCEPTED,
    ]
    assert len(newsroom.accepted()) == 1


def test_a_look_up_before_the_settle_time_is_over_does_nothing(newsroom: Newsroom) -> None:
    newsroom.fault("500")
    post = newsroom.post()
    newsroom.deliver()
    reconcile.reconcile(post.pk)
    assert outcomes(post) == [AttemptOutcome.UNKNOWN]


def test_a_look_up_that_fails_proves_nothing_and_ends_with_a_person(newsroom: Newsroom) -> None:
    newsroom.fault("500")
    newsroom.fault("500", times=None, on="look-up")
    post = newsroom.post()
    newsroom.deliver()
    for _ in range(reconcile.MAX_LOOK_UPS):
        reconcile.reconcile(make_due(post).pk)
    post.refresh_from_db()
    assert post.state == PostState.UNCERTAIN
    assert post.waits_for_person
    assert AttemptOutcome.ABSENT not in outcomes(post)
    assert sweep().to_reconcile == 0


def test_a_duplicate_that_cannot_be_found_goes_to_a_person(newsroom: Newsroom) -> None:
    newsroom.fault("duplicate")
    post = newsroom.post()
    newsroom.deliver()
    for _ in range(reconcile.ABSENCES_NEEDED):
        reconcile.reconcile(make_due(post).pk)
    post.refresh_from_db()
    assert post.waits_for_person
    assert newsroom.accepted() == []


def test_a_rate_limit_holds_the_whole_destination_until_the_time_it_names(
    newsroom: Newsroom,
) -> None:
    newsroom.fault("429", seconds=600)
    first, second = newsroom.post(), newsroom.post()
    now = database_now()
    newsroom.deliver()
    newsroom.destination.refresh_from_db()
    first.refresh_from_db()
    assert first.state == PostState.APPROVED
    assert newsroom.destination.next_post_at is not None
    # Facebook speaks in minutes and X in whole seconds: never early, and not much later.
    assert timedelta(seconds=599) <= newsroom.destination.next_post_at - now
    assert newsroom.destination.next_post_at - now <= timedelta(seconds=700)
    assert newsroom.deliver() == 0
    Destination.objects.update(next_post_at=now)
    make_due(first)
    newsroom.deliver()
    assert newsroom.accepted() == [first.entry.permalink, second.entry.permalink]


def test_a_revoked_token_pauses_the_destination_and_keeps_its_queue(newsroom: Newsroom) -> None:
    newsroom.fault("401", times=None, on="any")
    posts = [newsroom.post() for _ in range(3)]
    newsroom.deliver()
    newsroom.destination.refresh_from_db()
    assert newsroom.destination.state == DestinationState.PAUSED
    assert newsroom.destination.pause_wording is not None
    assert newsroom.deliver() == 0
    assert set(Post.objects.values_list("state", flat=True)) == {PostState.APPROVED}
    assert Attempt.objects.count() == 1
    newsroom.sandbox.faults.clear(newsroom.destination.channel_name)
    Destination.objects.update(state=DestinationState.ACTIVE)
    newsroom.deliver()
    assert newsroom.accepted() == [post.entry.permalink for post in posts]


def test_a_platform_that_is_down_is_tried_later_and_nothing_overtakes(newsroom: Newsroom) -> None:
    up = newsroom.destination.base_url
    Destination.objects.update(base_url="http://127.0.0.1:1/nobody")
    first, second = newsroom.post(), newsroom.post()
    assert newsroom.deliver() == 1
    first.refresh_from_db()
    assert (first.state, first.tries) == (PostState.APPROVED, 1)
    assert first.due_at is not None
    assert first.due_at > database_now()
    Destination.objects.update(base_url=up)
    assert newsroom.deliver() == 0
    make_due(first)
    newsroom.deliver()
    assert newsroom.accepted() == [first.entry.permalink, second.entry.permalink]


def test_a_platform_that_stays_down_fails_the_post_in_the_end(newsroom: Newsroom) -> None:
    Destination.objects.update(base_url="http://127.0.0.1:1/nobody")
    post = newsroom.post()
    for _ in range(deliver.MAX_TRIES):
        newsroom.deliver()
        make_due(post)
        Destination.objects.update(next_post_at=None)
    post.refresh_from_db()
    assert post.state == PostState.FAILED
    assert str(deliver.MAX_TRIES) in str(post.wording)


def test_a_dead_senders_post_is_looked_up_and_a_late_record_changes_nothing(
    newsroom: Newsroom,
) -> None:
    """As after `kill -9` between the platform's answer and the record."""
    post = newsroom.post()
    claim = deliver.claim_next(newsroom.destination.pk)
    assert claim is not None
    claim.post.destination.channel.client(account_of(newsroom.destination)).send(
        claim.post.message, key=claim.post.idempotency_key, deadline=timedelta(seconds=5)
    )
    assert sweep().abandoned == 0
    make_due(post)
    assert sweep().abandoned == 1
    reconcile.reconcile(make_due(post).pk)
    post.refresh_from_db()
    assert post.state == PostState.SENT
    assert outcomes(post) == ["", AttemptOutcome.FOUND]
    assert not claim.finish(PostState.FAILED, AttemptOutcome.REJECTED)
    post.refresh_from_db()
    assert post.state == PostState.SENT
    assert len(newsroom.accepted()) == 1


def test_an_approval_withdrawn_before_the_claim_is_honoured(newsroom: Newsroom) -> None:
    post = newsroom.post()
    Post.objects.filter(pk=post.pk).update(state=PostState.CANCELLED, due_at=None)
    assert newsroom.deliver() == 0
    assert newsroom.accepted() == []


def test_a_held_post_waits_and_later_ones_do_not_wait_for_it(newsroom: Newsroom) -> None:
    held, free = newsroom.post(), newsroom.post()
    Post.objects.filter(pk=held.pk).update(due_at=database_now() + timedelta(hours=1))
    newsroom.deliver()
    assert newsroom.accepted() == [free.entry.permalink]


def test_a_payload_that_is_not_what_was_approved_is_not_sent(newsroom: Newsroom) -> None:
    post = newsroom.post()
    forged = post.message.with_text(f"Etwas anderes. {post.entry.permalink}")
    Post.objects.filter(pk=post.pk).update(payload=forged.to_json())
    newsroom.deliver()
    post.refresh_from_db()
    assert post.state == PostState.FAILED
    assert newsroom.accepted() == []


def test_secrets_are_in_no_attempt_and_no_log(
    newsroom: Newsroom, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    for fault in ("401", "500", "garbage-json"):
        newsroom.fault(fault)
        newsroom.post(blocks=(Paragraph(fault),))
        newsroom.deliver()
        Destination.objects.update(state=DestinationState.ACTIVE)
        Post.objects.update(state=PostState.REJECTED, due_at=None)
    known = account_of(newsroom.destination).settings
    named = [setting.name for setting in newsroom.destination.channel.settings if setting.secret]
    secrets = [known[name] for name in named if name in known]
    assert secrets
    written = caplog.text + "".join(capfd.readouterr()) + str(list(Attempt.objects.values()))
    for secret in secrets:
        assert secret not in written


def test_one_policy_for_review_never_sends(newsroom: Newsroom) -> None:
    newsroom.destination.routes.update(policy=Policy.REVIEW)
    post = newsroom.post()
    assert post.state == PostState.PENDING
    sweep()
    assert newsroom.deliver() == 0
    assert newsroom.accepted() == []
