from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client as Browser
from structlog.testing import capture_logs

from syndicator.accounts.models import Role
from syndicator.alerts.raising import raise_alert
from syndicator.clock import database_now
from syndicator.destinations.models import Policy, Stop
from syndicator.posts import review
from syndicator.posts.models import Post, PostState
from syndicator.posts.sweep import sweep
from syndicator.wording import Wording
from tests.factories import make_blog, make_destination, make_post, make_user

pytestmark = pytest.mark.django_db


def automatic() -> Post:
    return make_post(Policy.AUTOMATIC, make_destination("note"))


def press(browser: Browser, scope: str = "everything", reason: str = "Falsche Zahl") -> str:
    answer = browser.post("/stop/", {"scope": scope, "reason": reason}, follow=True)
    return plain(answer.content.decode())


def plain(page: str) -> str:
    """What a person reads, without the tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.mark.parametrize("path", ["/", "/log/", "/destinations/", "/stop/"])
def test_the_button_and_what_is_stopped_are_on_every_page(editor: Browser, path: str) -> None:
    automatic()
    assert 'href="/stop/"' in editor.get(path).content.decode()
    press(editor)
    page = plain(editor.get(path).content.decode())
    assert "Everything is stopped. Falsche Zahl" in page
    assert "By Edda Kranz, since" in page
    assert "1 post waits behind it" in page
    assert "Lift the stop" in page


def test_a_viewer_sees_what_is_stopped_and_no_button(viewer: Browser) -> None:
    review.stop(make_user(Role.EDITOR), "Falsche Zahl")
    page = viewer.get("/stop/").content.decode()
    assert "Falsche Zahl" in page
    assert "go-on" not in page
    assert "The red button" not in page


def test_a_stop_needs_a_reason_and_something_to_stop(editor: Browser) -> None:
    assert "This field is required" in press(editor, reason="  ")
    assert "Select a valid choice" in press(editor, scope="blog:999")
    assert "This field is required" in press(editor, scope="")
    assert not Stop.objects.exists()


def test_a_blog_or_a_platform_can_be_stopped_alone(editor: Browser) -> None:
    post = automatic()
    assert "Notes: stopped." in press(editor, scope="channel:note")
    blog = post.entry.blog
    assert f"{blog.title}: stopped." in press(editor, scope=f"blog:{blog.pk}")
    by_platform, by_blog = Stop.objects.order_by("pk")
    assert (by_platform.channel_name, by_platform.blog) == ("note", None)
    assert (by_blog.channel_name, by_blog.blog) == ("", blog)


def test_what_stops_everything_stands_above_the_rest(editor: Browser) -> None:
    press(editor)
    blog = make_blog(title="Wahlabend")
    press(editor, f"blog:{blog.pk}", "Ticker vertauscht")
    page = plain(editor.get("/log/").content.decode())
    assert page.index("Everything is stopped.") < page.index("Stopped: Wahlabend")


def test_pressing_tells_what_can_no_longer_be_called_back(editor: Browser) -> None:
    post = automatic()
    Post.objects.filter(pk=post.pk).update(state=PostState.SENDING)
    elsewhere = make_blog()
    with capture_logs() as logs:
        page = press(editor)
    assert "1 post was being sent at that moment and cannot be called back." in page
    assert [line["act"] for line in logs if line["event"] == "settings changed"] == ["pressed"]
    assert "Nothing was being sent at that moment." in press(editor, f"blog:{elsewhere.pk}")


def test_pressing_twice_keeps_the_first_stop_and_its_reason(editor: Browser) -> None:
    press(editor)
    assert "Edda Kranz had stopped that before." in press(editor, reason="Noch einmal")
    assert Stop.objects.get().reason == "Falsche Zahl"


def test_going_on_tells_what_was_too_old_by_then(editor: Browser) -> None:
    stale, fresh = automatic(), automatic()
    press(editor)
    Post.objects.filter(pk=stale.pk).update(fresh_until=database_now() - timedelta(seconds=1))
    sweep()
    page = plain(editor.get("/").content.decode())
    assert "1 post waits behind it" in page
    assert "1 became too old and waits for an editor" in page
    assert "It could not go out in time." in page
    stop = Stop.objects.get()
    with capture_logs() as logs:
        answer = editor.post(f"/stop/{stop.pk}/go-on/", {"back": "/log/"}, follow=True)
    assert answer.redirect_chain == [("/log/", 302)]
    page = plain(answer.content.decode())
    assert "Everything: it goes on. 1 post was too old by then and waits for an editor." in page
    assert "Everything is stopped" not in page
    assert [line["act"] for line in logs if line["event"] == "settings changed"] == ["lifted"]
    fresh.refresh_from_db()
    assert fresh.state == PostState.APPROVED


def test_the_history_says_who_and_from_when_to_when(editor: Browser) -> None:
    press(editor)
    assert "still stopped" in plain(editor.get("/stop/").content.decode())
    editor.post(f"/stop/{Stop.objects.get().pk}/go-on/")
    page = plain(editor.get("/stop/").content.decode())
    assert "Everything Falsche Zahl" in page
    assert "went on:" in page
    assert "still stopped" not in page


def test_a_page_that_polls_gets_a_new_banner_only_when_there_is_one(editor: Browser) -> None:
    assert editor.get("/stop/standing/?banner=").status_code == 204
    press(editor)
    answer = editor.get("/stop/standing/?banner=&back=/log/")
    page = answer.content.decode()
    assert "Everything is stopped." in page
    assert 'name="back" value="/log/"' in page
    seen = re.findall(r'name="banner" value="(\w+)"', page)[0]
    assert editor.get(f"/stop/standing/?banner={seen}").status_code == 204
    automatic()
    assert editor.get(f"/stop/standing/?banner={seen}").status_code == 200


def test_open_alerts_stand_on_every_page(viewer: Browser) -> None:
    raise_alert("k", Wording("%(name)s is paused", {"name": "X"}), Wording("Why."), database_now())
    page = plain(viewer.get("/log/").content.decode())
    assert "X is paused." in page
    assert "Why." in page
