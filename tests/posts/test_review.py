from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from syndicator.accounts.models import Role, User
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState, Policy, Route
from syndicator.posts import review
from syndicator.posts.models import Decision, Post, PostState, Verdict
from syndicator.posts.review import ReviewRefused
from tests.factories import make_post, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post(Policy.REVIEW)


@pytest.fixture
def editor() -> User:
    return make_user(Role.EDITOR)


def decisions(post: Post) -> list[tuple[str, str]]:
    return list(post.decisions.values_list("verdict", "payload_hash"))


def test_an_approval_is_bound_to_what_was_seen(post: Post, editor: User) -> None:
    approved = review.approve(post.pk, editor, post.payload_hash)
    assert approved.state == PostState.APPROVED
    assert approved.due_at is not None
    assert approved.due_at <= database_now()
    assert decisions(post) == [(Verdict.APPROVE, post.payload_hash)]


def test_what_changed_meanwhile_is_not_approved(post: Post, editor: User) -> None:
    seen = post.payload_hash
    review.edit(post.pk, editor, seen, f"Anders. {post.entry.permalink}")
    with pytest.raises(ReviewRefused, match="changed while you were looking"):
        review.approve(post.pk, editor, seen)
    post.refresh_from_db()
    assert post.state == PostState.PENDING


def test_the_hold_time_of_the_route_runs_after_approval(post: Post, editor: User) -> None:
    Route.objects.update(hold_seconds=90)
    approved = review.approve(post.pk, editor, post.payload_hash)
    assert approved.due_at is not None
    assert 85 < (approved.due_at - database_now()).total_seconds() <= 90


def test_an_edit_needs_the_permalink_the_length_and_a_new_approval(
    post: Post, editor: User
) -> None:
    with pytest.raises(ReviewRefused, match="permalink"):
        review.edit(post.pk, editor, post.payload_hash, "Ohne Adresse.")
    with pytest.raises(ReviewRefused, match="too long"):
        review.edit(post.pk, editor, post.payload_hash, f"{'ä' * 300} {post.entry.permalink}")
    review.approve(post.pk, editor, post.payload_hash)
    edited = review.edit(post.pk, editor, post.payload_hash, f"Kürzer. {post.entry.permalink}")
    assert (edited.state, edited.due_at) == (PostState.PENDING, None)
    assert edited.message.fingerprint() == edited.payload_hash != post.payload_hash


def test_a_rejection_needs_a_reason_and_is_final(post: Post, editor: User) -> None:
    with pytest.raises(ReviewRefused, match="Say why"):
        review.reject(post.pk, editor, "  ")
    rejected = review.reject(post.pk, editor, "Doppelt gemeldet")
    assert rejected.state == PostState.REJECTED
    assert "Doppelt gemeldet" in str(rejected.wording)
    with pytest.raises(ReviewRefused, match="no longer possible"):
        review.approve(post.pk, editor, post.payload_hash)


def test_an_uncertain_post_is_a_persons_only_when_it_waits_for_one(
    post: Post, editor: User
) -> None:
    Post.objects.update(state=PostState.UNCERTAIN, due_at=database_now())
    for decide in (review.confirm_sent, review.confirm_absent):
        with pytest.raises(ReviewRefused):
            decide(post.pk, editor)
    Post.objects.update(due_at=None)
    sent = review.confirm_sent(post.pk, editor, "https://x.com/i/web/status/1")
    assert (sent.state, sent.remote_url) == (PostState.SENT, "https://x.com/i/web/status/1")


def test_a_post_that_a_person_did_not_find_is_sent_again(post: Post, editor: User) -> None:
    Post.objects.update(state=PostState.UNCERTAIN, due_at=None)
    assert review.confirm_absent(post.pk, editor).state == PostState.APPROVED
    assert decisions(post) == [(Verdict.CONFIRM_ABSENT, post.payload_hash)]


def test_a_failed_post_can_be_tried_again(post: Post, editor: User) -> None:
    Post.objects.update(state=PostState.FAILED, tries=12)
    tried = review.retry(post.pk, editor)
    assert (tried.state, tried.tries) == (PostState.APPROVED, 0)


def test_a_paused_destination_is_resumed(post: Post, editor: User) -> None:
    Destination.objects.update(
        state=DestinationState.PAUSED, pause_reason={"sentence": "Token."}, paused_at=database_now()
    )
    assert review.resume(post.destination_id, editor).state == DestinationState.ACTIVE
    assert Destination.objects.get().pause_reason is None


ACTS: list[Callable[[Post, User], object]] = [
    lambda post, user: review.approve(post.pk, user, post.payload_hash),
    lambda post, user: review.reject(post.pk, user, "Nein"),
    lambda post, user: review.edit(post.pk, user, post.payload_hash, post.message.text),
    lambda post, user: review.retry(post.pk, user),
    lambda post, user: review.confirm_sent(post.pk, user),
    lambda post, user: review.confirm_absent(post.pk, user),
    lambda post, user: review.resume(post.destination_id, user),
]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUTHOR])
def test_the_domain_itself_keeps_other_roles_out(
    post: Post, act: Callable[[Post, User], object], role: Role
) -> None:
    with pytest.raises(ReviewRefused, match="role"):
        act(post, make_user(role))
    assert not Decision.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_editors_at_once_one_wins(post: Post) -> None:
    editors = [make_user() for _ in range(2)]

    def decide(editor: User) -> bool:
        try:
            review.approve(post.pk, editor, post.payload_hash)
        except ReviewRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, editors)) == [False, True]
    assert Decision.objects.filter(user__isnull=False).count() == 1
