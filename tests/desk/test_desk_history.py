"""The entry page and the log: what went out, what failed, and why."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from syndicator.clock import database_now
from syndicator.content import BulletList, Image, Paragraph, Quote
from syndicator.desk.views import log
from syndicator.destinations.models import Policy
from syndicator.entries.ingest import ingest, withdraw
from syndicator.posts import review
from syndicator.posts.models import Attempt, AttemptKind, Post, PostState
from syndicator.posts.render import render
from syndicator.wording import Wording
from tests.factories import make_content, make_destination, make_post, make_user

pytestmark = pytest.mark.django_db


def posted(**values: object) -> Post:
    return make_post(Policy.REVIEW, make_destination("note"), **values)


def test_the_entry_is_shown_as_it_is_read(editor: Browser) -> None:
    post = posted(
        blocks=(
            Paragraph("Ein Absatz."),
            BulletList(("Erstens", "Zweitens"), ordered=True),
            Quote("Das ist gut", "Ilse Maurer"),
            Image("Vor dem Haus", "Lena Fuchs", "Menschen", "javascript:alert(1)"),
        )
    )
    page = editor.get(f"/entries/{post.entry_id}/").content.decode()
    assert "<ol><li>Erstens</li><li>Zweitens</li></ol>" in page
    assert "<footer>Ilse Maurer</footer>" in page
    assert "Photo: Lena Fuchs" in page
    assert "javascript:" not in page


def test_every_revision_is_kept_and_shown(editor: Browser) -> None:
    post = posted(headline="Erste Fassung")
    entry = post.entry
    ingest(entry.source, make_content(entry.external_id, headline="Zweite Fassung"))
    withdraw(entry.source, entry.external_id)
    page = editor.get(f"/entries/{entry.pk}/").content.decode()
    for expected in ("Erste Fassung", "Zweite Fassung", "Revision 1", "Revision 3", "withdrawn"):
        assert expected in page


def test_attempts_and_decisions_tell_the_whole_story(editor: Browser) -> None:
    post = posted(headline="Ein Satz")
    mia = make_user(first_name="Mia", last_name="Sommer")
    review.edit(post.pk, mia, post.payload_hash, f"Zwei\n{post.message.permalink}")
    post.refresh_from_db()
    review.approve(post.pk, mia, post.payload_hash)
    Attempt.objects.create(
        post=post,
        kind=AttemptKind.SEND,
        epoch=1,
        started_at=database_now(),
        outcome="try_later",
        status=503,
        duration_ms=1234,
        reason=Wording("Come back in %(count)s minutes.", {"count": 5}).to_json(),
        answer='{"error": "<busy>"}',
    )
    Attempt.objects.create(post=post, kind=AttemptKind.LOOK_UP, epoch=2, started_at=database_now())
    Post.objects.update(
        state=PostState.SENT, sent_at=database_now(), remote_url="https://notes.example.org/9"
    )
    page = editor.get(f"/entries/{post.entry_id}/").content.decode()
    for expected in (
        "<strong>edited</strong>",
        "<strong>approved</strong>",
        "Mia Sommer",
        "The text before",
        "Ein Satz",
        "status 503",
        "1.2 s",
        "Come back in 5 minutes.",
        "&lt;busy&gt;",
        "no outcome on record",
        'href="https://notes.example.org/9"',
        "Sent at ",
    ):
        assert expected in page


def test_an_automatic_approval_has_no_persons_name(editor: Browser) -> None:
    post = make_post(Policy.AUTOMATIC, make_destination("note"))
    page = editor.get(f"/entries/{post.entry_id}/").content.decode()
    assert "Approved automatically – goes out now" in page
    assert "automatically, by the route" in page


def test_the_log_says_what_why_and_where(editor: Browser) -> None:
    post = posted(headline="Gescheitert")
    Post.objects.update(state=PostState.FAILED, reason=Wording("The page was not found.").to_json())
    page = editor.get("/log/").content.decode()
    assert f'href="/entries/{post.entry_id}/#post-{post.pk}"' in page
    assert "The page was not found." in page
    assert "failed" in page


def test_the_log_is_filtered_by_blog_destination_and_state(editor: Browser) -> None:
    one, other = posted(headline="Der eine"), posted(headline="Der andere")
    Post.objects.filter(pk=other.pk).update(state=PostState.SENT, sent_at=database_now())
    for query in (
        f"blog={one.entry.blog_id}",
        f"destination={one.destination_id}",
        "state=pending",
    ):
        page = editor.get(f"/log/?{query}").content.decode()
        assert "Der eine" in page
        assert "Der andere" not in page
    assert "No posts match." in editor.get("/log/?state=rejected").content.decode()


@pytest.mark.parametrize("query", ["blog=x", "blog=999999999999999999999", "state=?", "page=x"])
def test_a_filter_that_makes_no_sense_filters_nothing(editor: Browser, query: str) -> None:
    posted(headline="Trotzdem da")
    assert "Trotzdem da" in editor.get(f"/log/?{query}").content.decode()


def test_the_log_has_pages(editor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "ROWS", 1)
    posted(headline="Der alte")
    posted(headline="Der neue")
    page = editor.get("/log/?state=pending").content.decode()
    assert "Der neue" in page
    assert "Der alte" not in page
    assert 'href="?state=pending&amp;page=2"' in page
    assert "Der alte" in editor.get("/log/?state=pending&page=2").content.decode()


def test_a_skipped_post_says_why(editor: Browser) -> None:
    post = posted()
    Post.objects.update(state=PostState.SENT, sent_at=database_now())
    entry = post.entry
    ingest(entry.source, make_content(entry.external_id, headline="Berichtigt"))
    render(entry.pk)
    page = editor.get(f"/entries/{entry.pk}/").content.decode()
    assert "The entry changed after it was posted. Correct the post where that is possible." in page
