from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from syndicator.clock import database_now
from syndicator.content import Paragraph
from syndicator.desk.views import queue
from syndicator.destinations.models import DestinationState, Policy
from syndicator.posts.models import Attempt, AttemptKind, Post, PostState
from syndicator.posts.render import render
from syndicator.wording import Wording
from tests.factories import NOON, make_blog, make_destination, make_entry, make_post, make_route

pytestmark = pytest.mark.django_db


def waiting(**values: object) -> Post:
    return make_post(Policy.REVIEW, make_destination("note"), **values)


def fill(entries: int) -> None:
    """*entries* entries with three waiting posts each, one of them uncertain."""
    blog = make_blog()
    for _ in range(3):
        make_route(blog, make_destination("note"), Policy.REVIEW)
    for _ in range(entries):
        entry = make_entry(blog)
        render(entry.pk)
        uncertain = entry.posts.earliest("pk")
        Post.objects.filter(pk=uncertain.pk).update(state=PostState.UNCERTAIN)
        Attempt.objects.create(
            post=uncertain, kind=AttemptKind.SEND, epoch=1, started_at=database_now()
        )


def test_as_many_queries_for_thirty_posts_as_for_three(editor: Browser) -> None:
    paths = ("/", "/log/", "/destinations/")

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert editor.get(path).status_code == 200
        return len(captured)

    fill(1)
    few = {path: queries(path) for path in paths}
    fill(9)
    assert {path: queries(path) for path in paths} == few
    assert max(few.values()) <= 23


def test_key_events_come_first_then_the_oldest(editor: Browser) -> None:
    waiting(headline="Second", published_at=NOON)
    waiting(headline="Third", published_at=NOON + timedelta(minutes=1))
    waiting(headline="First", published_at=NOON + timedelta(hours=1), key_event=True)
    page = editor.get("/").content.decode()
    assert page.index(">First<") < page.index(">Second<") < page.index(">Third<")


def test_only_what_waits_for_a_person_is_shown(editor: Browser) -> None:
    make_post(Policy.AUTOMATIC, make_destination("note"), headline="Goes by itself")
    looked_up = waiting(headline="Is being looked up")
    Post.objects.filter(pk=looked_up.pk).update(
        state=PostState.UNCERTAIN, due_at=database_now() + timedelta(minutes=1)
    )
    nobody_knows = waiting(headline="Nobody knows")
    Post.objects.filter(pk=nobody_knows.pk).update(state=PostState.UNCERTAIN)
    page = editor.get("/").content.decode()
    assert "Goes by itself" not in page
    assert "Is being looked up" not in page
    assert "Nobody knows" in page
    assert "It is not out: send again" in page


def test_a_card_says_what_it_will_look_like_and_why_it_waits(editor: Browser) -> None:
    post = waiting(headline="Große Straße", published_at=NOON)
    page = editor.get("/").content.decode()
    shown = len(post.message.text) + 2
    assert f"{LEFT - shown} characters left" in page
    assert "Waits for an editor: so the route is set." in page
    assert f'href="{post.message.permalink}"' in page
    assert f'value="{post.payload_hash}"' in page
    assert '<time datetime="2026-11-17T12:00:00+00:00"' in page
    assert "17 Nov, 13:00" in page or "17 Nov 2026, 13:00" in page


LEFT = 100


def test_problems_take_the_approve_button_away(editor: Browser) -> None:
    post = waiting(headline="x" * 90)
    page = editor.get("/").content.decode()
    assert "too long" in page
    assert "The text is" in page
    assert f"/posts/{post.pk}/approve/" not in page
    assert "/edit/" in page


@pytest.mark.parametrize("channel", ["note", "x", "facebook", "email", "mastodon", "bluesky"])
def test_hostile_text_stays_text(editor: Browser, channel: str) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    post = waiting(headline=hostile, author=hostile, blocks=(Paragraph(hostile),))
    post.destination.channel_name = channel
    post.destination.name = f"{hostile} {channel}"
    post.destination.settings = {"handle": hostile}
    post.destination.save()
    Post.objects.filter(pk=post.pk).update(reason=Wording("%(why)s", {"why": hostile}).to_json())
    for path in (
        "/",
        f"/entries/{post.entry_id}/",
        "/log/",
        "/destinations/",
        f"/posts/{post.pk}/",
    ):
        page = editor.get(path).content.decode()
        assert "alert(1)" in page
        assert "<script>alert" not in page
        assert "<img" not in page


def test_a_channel_that_is_not_installed_gets_a_plain_preview(editor: Browser) -> None:
    post = waiting(headline="Still readable")
    post.destination.channel_name = "gone"
    post.destination.save()
    page = editor.get("/").content.decode()
    assert "Still readable" in page
    assert "preview-plain" in page
    assert "is not installed" in page
    assert f"/posts/{post.pk}/approve/" not in page


def test_a_viewer_sees_everything_but_no_buttons(viewer: Browser) -> None:
    post = waiting(headline="For all to see")
    for path in ("/", f"/entries/{post.entry_id}/"):
        page = viewer.get(path).content.decode()
        assert "For all to see" in page
        assert f"/posts/{post.pk}/" not in page


def test_a_paused_destination_is_announced_and_a_failed_post_waits(editor: Browser) -> None:
    post = waiting()
    Post.objects.filter(pk=post.pk).update(state=PostState.FAILED)
    post.destination.state = DestinationState.PAUSED
    post.destination.paused_at = database_now()
    post.destination.pause_reason = Wording("The key has expired.").to_json()
    post.destination.save()
    page = editor.get("/").content.decode()
    assert "is paused." in page
    assert "The key has expired." in page
    assert "Failed – it is not out" in page
    assert "Leave it" in page


def test_entries_that_no_worker_takes_are_announced(editor: Browser) -> None:
    entry = waiting().entry
    entry.render_due_at = database_now() - timedelta(minutes=5)
    entry.save()
    assert "New entries are not being worked on." in editor.get("/").content.decode()


def test_more_entries_than_fit_are_counted(
    editor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "ENTRIES", 1)
    waiting()
    waiting()
    page = editor.get("/").content.decode()
    assert "2 posts wait for a person; these are the first 1" in page


def test_an_administrator_is_told_what_to_do_first(admin: Browser, editor: Browser) -> None:
    assert "What to do first" in admin.get("/").content.decode()
    assert "What to do first" not in editor.get("/").content.decode()
    post = waiting()
    assert "What to do first" in admin.get("/").content.decode()
    post.entry.source.issue_token()
    assert "What to do first" not in admin.get("/").content.decode()
