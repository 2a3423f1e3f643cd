"""What the desk says about posts that wait: on their cards and on the destinations' page."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client as Browser

from syndicator.accounts.models import Role
from syndicator.clock import database_now
from syndicator.desk.times import clock
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.entries.models import Entry
from syndicator.posts import review
from syndicator.posts.line import NO_LONGER_NEWS
from syndicator.posts.models import (
    Attempt,
    AttemptKind,
    AttemptOutcome,
    Post,
    PostState,
    SweepReport,
)
from syndicator.posts.reconcile import ASK
from syndicator.posts.render import render
from syndicator.wording import Wording
from tests.factories import make_destination, make_entry, make_post, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def post() -> Post:
    return make_post(Policy.AUTOMATIC, make_destination("note"), headline="Ein Satz")


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def card(browser: Browser, post: Post) -> str:
    return plain(browser.get(f"/posts/{post.pk}/", headers=HTMX).content.decode())


def change(post: Post, **values: object) -> None:
    Post.objects.filter(pk=post.pk).update(**values)


def panel(browser: Browser) -> str:
    return plain(browser.get("/destinations/").content.decode())


def in_berlin(moment: datetime) -> str:
    """With the date, should it be another day there by then."""
    return clock(moment, "Europe/Berlin")


def test_what_nothing_holds_up_goes_out_now(editor: Browser, post: Post) -> None:
    assert "Approved automatically – goes out now" in card(editor, post)


def test_a_platform_that_asks_to_wait_is_named_with_the_time(editor: Browser, post: Post) -> None:
    until = database_now() + timedelta(minutes=9)
    Destination.objects.update(next_post_at=until)
    assert f"The platform asks to wait until {in_berlin(until)}" in card(editor, post)
    assert f"The platform asks to wait until {in_berlin(until)}" in panel(editor)
    assert "asked to wait" in panel(editor)


def test_a_time_less_than_a_minute_away_has_its_seconds(editor: Browser, post: Post) -> None:
    until = database_now() + timedelta(seconds=40)
    Destination.objects.update(next_post_at=until)
    assert f"until {in_berlin(until)}:{until:%S}" in card(editor, post)


def test_an_open_circuit_is_told_and_can_be_closed_by_one_click(
    editor: Browser, post: Post
) -> None:
    now = database_now()
    until = now + timedelta(minutes=9)
    Destination.objects.update(failures=7, circuit_opened_at=now, next_post_at=until)
    assert f"does not work at present; the next try is at {in_berlin(until)}" in card(editor, post)
    page = panel(editor)
    assert "7 tries in a row failed." in page
    assert "Try now" in page
    answer = editor.post(f"/destinations/{post.destination_id}/resume/", follow=True)
    assert "is tried now." in plain(answer.content.decode())
    assert Destination.objects.get().next_post_at is None
    assert "goes out now" in card(editor, post)


@pytest.mark.parametrize("scope", ["everything", "blog", "platform"])
def test_a_stop_is_told_on_the_card(editor: Browser, post: Post, scope: str) -> None:
    blog = post.entry.blog if scope == "blog" else None
    channel = "note" if scope == "platform" else ""
    review.stop(make_user(Role.EDITOR, first_name="Mia"), "Warum", blog=blog, channel_name=channel)
    what = {"everything": "everything", "blog": str(blog), "platform": "this platform"}[scope]
    assert f"Mia stopped {what}: Warum" in card(editor, post)
    assert ("stopped" in panel(editor).split("Destinations", 2)[2]) is (scope != "blog")


def test_a_next_try_is_told_with_its_time_and_why(editor: Browser, post: Post) -> None:
    until = database_now() + timedelta(minutes=9)
    why = Wording("The platform is down.").to_json()
    change(post, tries=2, due_at=until, reason=why)
    page = card(editor, post)
    assert f"The next try is at {in_berlin(until)}" in page
    assert page.count("The platform is down.") == 1


def test_a_failed_post_says_why_before_its_text(editor: Browser, post: Post) -> None:
    gave_up = Wording("%(tries)s tries did not get through; the last one says why.", {"tries": 6})
    Attempt.objects.create(
        post=post, kind=AttemptKind.SEND, epoch=1, started_at=database_now(),
        outcome=AttemptOutcome.TRY_LATER, reason=Wording("The platform is down.").to_json(),
    )  # fmt: skip
    change(post, state=PostState.FAILED, due_at=None, reason=gave_up.to_json())
    page = card(editor, post)
    assert "the last one says why. The platform is down." in page
    assert page.count("The platform is down.") == 1
    text = post.message.text.partition("\n")[0]
    assert page.index("The platform is down.") < page.index(text)


def test_a_post_behind_an_older_one_says_what_that_waits_for(editor: Browser, post: Post) -> None:
    blog = post.entry.blog
    later = make_entry(blog)
    render(later.pk)
    behind = Post.objects.get(entry=later)
    assert "Earlier posts go first." in card(editor, behind)
    until = database_now() + timedelta(minutes=9)
    change(post, tries=1, due_at=until)
    assert f"an earlier post that is tried again at {in_berlin(until)}" in card(editor, behind)
    change(post, state=PostState.UNCERTAIN)
    assert "behind an earlier post that is being looked up" in card(editor, behind)
    change(post, state=PostState.SENDING)
    assert "An earlier post is being sent." in card(editor, behind)
    change(behind, breaking=True)
    change(post, state=PostState.UNCERTAIN, due_at=None)
    page = card(editor, behind)
    assert "goes out now" in page


def test_breaking_news_is_marked(editor: Browser) -> None:
    news = make_post(Policy.REVIEW, make_destination("note"), headline="Eil", tags=("Eilmeldung",))
    for path in ("/", "/log/", f"/entries/{news.entry_id}/", f"/posts/{news.pk}/"):
        assert "Breaking" in plain(editor.get(path).content.decode())


def test_an_older_entry_that_is_not_rendered_is_told(editor: Browser, post: Post) -> None:
    make_entry(post.entry.blog, published_at=post.published_at - timedelta(minutes=1))
    assert "An earlier entry is still being prepared." in card(editor, post)
    change(post, breaking=True)
    assert "goes out now" in card(editor, post)


def test_a_changed_entry_is_told(editor: Browser, post: Post) -> None:
    Entry.objects.update(render_due_at=database_now())
    assert "The entry changed; its new version is being prepared." in card(editor, post)


def test_a_waiting_post_says_how_long_it_is_news(editor: Browser, post: Post) -> None:
    Destination.objects.update(next_post_at=database_now() + timedelta(minutes=9))
    until = database_now() + timedelta(minutes=30)
    change(post, fresh_until=until)
    assert f"If it cannot go out by {in_berlin(until)}, it waits" in card(editor, post)


def test_a_stale_post_says_so(editor: Browser, post: Post) -> None:
    change(post, state=PostState.PENDING, due_at=None, reason=NO_LONGER_NEWS.to_json())
    page = editor.get("/").content.decode()
    assert 'class="notice notice-warning">It could not go out in time.' in page


def test_everything_known_is_on_the_card_of_an_uncertain_post(editor: Browser, post: Post) -> None:
    Destination.objects.update(base_url="http://127.0.0.1:8801/note")
    change(post, state=PostState.UNCERTAIN, due_at=None, tries=1, reason=ASK.to_json())
    tried = database_now() - timedelta(hours=1)

    def attempt(epoch: int, kind: AttemptKind, outcome: str, **values: object) -> None:
        Attempt.objects.create(
            post=post,
            epoch=epoch,
            kind=kind,
            outcome=outcome,
            started_at=tried + timedelta(seconds=epoch),
            **values,
        )

    attempt(1, AttemptKind.SEND, "unknown", duration_ms=20_400, answer="<html>oops")
    attempt(2, AttemptKind.LOOK_UP, "inconclusive", status=503)
    attempt(3, AttemptKind.LOOK_UP, "absent", duration_ms=300)
    page = card(editor, post)
    assert in_berlin(tried + timedelta(seconds=1)) in page
    assert "20.4 s" in page
    assert "&lt;html&gt;oops" in page
    assert "Not all posts of the account could be looked through" in page
    assert "All posts of the account since the first try were looked through." in page
    assert "It is not out: send again" in page
    assert "It is out" in page
    raw = editor.get("/").content.decode()
    assert 'href="http://127.0.0.1:8801/note"' in raw
    assert "after this try had been given up" not in page
    url = "https://notes.example.org/1"
    attempt(4, AttemptKind.SEND, "accepted", remote_id="n-1", remote_url=url)
    assert "after this try had been given up" in card(editor, post)
    assert f'href="{url}"' in editor.get("/").content.decode()


def test_a_card_in_a_workers_hand_asks_for_itself_until_it_is_done(
    editor: Browser, post: Post
) -> None:
    path = f"/posts/{post.pk}/"
    raw = editor.get(path, headers=HTMX).content.decode()
    assert 'hx-trigger="every 2s"' in raw
    again = re.findall(r'hx-get="([^"]+)" hx-trigger', raw)[0].replace("&amp;", "&")
    assert editor.get(again, headers=HTMX).status_code == 204
    change(post, state=PostState.SENT, due_at=None, sent_at=database_now())
    fresh = editor.get(again, headers=HTMX)
    assert fresh.status_code == 200
    assert "Sent at" in fresh.content.decode()
    assert "hx-trigger" not in fresh.content.decode()


def test_a_card_on_the_entrys_page_keeps_its_history(editor: Browser, post: Post) -> None:
    raw = editor.get(f"/entries/{post.entry_id}/").content.decode()
    again = re.findall(r'hx-get="([^"]+)" hx-trigger="every 2s"', raw)[0].replace("&amp;", "&")
    change(post, state=PostState.SENDING)
    assert "Decisions" in editor.get(again, headers=HTMX).content.decode()


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        ((60,), "What cannot go out for 60 minutes waits for an editor instead."),
        ((30, 60), "What cannot go out for 30–60 minutes waits for an editor instead."),
        ((0,), "However late it is, a post goes out."),
        ((0, 60), "By live blog: some posts go out however late"),
    ],
)
def test_the_panel_says_what_the_limit_does(
    editor: Browser, minutes: tuple[int, ...], told: str
) -> None:
    destination = make_destination("note")
    for number in minutes:
        made = make_post(Policy.AUTOMATIC, destination)
        Route.objects.filter(blog=made.entry.blog).update(limit_minutes=number)
    assert told in panel(editor)


def test_the_panel_counts_what_is_on_its_way(editor: Browser, post: Post) -> None:
    for state in (PostState.SENDING, PostState.UNCERTAIN):
        other = make_post(Policy.AUTOMATIC, post.destination)
        change(other, state=state)
    page = panel(editor)
    assert "Waits to be sent 1, the oldest since" in page
    assert "Being sent 1" in page
    assert "Being looked up 1" in page
    # Nothing has waited since a time that is still to come.
    change(post, due_at=database_now() + timedelta(hours=9))
    assert "Waits to be sent 1, the next is planned for" in panel(editor)


def test_administrators_are_told_of_what_they_can_mend(admin: Browser, editor: Browser) -> None:
    now = database_now()
    SweepReport.objects.create(pk=1, swept_at=now, rung_at=now)
    assert "Needs an administrator" not in panel(admin)
    SweepReport.objects.update(swept_at=now - timedelta(minutes=5))
    assert "The sweeper does not run" in panel(admin)
    assert "Needs an administrator" not in panel(editor)


def test_the_icon_is_where_browsers_look_for_it(client: Browser) -> None:
    answer = client.get("/favicon.ico", follow=True)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/svg+xml"
    answer.close()
