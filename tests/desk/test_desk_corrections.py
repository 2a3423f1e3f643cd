"""What the entry's page offers for a post that is out and has to say something else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client as Browser

from syndicator.desk.ledger import ledger
from syndicator.posts import deliver
from syndicator.posts.models import Action, Post, PostState
from tests.posts.test_acts import Board, board, change, published

__all__ = ["board", "published"]
pytestmark = pytest.mark.django_db


def test_each_way_to_correct_it_is_offered_with_its_cost(
    board: Board, published: Post, editor: Browser
) -> None:
    change(published, "Zweite Fassung")
    page = editor.get(f"/entries/{published.entry_id}/").text
    assert "Correct it there" in page
    assert "Costs $0.200" in page
    assert "Delete it there and post it anew" in page
    assert "Costs $0.210. Answers and likes are lost." in page
    assert "Correct it by a reply" in page
    assert "Costs $0.200. The post stays; you write the reply next." in page


def test_posted_anew_by_a_button(board: Board, published: Post, editor: Browser) -> None:
    note = change(published, "Zweite Fassung")
    page = editor.post(
        f"/posts/{note.pk}/repost/",
        {"payload_hash": note.payload_hash, "back": f"/entries/{note.entry_id}/"},
        follow=True,
    )
    assert "has it deleted there" in page.text
    assert Post.objects.get(action=Action.DELETE).state == PostState.APPROVED


def begun(note: Post, editor: Browser) -> Post:
    told = {"payload_hash": note.payload_hash, "back": "/"}
    answer = editor.post(f"/posts/{note.pk}/correct/", told, headers={"HX-Request": "true"})
    reply = Post.objects.get(action=Action.CORRECT)
    assert f'id="post-{reply.pk}"' in answer.text
    assert "Korrektur: Zweite Fassung" in answer.text
    assert 'name="text"' in answer.text
    return reply


def test_a_reply_is_written_where_the_note_stood(
    board: Board, published: Post, editor: Browser
) -> None:
    note = change(published, "Zweite Fassung")
    reply = begun(note, editor)
    queue = editor.get("/").text
    assert "A reply that corrects the post that is out." in queue
    assert 'href="https://board.example.org/1"' in queue
    assert "<del>" in queue
    assert f'id="post-{note.pk}"' not in queue
    editor.post(f"/posts/{reply.pk}/approve/", {"payload_hash": reply.payload_hash})
    deliver.deliver(reply.destination_id)
    assert board.acts == ["publish 1", "publish 2"]
    page = editor.get(f"/entries/{note.entry_id}/").text
    assert "Corrected there by a reply at" in page
    [line] = ledger(note.entry.blog, [note.entry]).lines
    [cell] = line.cells
    assert (cell.said, cell.cost) == ("sent, corrected by a reply", Decimal("0.40"))
    assert "is deleted, with its correction reply" in page


def test_another_way_may_be_chosen_on_its_card(
    board: Board, published: Post, editor: Browser
) -> None:
    note = change(published, "Zweite Fassung")
    reply = begun(note, editor)
    answer = editor.post(f"/posts/{reply.pk}/choose-again/", headers={"HX-Request": "true"})
    assert f'id="post-{note.pk}"' in answer.text
    assert "Correct it by a reply" in answer.text
    late = editor.post(f"/posts/{reply.pk}/choose-again/", headers={"HX-Request": "true"})
    assert late.status_code == 409


def test_without_javascript_the_form_is_a_page(
    board: Board, published: Post, editor: Browser
) -> None:
    note = change(published, "Zweite Fassung")
    told = {"payload_hash": note.payload_hash, "back": f"/entries/{note.entry_id}/"}
    page = editor.post(f"/posts/{note.pk}/correct/", told, follow=True).text
    assert "Korrektur: Zweite Fassung" in page
