from __future__ import annotations

from dataclasses import replace

import pytest

from syndicator.content import Image, Paragraph
from syndicator.destinations.models import Policy
from syndicator.entries.ingest import ingest, withdraw
from syndicator.entries.models import Entry, LiveBlog
from syndicator.posts import review
from syndicator.posts.models import Action, Post, PostState
from syndicator.posts.render import render
from tests.factories import (
    make_blog,
    make_content,
    make_destination,
    make_route,
    make_source,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def blog() -> LiveBlog:
    """Routes to X (automatic), Facebook (review) and a second page (off)."""
    blog = make_blog()
    make_route(blog, make_destination("x"), Policy.AUTOMATIC)
    make_route(blog, make_destination("facebook"), Policy.REVIEW)
    make_route(blog, make_destination("facebook"), Policy.OFF)
    return blog


def states(entry: Entry) -> list[tuple[str, int, str]]:
    return list(
        Post.objects.filter(entry=entry)
        .order_by("destination_id", "id")
        .values_list("action", "revision", "state")
    )


def rendered(blog: LiveBlog, **values: object) -> Entry:
    entry = ingest(make_source(blog), make_content(**values)).entry  # type: ignore[arg-type]
    render(entry.pk)
    entry.refresh_from_db()
    return entry


def test_every_route_gets_a_row(blog: LiveBlog) -> None:
    entry = rendered(blog)
    assert states(entry) == [
        (Action.PUBLISH, 1, PostState.APPROVED),
        (Action.PUBLISH, 1, PostState.PENDING),
        (Action.PUBLISH, 1, PostState.SKIPPED),
    ]
    assert entry.render_due_at is None
    for post in Post.objects.all():
        assert post.wording
    for post in Post.objects.exclude(state=PostState.SKIPPED):
        assert post.message.carries_permalink()


def test_rendering_twice_changes_nothing(blog: LiveBlog) -> None:
    entry = rendered(blog)
    before = list(Post.objects.order_by("id").values())
    render(entry.pk)
    Entry.objects.update(render_due_at=entry.changed_at)
    render(entry.pk)
    assert list(Post.objects.order_by("id").values()) == before


def test_an_edit_voids_what_was_not_sent_yet(blog: LiveBlog) -> None:
    content = make_content("e1")
    rendered(blog, external_id="e1", headline=content.headline)
    source = make_source(blog)
    entry = ingest(source, replace(content, headline="Berichtigt")).entry
    render(entry.pk)
    assert states(entry) == [
        (Action.PUBLISH, 1, PostState.CANCELLED),
        (Action.PUBLISH, 2, PostState.APPROVED),
        (Action.PUBLISH, 1, PostState.CANCELLED),
        (Action.PUBLISH, 2, PostState.PENDING),
        (Action.PUBLISH, 1, PostState.SKIPPED),
        (Action.PUBLISH, 2, PostState.SKIPPED),
    ]
    assert "Berichtigt" in Post.objects.get(state=PostState.APPROVED).message.text


@pytest.mark.parametrize("out", [PostState.SENDING, PostState.SENT, PostState.UNCERTAIN])
def test_an_edit_of_what_may_be_out_is_noted_and_never_posted_again(
    blog: LiveBlog, out: PostState
) -> None:
    entry = rendered(blog, external_id="e1")
    Post.objects.filter(entry=entry, state=PostState.APPROVED).update(state=out)
    ingest(make_source(blog), make_content("e1", headline="Berichtigt"))
    render(entry.pk)
    assert states(entry)[:2] == [
        (Action.PUBLISH, 1, out),
        (Action.EDIT, 2, PostState.SKIPPED),
    ]


def test_a_withdrawal_cancels_what_waits_and_notes_what_is_out(blog: LiveBlog) -> None:
    entry = rendered(blog, external_id="e1")
    Post.objects.filter(entry=entry, state=PostState.APPROVED).update(state=PostState.SENT)
    withdraw(make_source(blog), "e1")
    render(entry.pk)
    assert states(entry) == [
        (Action.PUBLISH, 1, PostState.SENT),
        (Action.DELETE, 2, PostState.SKIPPED),
        (Action.PUBLISH, 1, PostState.CANCELLED),
        (Action.PUBLISH, 1, PostState.SKIPPED),
    ]


def test_an_entry_withdrawn_before_it_was_rendered_is_accounted_for(blog: LiveBlog) -> None:
    source = make_source(blog)
    entry = ingest(source, make_content("e1")).entry
    withdraw(source, "e1")
    render(entry.pk)
    assert states(entry) == [(Action.PUBLISH, 2, PostState.SKIPPED)] * 3


def test_what_an_editor_rejected_does_not_come_back_by_itself(blog: LiveBlog) -> None:
    entry = rendered(blog, external_id="e1")
    review.reject(Post.objects.get(state=PostState.APPROVED).pk, make_user(), "Doppelt")
    ingest(make_source(blog), make_content("e1", headline="Neu"))
    render(entry.pk)
    assert states(entry)[1] == (Action.PUBLISH, 2, PostState.PENDING)


def test_an_entry_without_anything_to_say_is_skipped_with_a_reason(blog: LiveBlog) -> None:
    entry = rendered(blog, headline="", blocks=(Paragraph("Link kopieren"),))
    assert {state for _, _, state in states(entry)} == {PostState.SKIPPED}


def test_a_picture_alone_is_posted_with_its_credit(blog: LiveBlog) -> None:
    picture = Image("Die zerstörte Brücke.", "Paul Wieland/AFP", "Eine Brücke", "")
    entry = rendered(blog, headline="", blocks=(picture,))
    for post in Post.objects.filter(entry=entry).exclude(state=PostState.SKIPPED):
        assert "Paul Wieland/AFP" in post.message.text
