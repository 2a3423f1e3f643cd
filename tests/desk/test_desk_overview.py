"""The day at a glance, and the ledger in which every entry is accounted for."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from syndicator.clock import database_now
from syndicator.desk.days import Day
from syndicator.destinations.models import Policy, Route
from syndicator.entries.models import Entry, LiveBlog
from syndicator.posts.models import Action, Attempt, AttemptKind, Post, PostState
from syndicator.posts.render import render
from syndicator.wording import Wording
from tests.desk.test_desk_changes import changed
from tests.factories import make_blog, make_destination, make_entry, make_post, make_route

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 17, 11, 0, tzinfo=UTC)
DAY = "day=2026-11-17"


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def blog() -> LiveBlog:
    blog = make_blog(title="Genf")
    for channel, policy in (("x", Policy.AUTOMATIC), ("facebook", Policy.REVIEW)):
        make_route(blog, make_destination(channel), policy)
    return blog


def entry_of(blog: LiveBlog, **values: object) -> Entry:
    entry = make_entry(blog, **{"published_at": NOON, **values})
    render(entry.pk)
    return entry


def test_every_entry_is_accounted_for_on_every_destination(viewer: Browser, blog: LiveBlog) -> None:
    entry = entry_of(blog, headline="Drei Tote")
    page = viewer.get(f"/overview/ledger/?{DAY}").text
    assert "All are accounted for: 1 entries × 2 destinations." in page
    assert "12:00" in plain(page)  # in the blog's zone
    post = Post.objects.get(destination__channel_name="x")
    assert f'<a class="state state-approved" href="/entries/{entry.pk}/#post-{post.pk}">' in page


def test_a_missing_row_is_red(viewer: Browser, blog: LiveBlog) -> None:
    entry_of(blog)
    entry = entry_of(blog)
    Post.objects.filter(entry=entry, destination__channel_name="x").delete()
    page = viewer.get(f"/overview/ledger/?{DAY}").text
    assert '<span class="state state-failed">no record</span>' in page
    assert "1 of 4 has no record." in page


def test_what_has_no_row_yet_for_a_reason_is_not_missing(viewer: Browser, blog: LiveBlog) -> None:
    early = entry_of(blog)
    new = make_destination("mastodon")
    make_route(blog, new, Policy.REVIEW)
    Entry.objects.filter(pk=early.pk).update(changed_at=new.created_at - timedelta(seconds=1))
    make_entry(blog, published_at=NOON)  # not rendered
    page = viewer.get(f"/overview/ledger/?{DAY}").text
    assert "before it was posted to" in page
    assert page.count("being prepared") == 3
    assert "no record" not in page


def test_what_is_to_be_done_to_what_is_out_is_said(viewer: Browser) -> None:
    first = make_post(Policy.REVIEW, make_destination("note"), headline="Eins", published_at=NOON)
    Post.objects.update(state=PostState.SENT, sent_at=database_now(), remote_id="1")
    changed(first, headline="Zwei", published_at=NOON)
    assert "sent, to be corrected" in viewer.get(f"/overview/ledger/?{DAY}").text
    Post.objects.filter(action=Action.EDIT).update(state=PostState.SENDING)
    assert "sent, being corrected" in viewer.get(f"/overview/ledger/?{DAY}").text
    Post.objects.filter(action=Action.EDIT).update(state=PostState.SENT)
    assert "sent, corrected" in viewer.get(f"/overview/ledger/?{DAY}").text


def test_another_day_and_another_blog_show_others(viewer: Browser, blog: LiveBlog) -> None:
    entry_of(blog, headline="Hier")
    other = make_blog(title="Basel")
    make_route(other, make_destination("x"), Policy.REVIEW)
    entry_of(other, headline="Dort")
    assert "Dort" in viewer.get(f"/overview/ledger/?{DAY}").text  # the newest one
    page = viewer.get(f"/overview/ledger/?{DAY}&blog={blog.pk}").text
    assert "Hier" in page
    assert "Dort" not in page
    assert "No entry bears a time of this day." in viewer.get("/overview/ledger/?day=1999").text


@pytest.mark.parametrize(("language", "separator"), [("en", ","), ("de", ";")])
def test_as_a_file_for_a_spreadsheet(
    viewer: Browser, blog: LiveBlog, language: str, separator: str
) -> None:
    entry_of(blog, headline='=HYPERLINK("https://evil.example.org"; "Klick")')
    entry_of(blog, headline=" -2+3 „Zwei“; drei, vier")
    answer = viewer.get(f"/overview/ledger.csv?{DAY}", headers={"Accept-Language": language})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=separator))
    assert len(rows) == 5
    assert {len(row) for row in rows} == {9}
    assert rows[1][:2] == [
        "2026-11-17 12:00:00",
        '\'=HYPERLINK("https://evil.example.org"; "Klick")',
    ]
    for row in rows[1:]:
        assert not any(cell.strip().startswith(("=", "+", "-", "@")) for cell in row)


def test_queries_do_not_grow_with_entries(viewer: Browser, blog: LiveBlog) -> None:
    counts = []
    for more in (1, 6):
        for _ in range(more):
            entry_of(blog)
        Post.objects.update(state=PostState.FAILED, changed_at=NOON)
        for path in ("overview/", "overview/ledger/", "overview/ledger.csv"):
            with CaptureQueriesContext(
                connection,
            ) as caught:
                assert viewer.get(f"/{path}?{DAY}").status_code == 200
            counts.append(len(caught))
    assert counts[:3] == counts[3:]


def test_the_day_says_what_went_out_what_failed_and_why(viewer: Browser) -> None:
    post = make_post(Policy.REVIEW, make_destination("note"), headline="Drei Tote")
    failed = make_post(Policy.REVIEW, make_destination("x"), headline="Zu lang")
    Post.objects.filter(pk=post.pk).update(
        state=PostState.SENT, sent_at=NOON, changed_at=NOON + timedelta(days=1)
    )
    Post.objects.filter(pk=failed.pk).update(
        state=PostState.FAILED,
        changed_at=NOON,
        reason=Wording("X asks to wait; it will be tried again later.").to_json(),
    )
    Attempt.objects.create(
        post=post, kind=AttemptKind.SEND, epoch=1, started_at=NOON, cost=Decimal("0.205")
    )
    page = viewer.get(f"/overview/?{DAY}").text
    assert "1 went out, 0 failed, 0 taken back · $0.205" in plain(page)
    assert "0 went out, 1 failed, 0 taken back" in plain(page)
    assert "X asks to wait" in page
    # noon in the blog's zone is the thirteenth column of twenty units
    assert '<rect class="bar-sent" x="243"' in page
    assert '<th scope="row">12:00</th><td>1</td><td>0</td><td>0</td>' in page
    assert "Drei Tote" in page.partition("Went out last")[2]
    other = viewer.get("/overview/?day=2026-11-16").text
    assert "Nothing happened here." in other
    assert "Zu lang" not in other


def test_a_deletion_counts_as_taken_back(viewer: Browser) -> None:
    post = make_post(Policy.REVIEW, make_destination("note"))
    Post.objects.update(state=PostState.SENT, action=Action.DELETE, sent_at=NOON)
    assert post.destination.name in viewer.get(f"/overview/?{DAY}").text
    assert "0 went out, 0 failed, 1 taken back" in plain(viewer.get(f"/overview/?{DAY}").text)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 11, 17), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)]
)
def test_a_day_has_its_hours_when_clocks_are_changed(day: date, hours: int) -> None:
    berlin = Day(day, "Europe/Berlin")
    assert len(berlin.hours) == hours
    assert berlin.hour_of(berlin.hours[-1]) == hours - 1
    last = berlin.end.astimezone(UTC) - timedelta(microseconds=1)
    assert berlin.hour_of(last) == hours - 1


def test_an_installation_without_anything_has_its_pages(viewer: Browser) -> None:
    Route.objects.all().delete()
    assert viewer.get("/overview/").status_code == 200
    assert viewer.get("/overview/ledger/").status_code == 200
    assert viewer.get("/overview/ledger.csv").status_code == 404
