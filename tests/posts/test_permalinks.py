"""An entry waits a little for the probe of its permalink, and goes out all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from syndicator.clock import database_now
from syndicator.destinations.models import Policy, Route
from syndicator.entries.models import Entry
from syndicator.following.models import Following
from syndicator.posts import review
from syndicator.posts.models import Post, PostState
from syndicator.posts.permalinks import PATIENCE
from syndicator.posts.render import render
from syndicator.probing.models import Answer, Permalink
from syndicator.wording import Wording
from tests.factories import make_blog, make_destination, make_entry, make_route, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def probing(settings: Any) -> None:
    settings.PROBE_PERMALINKS = True


@pytest.fixture
def route() -> Route:
    return make_route(make_blog(), make_destination("x"))


def answered(answer: Answer) -> None:
    why = Wording("Kaputt.").to_json()
    Permalink.objects.update(answer=answer, why=why, probed_at=database_now())


def follow(entry: Entry) -> None:
    Following.objects.create(source=entry.source, url="https://magazin.example.org/liveblog")


def test_an_entry_of_a_followed_source_waits_for_the_answer(route: Route) -> None:
    entry = make_entry(route.blog)
    follow(entry)
    render(entry.pk)
    assert not Post.objects.exists()
    answered(Answer.WORKS)
    render(entry.pk)
    assert Post.objects.get().state == PostState.APPROVED


def test_it_goes_out_unprobed_rather_than_late(route: Route) -> None:
    entry = make_entry(route.blog)
    follow(entry)
    render(entry.pk)
    Entry.objects.update(render_tried_at=database_now() - PATIENCE - timedelta(seconds=1))
    render(entry.pk)
    assert Post.objects.get().state == PostState.APPROVED


def test_what_is_pushed_is_asked_for_but_does_not_wait(route: Route) -> None:
    render(make_entry(route.blog).pk)
    assert Permalink.objects.get().answer == ""
    assert Post.objects.get().state == PostState.APPROVED


def test_what_waits_for_an_editor_anyway_does_not_wait_for_the_answer(route: Route) -> None:
    Route.objects.update(policy=Policy.REVIEW)
    entry = make_entry(route.blog)
    follow(entry)
    render(entry.pk)
    assert Post.objects.get().state == PostState.PENDING
    assert Permalink.objects.exists()


def test_what_no_route_posts_is_not_asked_for(route: Route) -> None:
    Route.objects.update(not_tags="intern")
    render(make_entry(route.blog, tags=("intern",)).pk)
    Route.objects.update(policy=Policy.OFF)
    render(make_entry(route.blog).pk)
    assert not Permalink.objects.exists()


def test_a_broken_link_is_only_told_unless_the_route_holds_it(route: Route) -> None:
    entry = make_entry(route.blog)
    follow(entry)
    render(entry.pk)
    answered(Answer.GONE)
    render(entry.pk)
    assert Post.objects.get().state == PostState.APPROVED


@pytest.mark.parametrize("answer", [Answer.GONE, Answer.FAILS, Answer.NO_PLACE])
def test_a_broken_link_holds_the_entry_where_the_route_says_so(
    route: Route, answer: Answer
) -> None:
    Route.objects.update(hold_broken_links=True)
    entry = make_entry(route.blog)
    render(entry.pk)
    assert not Post.objects.exists(), "waits, whoever brought it"
    answered(answer)
    render(entry.pk)
    post = Post.objects.get()
    assert post.state == PostState.PENDING
    assert "Kaputt." in str(post.wording)
    approved = review.approve(post.pk, make_user(), post.payload_hash)
    assert approved.state == PostState.APPROVED, "an editor decides"


def test_a_link_that_could_not_be_checked_holds_nothing(route: Route) -> None:
    Route.objects.update(hold_broken_links=True)
    entry = make_entry(route.blog)
    render(entry.pk)
    answered(Answer.UNCHECKED)
    render(entry.pk)
    assert Post.objects.get().state == PostState.APPROVED


def test_it_can_be_switched_off(route: Route, settings: Any) -> None:
    settings.PROBE_PERMALINKS = False
    Route.objects.update(hold_broken_links=True)
    render(make_entry(route.blog).pk)
    assert Post.objects.exists()
    assert not Permalink.objects.exists()
