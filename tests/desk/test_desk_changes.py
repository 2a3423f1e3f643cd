"""What changed between two versions, and where an editor sees it."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st

from syndicator.content import Paragraph
from syndicator.desk.changes import MOST_WORDS, Kind, changed_lines, changes
from syndicator.destinations.models import Policy
from syndicator.entries.ingest import ingest
from syndicator.posts.models import Post, PostState
from syndicator.posts.render import render
from tests.factories import make_content, make_destination, make_post

TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(["Genf", " ", "\n", "der", "die", "–", "👩🏽‍🚒", "é", "1.000"])).map(
        "".join
    ),
)


@given(TEXTS, TEXTS)
def test_each_version_is_what_the_other_does_not_have(before: str, after: str) -> None:
    pieces = changes(before, after)
    if before == after:
        assert pieces == []
        return
    assert "".join(one.text for one in pieces if one.kind != Kind.NEW) == before
    assert "".join(one.text for one in pieces if one.kind != Kind.GONE) == after
    assert all(one.text for one in pieces)


def test_words_are_compared_and_no_letters() -> None:
    told = [
        (one.kind.value, one.text) for one in changes("Drei Tote in Genf.", "Zwei Tote in Genf.")
    ]
    assert told == [("gone", "Drei"), ("new", "Zwei"), ("same", " Tote in Genf.")]


@given(TEXTS, TEXTS)
def test_lines_without_a_change_are_left_out(before: str, after: str) -> None:
    pieces = changes(before, after)
    shown = changed_lines(pieces)
    for kind in (Kind.GONE, Kind.NEW):
        told = "".join(one.text for one in pieces if one.kind == kind)
        left = "".join(one.text for one in shown if one.kind == kind)
        assert left == told.replace("\n", "")


def test_only_the_line_with_the_change_is_shown() -> None:
    shown = changed_lines(changes("Kopf\n\nDrei Tote.\n\nEnde.", "Kopf\n\nZwei Tote.\n\nEnde."))
    assert "".join(one.text for one in shown) == "… DreiZwei Tote.\n…"


def test_long_texts_are_compared_line_by_line() -> None:
    before = "Wort " * MOST_WORDS + "\nEnde\n"
    told = changes(before, before.replace("Ende", "Schluss"))
    assert [one.text for one in told if one.kind != Kind.SAME] == ["Ende\n", "Schluss\n"]


def changed(post: Post, **values: object) -> Post:
    """The post of the same entry after an edit."""
    entry = post.entry
    content = make_content(entry.external_id, **values)
    ingest(entry.source, content)
    render(entry.pk)
    return Post.objects.exclude(pk=post.pk).latest("id")


@pytest.mark.django_db
def test_a_changed_entry_shows_what_is_another(editor: Browser) -> None:
    post = make_post(Policy.REVIEW, make_destination("note"), headline="Drei Tote")
    assert "Changed since" not in editor.get("/").content.decode()
    newer = changed(post, headline="Zwei Tote", blocks=(Paragraph("Satz."),))
    assert newer.state == PostState.PENDING
    page = editor.get("/").content.decode()
    assert "Changed since the version before" in page
    assert "Drei</del>" in page
    assert "Zwei</ins>" in page


@pytest.mark.django_db
def test_a_note_shows_what_is_to_be_changed_on_the_platform(editor: Browser) -> None:
    post = make_post(Policy.REVIEW, make_destination("note"), headline="Drei Tote")
    Post.objects.filter(pk=post.pk).update(state=PostState.SENT)
    note = changed(post, headline="Zwei Tote")
    assert note.is_note
    page = editor.get("/").content.decode()
    assert "What is to be changed there" in page
    assert "Drei</del>" in page


@pytest.mark.django_db
def test_who_approves_what_changed_meanwhile_gets_the_new_text(editor: Browser) -> None:
    post = make_post(Policy.REVIEW, make_destination("note"), headline="Drei Tote")
    newer = changed(post, headline="Zwei Tote")
    answer = editor.post(
        f"/posts/{post.pk}/approve/",
        {"payload_hash": post.payload_hash},
        headers={"HX-Request": "true"},
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert f'id="post-{newer.pk}"' in page
    assert "The entry changed while you looked at it." in page
    assert "Zwei</ins>" in page
    assert Post.objects.get(pk=newer.pk).state == PostState.PENDING
