"""Policies on the desk: who may approve, what waits until when, and trying a setting first."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from syndicator.accounts.models import Role, User
from syndicator.clock import database_now
from syndicator.desk.cards import Card, Outlook, posts_with_history
from syndicator.desk.times import moment_on_wall
from syndicator.destinations.models import Policy, Route
from syndicator.entries.models import LiveBlog
from syndicator.posts import review
from syndicator.posts.models import Decision, Post, PostState
from syndicator.posts.render import render
from tests.factories import (
    make_blog,
    make_destination,
    make_entry,
    make_post,
    make_route,
    make_user,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def post() -> Post:
    return make_post(Policy.REVIEW, make_destination("note"), author="Edda Kranz")


def act(browser: Browser, post: Post, action: str, **data: str) -> HttpResponse:
    answer = browser.post(
        f"/posts/{post.pk}/{action}/",
        {"payload_hash": post.payload_hash, **data},
        headers=HTMX,
    )
    post.refresh_from_db()
    assert isinstance(answer, HttpResponse)
    return answer


def test_a_card_offers_no_approval_to_who_wrote_the_entry_and_says_who_may(
    editor: Browser, post: Post
) -> None:
    Route.objects.update(four_eyes=True)
    make_user(first_name="Ole", last_name="Voss")
    page = editor.get("/").content.decode()
    assert f"/posts/{post.pk}/approve/" not in page
    assert 'name="seen"' not in page
    assert "somebody else has to approve it: Ole Voss." in page
    answer = act(editor, post, "approve")
    assert answer.status_code == 409
    assert "somebody else has to approve it: Ole Voss." in answer.content.decode()
    assert post.state == PostState.PENDING


def test_approving_all_of_an_entry_leaves_out_what_one_may_not(editor: Browser, post: Post) -> None:
    Route.objects.update(four_eyes=True)
    other = make_route(post.entry.blog, make_destination("note"), Policy.REVIEW)
    Post.objects.all().delete()
    post.entry.__class__.objects.update(render_due_at=database_now())
    render(post.entry_id)
    posts = Post.objects.all()
    seen = [f"{one.pk}:{one.payload_hash}" for one in posts]
    editor.post(f"/entries/{post.entry_id}/approve/", {"seen": seen}, headers=HTMX)
    states = dict(Post.objects.values_list("destination", "state"))
    assert states == {
        post.destination_id: PostState.PENDING,
        other.destination_id: PostState.APPROVED,
    }


def test_the_queue_asks_the_same_of_the_database_for_one_strict_post_and_for_many(
    editor: Browser, post: Post
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as made:
            editor.get("/")
        return len(made)

    Route.objects.update(four_eyes=True)
    one = queries()
    for _ in range(4):
        render(make_entry(post.entry.blog, author="Edda Kranz").pk)
    assert queries() == one


def test_a_post_is_scheduled_by_the_blogs_clock(editor: Browser, post: Post) -> None:
    at = (datetime.now(BERLIN) + timedelta(hours=2)).replace(second=0, microsecond=0)
    typed = at.replace(tzinfo=None).isoformat(timespec="minutes")
    page = act(editor, post, "schedule", not_before=typed).content.decode()
    assert post.not_before == at
    assert "Approved by Edda Kranz – waits. It is to go out at" in page
    assert f"{at:%H:%M}" in page
    history = editor.get(f"/entries/{post.entry_id}/").content.decode()
    assert "approved for later" in history
    assert "Not before" in history
    assert "Waits for an editor: so the route is set." in history


def test_an_editor_says_how_long_it_is_news(editor: Browser, post: Post) -> None:
    Route.objects.update(hold_seconds=60)
    at = (datetime.now(BERLIN) + timedelta(hours=2)).replace(second=0, microsecond=0)
    typed = at.replace(tzinfo=None).isoformat(timespec="minutes")
    page = act(editor, post, "schedule", not_after=typed).content.decode()
    assert post.fresh_until == at
    assert "If it cannot go out by" in page
    assert "Not after" in editor.get(f"/entries/{post.entry_id}/").content.decode()


@pytest.mark.parametrize("typed", ["", "gestern", "2027-03-28T02:30"])
def test_a_time_that_there_is_not_is_refused(editor: Browser, post: Post, typed: str) -> None:
    answer = act(editor, post, "schedule", not_before=typed)
    assert answer.status_code == 409
    assert "Enter a date and a time" in answer.content.decode()
    assert post.state == PostState.PENDING


def test_of_an_hour_that_comes_twice_the_second_is_meant() -> None:
    moment = moment_on_wall("2026-10-25T02:30", "Europe/Berlin")
    assert moment is not None
    assert moment.astimezone(BERLIN).tzname() == "CET"


def test_a_post_is_held_and_released(
    editor: Browser, browse: Callable[[Role], Browser], post: Post
) -> None:
    page = act(editor, post, "hold", reason="Zahl prüfen").content.decode()
    assert "Edda Kranz holds it: Zahl prüfen" in page
    assert f"/posts/{post.pk}/approve/" not in page
    assert post.held_by is not None
    act(browse(Role.ADMIN), post, "release")
    assert post.held_by is None
    assert "released" in editor.get(f"/entries/{post.entry_id}/").content.decode()


def test_an_approval_and_a_rejection_are_undone(editor: Browser, post: Post) -> None:
    Route.objects.update(hold_seconds=600)
    act(editor, post, "approve")
    page = act(editor, post, "undo").content.decode()
    assert post.state == PostState.PENDING
    assert "Edda Kranz took the decision back." in page
    act(editor, post, "reject", reason="Doppelt")
    act(editor, post, "undo")
    assert post.state == PostState.PENDING
    assert act(editor, post, "undo").status_code == 409


def test_a_card_offers_what_the_domain_then_does(post: Post) -> None:
    user = make_user()

    def offered() -> set[str]:
        card = Card(posts_with_history().get(pk=post.pk), outlook=Outlook(user))
        names = ("schedule", "hold", "release", "undo")
        return {name for name in names if getattr(card, f"can_{name}")}

    assert offered() == {"schedule", "hold"}
    review.hold(post.pk, user, post.payload_hash)
    assert offered() == {"release"}
    review.release(post.pk, user)
    later = database_now() + timedelta(hours=1)
    review.schedule(post.pk, user, post.payload_hash, later)
    assert offered() == {"schedule", "hold", "undo"}
    review.reject(post.pk, user, "Doppelt")
    assert offered() == {"undo"}
    post.entry.__class__.objects.update(revision=2)
    assert offered() == set()


# --- Settings ------------------------------------------------------------------------------------


def routes_form(route: Route, **changes: str) -> dict[str, str]:
    said = {
        "policy": route.policy,
        "hold_seconds": str(route.hold_seconds),
        "limit_minutes": str(route.limit_minutes),
        "key_events": route.key_events,
        "otherwise": route.otherwise,
        "urgent_in_quiet_hours": "on",
        **changes,
    }
    return {f"to{route.destination_id}-{name}": value for name, value in said.items()}


@pytest.fixture
def route() -> Route:
    return make_route(make_blog(), make_destination("note"))


def test_filters_quiet_hours_and_four_eyes_are_set_on_the_route(
    admin: Browser, route: Route
) -> None:
    form = routes_form(
        route,
        four_eyes="on",
        only_tags="Genf, Börse",
        not_authors="dpa",
        key_events="only",
        otherwise="review",
        quiet_from="22:00",
        quiet_to="06:00",
    )
    assert admin.post(f"/settings/blogs/{route.blog_id}/routes/", form).status_code == 302
    route.refresh_from_db()
    assert route.four_eyes
    assert (route.only_tags, route.not_authors) == ("Genf, Börse", "dpa")
    assert (route.key_events, route.otherwise) == ("only", "review")
    assert (str(route.quiet_from), str(route.quiet_to)) == ("22:00:00", "06:00:00")
    page = admin.get(f"/settings/blogs/{route.blog_id}/").content.decode()
    assert '<details class="route-more" open>' in page
    assert 'value="22:00"' in page


@pytest.mark.parametrize(
    ("begin", "end", "said"),
    [
        ("22:00", "", "need a beginning and an end"),
        ("", "06:00", "need a beginning and an end"),
        ("22:00", "22:00", "need another end"),
    ],
)
def test_quiet_hours_have_two_ends(
    admin: Browser, route: Route, begin: str, end: str, said: str
) -> None:
    form = routes_form(route, quiet_from=begin, quiet_to=end)
    page = admin.post(f"/settings/blogs/{route.blog_id}/routes/", form).content.decode()
    assert said in page
    route.refresh_from_db()
    assert route.quiet_from is None


def test_new_quiet_hours_hold_for_what_rests_already(admin: Browser, route: Route) -> None:
    entry = make_entry(route.blog)
    render(entry.pk)
    until = database_now() + timedelta(hours=5)
    Post.objects.update(quiet_until=until, due_at=until)
    Route.objects.update(quiet_from="22:00", quiet_to="06:00")
    route.refresh_from_db()
    form = routes_form(route, quiet_from="", quiet_to="")
    admin.post(f"/settings/blogs/{route.blog_id}/routes/", form)
    post = Post.objects.get()
    assert (post.quiet_until, post.state) == (None, PostState.APPROVED)


# --- Trying a setting first ----------------------------------------------------------------------


def rows() -> list[object]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (LiveBlog, Route, Post, Decision, User)
    ]


def test_a_changed_route_is_tried_on_the_last_day_and_nothing_is_written(
    admin: Browser, route: Route
) -> None:
    render(make_entry(route.blog, headline="Aus Genf", tags=("Genf",)).pk)
    render(make_entry(route.blog, headline="Sport vom Tage").pk)
    old = make_entry(route.blog, headline="Von vorgestern")
    old.__class__.objects.filter(pk=old.pk).update(received_at=database_now() - timedelta(days=2))
    before = rows()
    form = routes_form(route, only_tags="Genf")
    path = f"/settings/blogs/{route.blog_id}/routes/try/"
    page = admin.post(path, form).content.decode()
    rehearsal = page.split('id="rehearsal"')[1].split("</section>")[0]
    assert "Aus Genf" in rehearsal
    counted = " ".join(re.sub("<[^>]+>", "", rehearsal).split())
    assert "goes out by itself: 1 at present 2" in counted
    assert "is not posted: 1 at present 0" in counted
    assert "Goes out automatically: the route takes the tag “Genf”." in rehearsal
    assert "Left out by the route&#39;s filters: the entry has none of the tags" in rehearsal
    assert "At present: Goes out automatically: so the route is set." in rehearsal.replace(
        "</span>", ""
    ).replace('<span class="quiet">', "")
    assert "Von vorgestern" not in rehearsal
    assert 'value="Genf"' in page, "what was typed is still there"
    after = rows()
    # Signing in is noted, and nothing else.
    assert after[:4] == before[:4]


def test_a_list_of_words_is_tried_before_it_is_saved(admin: Browser, route: Route) -> None:
    make_entry(route.blog, headline="Anschläge in Genf")
    blog = route.blog
    form = {
        "title": "Anders",
        "slug": blog.slug,
        "canonical_url": blog.canonical_url,
        "language": "de",
        "time_zone": "Europe/Berlin",
        "breaking_tags": "Eil",
        "never_automatic": "Feuer\nAnschläg*",
    }
    page = admin.post(f"/settings/blogs/{blog.pk}/try/", form).content.decode()
    assert "the word “Anschläg*” is on the list" in page
    blog.refresh_from_db()
    assert (blog.never_automatic, blog.title) == ("", route.blog.title)
    assert blog.title != "Anders"


def test_a_setting_with_something_wrong_is_not_tried(admin: Browser, route: Route) -> None:
    form = routes_form(route, quiet_from="22:00")
    page = admin.post(f"/settings/blogs/{route.blog_id}/routes/try/", form).content.decode()
    assert "need a beginning and an end" in page
    assert 'id="rehearsal"' not in page


def test_what_would_have_rested_says_until_when(admin: Browser, route: Route) -> None:
    make_entry(route.blog)
    now = datetime.now(BERLIN)
    begin, end = now - timedelta(hours=1), now + timedelta(hours=1)
    form = routes_form(route, quiet_from=f"{begin:%H:%M}", quiet_to=f"{end:%H:%M}")
    page = admin.post(f"/settings/blogs/{route.blog_id}/routes/try/", form).content.decode()
    assert "It would have rested until" in page
