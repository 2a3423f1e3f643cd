"""Taking an entry back on its page, and how the page follows."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from syndicator.destinations.models import Policy
from syndicator.entries.models import Retraction
from syndicator.posts import deliver
from syndicator.posts.models import Action, Post, PostState
from syndicator.posts.render import render
from tests.factories import make_blog, make_destination, make_entry, make_route
from tests.posts.test_acts import Board, board

__all__ = ["board"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(board: Board) -> int:
    """Out on a platform that deletes, mailed, and waiting on a third."""
    blog = make_blog()
    for channel, policy in (("board", "automatic"), ("email", "automatic"), ("x", "review")):
        make_route(blog, make_destination(channel), Policy(policy))
    pk = make_entry(blog, headline="Drei Tote").pk
    render(pk)
    for destination in Post.objects.filter(destination__channel_name="board"):
        deliver.deliver(destination.destination_id)
    Post.objects.filter(destination__channel_name="email").update(state=PostState.SENT, due_at=None)
    return pk


def test_taken_back_with_a_reason_and_followed_to_the_proof(editor: Browser, entry: int) -> None:
    before = editor.get(f"/entries/{entry}/").text
    assert "cannot be called back" in before
    assert "costs $0.010" in before

    assert editor.post(f"/entries/{entry}/retraction/", {"reason": "Falsch"}).status_code == 302
    page = editor.get(f"/entries/{entry}/").text
    assert "Being prepared" in page
    assert f'hx-get="/entries/{entry}/retraction/?seen=' in page
    render(entry)
    assert "under way" in editor.get(f"/entries/{entry}/retraction/").text
    deliver.deliver(Post.objects.get(action=Action.DELETE, state=PostState.APPROVED).destination_id)

    page = editor.get(f"/entries/{entry}/").text
    assert "Deleted there" in page
    assert "https://board.example.org/1" in page
    assert "Mails cannot be called back" in page
    assert "It was not out, and does not go out" in page
    assert "1 task for a person is left." in page
    # What was deleted is not called out after all, nor done, nor still to be deleted.
    assert "did say that it is out" not in page
    assert "deleted there</span>" in page
    assert "Where it was" in page.partition("What became of it")[2]
    assert "?seen=" not in page.partition('id="retraction"')[2].partition("</section>")[0]


def test_a_page_that_shows_it_already_gets_nothing(editor: Browser, entry: int) -> None:
    assert editor.get(f"/entries/{entry}/retraction/").status_code == 204
    editor.post(f"/entries/{entry}/retraction/", {"reason": "Falsch"})
    part = editor.get(f"/entries/{entry}/retraction/").text
    seen = part.partition("?seen=")[2].partition('"')[0]
    assert editor.get(f"/entries/{entry}/retraction/?seen={seen}").status_code == 204
    render(entry)
    assert editor.get(f"/entries/{entry}/retraction/?seen={seen}").status_code == 200


def test_without_a_reason_nothing_happens(editor: Browser, entry: int) -> None:
    page = editor.post(f"/entries/{entry}/retraction/", {"reason": " "}, follow=True)
    assert "Say why, so that everybody on the desk knows." in page.text
    assert not Retraction.objects.exists()


def test_a_mail_that_was_taken_care_of_is_no_task_any_more(editor: Browser, entry: int) -> None:
    editor.post(f"/entries/{entry}/retraction/", {"reason": "Falsch"})
    render(entry)
    note = Post.objects.get(action=Action.DELETE, state=PostState.SKIPPED)
    editor.post(f"/posts/{note.pk}/dismiss/")
    deliver.deliver(Post.objects.get(action=Action.DELETE, state=PostState.APPROVED).destination_id)
    assert "Done everywhere." in editor.get(f"/entries/{entry}/").text


def test_lifted_and_on_record(editor: Browser, entry: int) -> None:
    editor.post(f"/entries/{entry}/retraction/", {"reason": "Falsch"})
    refused = editor.post(f"/entries/{entry}/retraction/lift/", follow=True)
    assert "still being deleted" in refused.text
    render(entry)
    deliver.deliver(Post.objects.get(action=Action.DELETE, state=PostState.APPROVED).destination_id)
    page = editor.post(f"/entries/{entry}/retraction/lift/", follow=True).text
    assert "Taken back before" in page
    assert "Take back everywhere" in page
    assert Retraction.objects.get().lifted_at


def test_viewers_see_it_and_cannot_do_it(viewer: Browser, entry: int) -> None:
    assert "Take back everywhere" not in viewer.get(f"/entries/{entry}/").text
    assert viewer.post(f"/entries/{entry}/retraction/", {"reason": "Falsch"}).status_code == 403
