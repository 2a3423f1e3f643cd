from __future__ import annotations

import pytest

from syndicator.clock import database_now
from syndicator.destinations.models import Policy
from syndicator.posts.models import Post, PostState
from syndicator.posts.states import END_STATES, TRANSITIONS, move
from tests.factories import make_post

ALL = list(PostState)


def test_every_state_either_ends_or_leads_on() -> None:
    for state in ALL:
        assert state in END_STATES or state in TRANSITIONS
    for sources in TRANSITIONS.values():
        assert sources <= set(ALL)


def test_nothing_that_is_out_is_ever_sent_again() -> None:
    assert TRANSITIONS[PostState.SENT] == {PostState.DELETED}
    # Deleted along with another entry, it may be decided about anew.
    assert TRANSITIONS[PostState.DELETED] == {PostState.PENDING}
    assert {s for s, targets in TRANSITIONS.items() if PostState.SENDING in targets} == {
        PostState.APPROVED
    }


@pytest.mark.django_db
@pytest.mark.parametrize("source", ALL)
@pytest.mark.parametrize("target", ALL)
def test_only_the_tables_moves_are_made(source: PostState, target: PostState) -> None:
    post = make_post(Policy.REVIEW)
    Post.objects.filter(pk=post.pk).update(state=source)
    if target in TRANSITIONS.get(source, ()):
        assert move(post.pk, source, target, now=database_now())
        post.refresh_from_db()
        assert post.state == target
    else:
        with pytest.raises(ValueError, match="cannot go from"):
            move(post.pk, source, target, now=database_now())
        post.refresh_from_db()
        assert post.state == source


@pytest.mark.django_db
def test_a_move_that_finds_another_state_fence_or_payload_changes_nothing() -> None:
    post = make_post(Policy.REVIEW)
    before = Post.objects.values().get()
    now = database_now()
    assert not move(post.pk, PostState.APPROVED, PostState.CANCELLED, now=now)
    assert not move(post.pk, PostState.PENDING, PostState.APPROVED, now=now, fence=7)
    assert not move(post.pk, PostState.PENDING, PostState.APPROVED, now=now, seen_hash="other")
    assert Post.objects.values().get() == before
