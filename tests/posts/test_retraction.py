"""An entry taken back everywhere by an editor, and what its source says meanwhile."""

from __future__ import annotations

import pytest

from syndicator.accounts.models import Role, User
from syndicator.channels.base import Unknown
from syndicator.destinations.models import Policy, Route
from syndicator.entries.importing import import_document
from syndicator.entries.ingest import Change, ingest, withdraw
from syndicator.entries.models import Entry, EntryState, Retraction
from syndicator.posts import deliver, retraction, review
from syndicator.posts.models import Action, Decision, Post, PostState, Verdict
from syndicator.posts.render import render, switch_off
from syndicator.posts.review import ReviewRefused
from syndicator.posts.sweep import sweep_in_turn
from syndicator.sources.base import SourceDocument
from syndicator.wording import Wording
from tests.factories import (
    make_content,
    make_destination,
    make_due,
    make_route,
    make_source,
    make_user,
)
from tests.posts.test_acts import Board, board, change, editor, published

__all__ = ["board", "editor", "published"]
pytestmark = pytest.mark.django_db


def retract(post: Post, editor: User, reason: str = "Falsche Zahl") -> None:
    retraction.retract(post.entry_id, editor, reason)
    render(post.entry_id)


def deletion(post: Post) -> Post:
    return Post.objects.get(
        entry=post.entry_id, destination=post.destination_id, action=Action.DELETE
    )


def test_one_act_deletes_what_is_out_and_leaves_proof(
    board: Board, published: Post, editor: User
) -> None:
    retract(published, editor)
    deliver.deliver(published.destination_id)
    published.refresh_from_db()
    act = deletion(published)
    assert board.posts == {}
    assert (published.state, act.state) == (PostState.DELETED, PostState.SENT)
    assert act.attempts.get().remote_id == "1"
    decision = Decision.objects.get(post=act)
    assert (decision.verdict, decision.user) == (Verdict.CARRY_OUT, editor)
    made = Retraction.objects.get()
    assert (made.made_by, made.reason, made.lifted_at) == (editor, "Falsche Zahl", None)


def test_what_waits_is_cancelled(board: Board, published: Post, editor: User) -> None:
    waiting = make_destination("board")
    make_route(published.entry.blog, waiting, Policy.REVIEW)
    Entry.objects.update(render_due_at=published.created_at)
    render(published.entry_id)
    retract(published, editor)
    assert Post.objects.get(destination=waiting).state == PostState.CANCELLED


def test_the_source_does_not_bring_it_back(board: Board, published: Post, editor: User) -> None:
    retract(published, editor)
    source = make_source(published.entry.blog)
    told = ingest(source, make_content("one", headline="Neue Fassung"))
    assert told.change == Change.RETRACTED
    assert ingest(source, make_content("one", headline="Neue Fassung")).change == Change.RETRACTED
    render(published.entry_id)
    deliver.deliver(published.destination_id)
    entry = Entry.objects.get()
    assert (entry.state, entry.revision) == (EntryState.WITHDRAWN, 2)
    assert board.acts == ["publish 1", "delete 1"]


def test_the_same_again_changes_nothing(board: Board, published: Post, editor: User) -> None:
    content = make_content("one", headline="Neue Fassung")
    retract(published, editor)
    source = make_source(published.entry.blog)
    assert ingest(source, content).change == Change.RETRACTED
    assert ingest(source, content).change == Change.UNCHANGED


def test_a_document_that_goes_back_to_its_first_version_is_heard(
    board: Board, published: Post, editor: User
) -> None:
    blog, first = published.entry.blog, published.entry.content
    retract(published, editor)
    second = make_content("one", headline="Zweite")
    for content in (second, first):
        import_document(blog, SourceDocument("json", (content,)))
    kept = Retraction.objects.get().kept
    assert kept is not None
    assert kept.headline == "Erste Meldung"


def test_lifted_it_goes_on_with_what_the_source_said_last_after_an_editor_looked(
    board: Board, published: Post, editor: User
) -> None:
    retract(published, editor)
    deliver.deliver(published.destination_id)
    content = make_content("one", headline="Berichtigt", tags=("Genf",))
    ingest(make_source(published.entry.blog), content)
    retraction.lift(published.entry_id, editor)
    render(published.entry_id)
    post = Post.objects.get(action=Action.PUBLISH, revision=3)
    assert post.message.text.startswith("Berichtigt")
    assert post.state == PostState.PENDING  # though the route is automatic
    entry = Entry.objects.get()
    assert (entry.content.tags, entry.published_at) == (("Genf",), content.published_at)
    made = Retraction.objects.get()
    assert made.lifted_by == editor


def test_lifted_after_the_source_withdrew_it_stays_withdrawn(
    board: Board, published: Post, editor: User
) -> None:
    retract(published, editor)
    deliver.deliver(published.destination_id)
    assert withdraw(make_source(published.entry.blog), "one").change == Change.RETRACTED
    retraction.lift(published.entry_id, editor)
    assert Entry.objects.get().state == EntryState.WITHDRAWN


def test_not_lifted_while_a_deletion_is_under_way(
    board: Board, published: Post, editor: User
) -> None:
    retract(published, editor)
    with pytest.raises(ReviewRefused):
        retraction.lift(published.entry_id, editor)


def test_an_entry_its_source_withdrew_first_is_deleted_at_once(
    board: Board, published: Post, editor: User
) -> None:
    withdraw(make_source(published.entry.blog), "one")
    render(published.entry_id)
    assert deletion(published).state == PostState.SKIPPED
    retraction.retract(published.entry_id, editor, "Falsch")
    assert deletion(published).state == PostState.APPROVED


def test_a_post_whose_fate_was_unclear_is_deleted_once_it_is_found(
    board: Board, published: Post, editor: User
) -> None:
    Post.objects.filter(pk=published.pk).update(
        state=PostState.UNCERTAIN, due_at=None, remote_id="", remote_url=""
    )
    retract(published, editor)
    assert deletion(published).state == PostState.SKIPPED
    Post.objects.filter(pk=published.pk).update(state=PostState.SENT, remote_id="1")
    sweep_in_turn()
    assert deletion(published).state == PostState.APPROVED


def test_an_answer_that_came_too_late_is_deleted_too(
    board: Board, published: Post, editor: User
) -> None:
    from syndicator.channels.base import Receipt
    from syndicator.clock import database_now
    from syndicator.posts.late_answers import tell_if_taken_back

    Post.objects.filter(pk=published.pk).update(state=PostState.FAILED, remote_id="")
    retract(published, editor)
    tell_if_taken_back(published.pk, Receipt("1"), database_now())
    assert retraction.carry_on() == 1
    deliver.deliver(published.destination_id)
    assert board.posts == {}


def test_a_route_that_was_switched_off_does_not_keep_the_post_out(
    board: Board, published: Post, editor: User
) -> None:
    retract(published, editor)
    Route.objects.update(policy=Policy.OFF)
    switch_off(Route.objects.get())
    board.answers.append(Unknown(Wording("The platform did not answer.")))
    deliver.deliver(published.destination_id)
    deliver.deliver(make_due(deletion(published)).destination_id)
    assert deletion(published).state == PostState.SENT


def test_a_route_that_is_gone_does_not_keep_the_post_out(
    board: Board, published: Post, editor: User
) -> None:
    Route.objects.all().delete()
    retract(published, editor)
    deliver.deliver(published.destination_id)
    assert board.posts == {}


def test_an_edit_under_way_gives_way(board: Board, published: Post, editor: User) -> None:
    note = change(published, "Zweite Fassung")
    review.carry_out(note.pk, editor, note.payload_hash)
    retract(published, editor)
    deliver.deliver(published.destination_id)
    note.refresh_from_db()
    assert note.state == PostState.CANCELLED
    assert board.acts == ["publish 1", "delete 1"]


def test_only_editors_and_only_with_a_reason(board: Board, published: Post, editor: User) -> None:
    author = make_user(Role.AUTHOR)
    for who, reason in ((author, "Falsch"), (editor, "  ")):
        with pytest.raises(ReviewRefused):
            retraction.retract(published.entry_id, who, reason)
    retraction.retract(published.entry_id, editor, "Falsch")
    with pytest.raises(ReviewRefused):
        retraction.retract(published.entry_id, editor, "Noch einmal")
    with pytest.raises(ReviewRefused):
        retraction.lift(published.entry_id, author)
