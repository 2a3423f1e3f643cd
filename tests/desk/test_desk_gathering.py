"""What the desk shows of entries that share a post."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from syndicator.approval_mail import mailing
from syndicator.approval_mail.models import ApprovalMail
from syndicator.desk.days import Day
from syndicator.desk.ledger import as_csv, ledger
from syndicator.destinations.models import Policy, Route
from syndicator.posts import review
from syndicator.posts.models import Post, PostState
from syndicator.posts.rehearsal import Setting, rehearse
from syndicator.posts.render import render
from tests.factories import NOON, make_blog, make_destination, make_entry, make_route, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def burst() -> list[Post]:
    """Two entries in one post that waits for an editor: its own row first."""
    blog = make_blog(title="Gipfel in Genf")
    make_route(blog, make_destination(), Policy.REVIEW)
    Route.objects.update(gather_minutes=10)
    for headline in ("Erste Meldung", "Zweite Meldung"):
        render(make_entry(blog, headline=headline, published_at=NOON).pk)
    return list(Post.objects.select_related("entry__blog").order_by("pk"))


def test_the_card_in_the_queue_shows_what_it_gathers(editor: Browser, burst: list[Post]) -> None:
    carrier, member = burst
    page = editor.get("/").content.decode()
    assert page.count('class="card card-') == 1
    assert "Gathered with 1 other minor entry" in page
    assert "Minor entries may join it until" in page
    assert f'href="{member.entry.permalink}"' in page
    assert f'href="{carrier.entry.permalink}"' in page
    assert "• Zweite Meldung" in page
    assert "characters left" in page
    assert "those that come within 10 minutes share a post" in page


def test_the_entry_page_leads_to_the_post_that_tells_it(editor: Browser, burst: list[Post]) -> None:
    carrier, member = burst
    page = editor.get(f"/entries/{member.entry_id}/").content.decode()
    assert "Gathered into the post of" in page
    assert f"/entries/{carrier.entry_id}/#post-{carrier.pk}" in page
    editor.post(f"/posts/{member.pk}/take-out/")
    member.refresh_from_db()
    carrier.refresh_from_db()
    assert member.state == PostState.PENDING
    assert "Zweite Meldung" not in carrier.message.text


def test_the_ledger_says_of_each_where_it_is(burst: list[Post]) -> None:
    carrier, member = burst
    blog = carrier.entry.blog
    entries = [carrier.entry, member.entry]
    review.reject(carrier.pk, make_user(), "Belanglos")
    said = [line.cells[0].said for line in ledger(blog, entries).lines]
    assert said == ["rejected", "gathered into one post with others, rejected"]
    Post.objects.filter(pk=carrier.pk).update(
        state=PostState.SENT, sent_at=timezone.now(), remote_url="https://x.example/1", cost=1
    )
    made = ledger(blog, entries)
    assert (made.total, made.missing) == (2, 0)
    rows = [line.split(",") for line in as_csv(made, Day(NOON.date(), blog.time_zone))][2:]
    assert [row[-2] for row in rows] == ["https://x.example/1"] * 2
    assert [row[-1].strip() for row in rows] == ["1.0000", "0"], "what they share costs once"


def test_a_rehearsal_says_what_would_be_gathered(burst: list[Post]) -> None:
    route = Route.objects.select_related("blog", "destination").get()
    before = Route.objects.select_related("blog", "destination").get()
    before.gather_minutes = 0
    received = burst[0].entry.received_at
    rehearsed = rehearse(
        Setting(route.blog, [before]), Setting(route.blog, [route]), received + timedelta(minutes=1)
    )
    assert {turn.changed for row in rehearsed for turn in row.turns} == {True}
    assert "share a post" in str(rehearsed[0].turns[0].after.why)


def test_mail_has_digests_and_no_such_field(admin: Browser) -> None:
    blog = make_blog()
    mail = make_route(blog, make_destination("email"))
    social = make_route(blog, make_destination())
    page = admin.get(f"/settings/blogs/{blog.pk}/").content.decode()
    assert re.findall(r'name="to(\d+)-gather_minutes"', page) == [str(social.destination_id)]
    assert mail.gather_minutes == 0


def test_a_post_is_mailed_for_approval_once_its_window_is_over(burst: list[Post]) -> None:
    make_user(mails_waiting=True, email="edda@magazin.example.org")
    carrier, _ = burst
    until = carrier.gathers_until
    assert until is not None
    mailing.plan(until - timedelta(seconds=1))
    assert not ApprovalMail.objects.exists()
    mailing.plan(until + timedelta(minutes=1))
    assert "Zweite Meldung" in ApprovalMail.objects.get().said
