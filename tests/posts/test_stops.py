"""The red button: what it holds, and how it goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syndicator.accounts.models import Role
from syndicator.clock import database_now
from syndicator.destinations.models import Stop
from syndicator.destinations.stops import held, standing
from syndicator.posts import deliver, review
from syndicator.posts.models import Post, PostState
from syndicator.posts.review import ReviewRefused
from syndicator.posts.sweep import sweep
from tests.factories import make_blog, make_route, make_user
from tests.posts.conftest import Newsroom

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("scope", ["everything", "blog", "platform"])
def test_nothing_starts_where_a_stop_holds_until_it_is_lifted(
    newsroom: Newsroom, scope: str
) -> None:
    post = newsroom.post()
    editor = make_user()
    stop, new = review.stop(
        editor,
        "Falschmeldung",
        blog=newsroom.blog if scope == "blog" else None,
        channel_name=newsroom.destination.channel_name if scope == "platform" else "",
    )
    assert new
    assert sweep().to_deliver == 0
    assert newsroom.deliver() == 0
    assert newsroom.accepted() == []
    assert review.go_on(stop.pk, editor) == 0
    stop.refresh_from_db()
    assert (stop.pressed_by, stop.lifted_by) == (editor, editor)
    assert newsroom.deliver() == 1
    assert newsroom.accepted() == [post.entry.permalink]


def test_a_stop_of_another_blog_or_platform_holds_nothing_here(newsroom: Newsroom) -> None:
    post = newsroom.post()
    review.stop(make_user(), "Pause", blog=make_blog())
    review.stop(make_user(), "Pause", channel_name="email")
    assert sweep().to_deliver == 1
    newsroom.deliver()
    assert newsroom.accepted() == [post.entry.permalink]


def test_the_posts_of_other_blogs_pass_those_of_a_stopped_one(newsroom: Newsroom) -> None:
    newsroom.post()
    review.stop(make_user(), "Pause", blog=newsroom.blog)
    other = make_blog()
    make_route(other, newsroom.destination)
    newsroom.blog = other
    post = newsroom.post()
    newsroom.deliver()
    assert newsroom.accepted() == [post.entry.permalink]


def test_what_went_stale_behind_a_stop_waits_for_an_editor(newsroom: Newsroom) -> None:
    old, fresh = newsroom.post(), newsroom.post()
    editor = make_user()
    stop, _ = review.stop(editor, "Pause")
    Post.objects.filter(pk=old.pk).update(fresh_until=database_now() - timedelta(seconds=1))
    assert review.go_on(stop.pk, editor) == 1
    newsroom.deliver()
    old.refresh_from_db()
    assert old.state == PostState.PENDING
    assert newsroom.accepted() == [fresh.entry.permalink]


def test_pressing_twice_is_one_stop_and_lifting_twice_does_nothing(newsroom: Newsroom) -> None:
    editor = make_user()
    first, new = review.stop(editor, "Pause")
    again, newer = review.stop(make_user(), "Auch Pause")
    assert (again.pk, new, newer) == (first.pk, True, False)
    assert again.reason == "Pause"
    review.go_on(first.pk, editor)
    lifted_at = Stop.objects.get().lifted_at
    review.go_on(first.pk, make_user())
    assert Stop.objects.get().lifted_at == lifted_at
    assert not standing().exists()


def test_stops_need_a_reason_and_somebody_who_may(newsroom: Newsroom) -> None:
    with pytest.raises(ReviewRefused, match="Say why"):
        review.stop(make_user(), "  ")
    author = make_user(Role.AUTHOR)
    with pytest.raises(ReviewRefused, match="role"):
        review.stop(author, "Pause")
    stop, _ = review.stop(make_user(), "Pause")
    with pytest.raises(ReviewRefused, match="role"):
        review.go_on(stop.pk, author)
    assert held().everything


def test_what_is_being_sent_at_that_moment_is_recorded(newsroom: Newsroom) -> None:
    newsroom.post()
    claim = deliver.claim_next(newsroom.destination.pk)
    assert claim
    following = newsroom.post()
    review.stop(make_user(), "Pause")
    assert deliver.record(claim, deliver.send(claim), go_on=True) is None
    assert newsroom.accepted() == [claim.post.entry.permalink]
    following.refresh_from_db()
    assert following.state == PostState.APPROVED
