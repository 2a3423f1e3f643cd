"""Mastodon in the engine's hands: entries go out once, are changed and taken back."""

from __future__ import annotations

import pytest

from syndicator.channels.sandbox.faults import Fault
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.sandbox.store import Action as Accepted
from syndicator.destinations.models import Destination
from syndicator.entries.ingest import ingest, withdraw
from syndicator.entries.models import LiveBlog
from syndicator.posts import deliver, reconcile, review
from syndicator.posts.models import Action, Post, PostState
from syndicator.posts.render import render
from tests.factories import (
    make_blog,
    make_content,
    make_destination,
    make_due,
    make_entry,
    make_route,
    make_source,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def destination(sandbox: SandboxServer) -> Destination:
    return make_destination("mastodon", f"{sandbox.http_url}/mastodon")


@pytest.fixture
def blog(destination: Destination) -> LiveBlog:
    blog = make_blog()
    make_route(blog, destination)
    return blog


def publish(blog: LiveBlog, headline: str = "Erste Meldung") -> Post:
    render(make_entry(blog, external_id="one", headline=headline).pk)
    post = Post.objects.get()
    deliver.deliver(post.destination_id)
    post.refresh_from_db()
    return post


def carry_out(note: Post) -> Post:
    review.carry_out(note.pk, make_user(), note.payload_hash)
    deliver.deliver(note.destination_id)
    note.refresh_from_db()
    return note


@pytest.mark.parametrize("fault", ["reset-after-accept", "accept-then-500"])
def test_an_unclear_post_is_found_and_not_sent_again(
    sandbox: SandboxServer, blog: LiveBlog, fault: str
) -> None:
    sandbox.faults.switch_on("mastodon", Fault(fault))
    post = publish(blog)
    assert post.state == PostState.UNCERTAIN
    reconcile.reconcile(make_due(post).pk)
    post.refresh_from_db()
    assert post.state == PostState.SENT
    (accepted,) = sandbox.store.accepted("mastodon")
    assert (accepted.remote_id, accepted.link) == (post.remote_id, post.entry.permalink)


def test_one_that_never_arrived_is_sent_once(sandbox: SandboxServer, blog: LiveBlog) -> None:
    sandbox.faults.switch_on("mastodon", Fault("500"))
    post = publish(blog)
    for _ in range(reconcile.ABSENCES_NEEDED):
        assert post.state == PostState.UNCERTAIN
        reconcile.reconcile(make_due(post).pk)
        post.refresh_from_db()
    deliver.deliver(make_due(post).destination_id)
    post.refresh_from_db()
    assert post.state == PostState.SENT
    assert len(sandbox.store.accepted("mastodon")) == 1


def test_changed_and_taken_back(sandbox: SandboxServer, blog: LiveBlog) -> None:
    post = publish(blog)
    source = make_source(blog)
    ingest(source, make_content("one", headline="Zweite Fassung"))
    render(post.entry_id)
    assert carry_out(Post.objects.get(action=Action.EDIT)).state == PostState.SENT
    (edit,) = sandbox.store.accepted("mastodon", Accepted.EDIT)
    assert edit.text.startswith("Zweite Fassung")
    withdraw(source, "one")
    render(post.entry_id)
    assert carry_out(Post.objects.get(action=Action.DELETE)).state == PostState.SENT
    assert sandbox.store.posts("mastodon") == []


def test_a_server_with_another_limit(destination: Destination, blog: LiveBlog) -> None:
    destination.configure({"limit": "140", "handle": "@sandbox_newsroom"})
    destination.save()
    post = publish(blog, "Eine lange Überschrift, die kaum jemand zu Ende liest, " * 4)
    assert post.state == PostState.SENT
    assert destination.channel.limit == 140
    assert 100 < destination.channel.length(post.message.text) <= 140
