"""What the entry's page offers for a post that is out and has to say something else."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

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


def test_posted_anew_by_a_button(board: Board, published: Post, editor: Browser) -> None:
    note = change(published, "Zweite Fassung")
    page = editor.post(
        f"/posts/{note.pk}/repost/",
        {"payload_hash": note.payload_hash, "back": f"/entries/{note.entry_id}/"},
        follow=True,
    )
    assert "has it deleted there" in page.text
    assert Post.objects.get(action=Action.DELETE).state == PostState.APPROVED
