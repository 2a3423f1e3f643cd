"""The queue in a real browser: htmx under the content security policy, and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from syndicator.accounts.models import Role, User
from syndicator.destinations.models import Destination, DestinationState, Policy
from syndicator.posts import review
from syndicator.posts.models import Post, PostState
from tests.factories import make_destination, make_post, make_user

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]


@pytest.fixture
def post() -> Post:
    make_user(Role.EDITOR, username="edda", first_name="Edda")
    return make_post(Policy.REVIEW, make_destination("note"), headline="Ein Satz")


@pytest.fixture
def chromium(post: Post) -> Iterator[Browser]:
    """Started after the rows are made: the database is closed to this thread from then on."""
    yield from started()


def started() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


def signed_in(browser: Browser, server: LiveServer, **options: Any) -> Page:
    page = browser.new_page(**{"locale": "en-GB", **options})
    page.goto(f"{server.url}/log-in/")
    page.fill("[name=username]", "edda")
    page.fill("[name=password]", "correct horse")
    page.click("button.primary")
    page.wait_for_url(f"{server.url}/")
    return page


def elsewhere(act: Any) -> None:
    """Run *act* in a thread of its own, which may use the database."""
    from django.db import connection

    def run() -> None:
        act()
        connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join()


def test_deciding_on_the_page(chromium: Browser, live_server: LiveServer, post: Post) -> None:
    page = signed_in(chromium, live_server)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    card = page.locator(f"#post-{post.pk}")

    card.get_by_text("Edit", exact=True).click()
    area = card.locator("textarea")
    area.wait_for()
    assert area.evaluate("area => area === document.activeElement")
    area.fill(f"Straße\n{post.message.permalink}")
    left = 100 - len(f"Straße\n{post.message.permalink}") - 1
    card.get_by_text(f"{left} characters left").wait_for()
    card.get_by_text("Save", exact=True).click()
    card.get_by_text("Edda edited the text.").wait_for()

    card.get_by_text("Approve", exact=True).click()
    card.get_by_text("Approved by Edda – goes out now").wait_for()
    assert "Approved by Edda" in page.inner_text("#live")
    assert page.evaluate("document.activeElement.id") == f"post-{post.pk}"
    assert page.url == f"{live_server.url}/"

    elsewhere(lambda: make_post(Policy.REVIEW, make_destination("note"), headline="Neu"))
    page.get_by_role("heading", name="Neu").wait_for()
    assert complaints == []


def test_deciding_without_javascript(
    chromium: Browser, live_server: LiveServer, post: Post
) -> None:
    page = signed_in(chromium, live_server, java_script_enabled=False)
    page.get_by_text("Edit", exact=True).click()
    page.fill("textarea", f"Besser\n{post.message.permalink}")
    page.get_by_text("Save", exact=True).click()
    page.get_by_text("Approve", exact=True).click()
    assert "Approved by Edda" in page.inner_text(".notice-success")
    states: list[str] = []
    elsewhere(lambda: states.append(Post.objects.get().state))
    assert states == [PostState.APPROVED]


def test_an_approved_card_follows_its_post_by_itself(
    chromium: Browser, live_server: LiveServer, post: Post
) -> None:
    page = signed_in(chromium, live_server)
    card = page.locator(f"#post-{post.pk}")
    card.get_by_text("Approve", exact=True).click()
    card.get_by_text("Approved by Edda – goes out now").wait_for()
    rows = Post.objects.filter(pk=post.pk)
    elsewhere(lambda: rows.update(state=PostState.SENDING))
    card.get_by_text("Being sent now").wait_for()
    elsewhere(lambda: rows.update(state=PostState.UNCERTAIN, due_at=None))
    card.get_by_text("It is not out: send again").wait_for()
    assert page.url == f"{live_server.url}/"


def test_a_polling_card_leaves_a_reason_alone_that_is_being_typed(
    chromium: Browser, live_server: LiveServer, post: Post
) -> None:
    elsewhere(lambda: review.stop(User.objects.get(), "Pause", blog=post.entry.blog))
    page = signed_in(chromium, live_server)
    page.clock.install()
    page.reload()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    card = page.locator(f"#post-{post.pk}")
    card.get_by_text("Approve", exact=True).click()
    card.get_by_text("Edda stopped").wait_for()
    card.get_by_text("Do not send", exact=True).click()
    card.get_by_label("Another reason").fill("Zahl ist falsch")
    asked.clear()
    page.clock.run_for(30_000)
    page.clock.resume()
    assert any("/stop/standing/" in url for url in asked)
    assert not any(f"/posts/{post.pk}/" in url for url in asked)
    assert card.get_by_label("Another reason").input_value() == "Zahl ist falsch"


def test_stopping_everything_from_a_phone(
    chromium: Browser, live_server: LiveServer, post: Post
) -> None:
    page = signed_in(chromium, live_server, viewport={"width": 390, "height": 800})
    other = signed_in(chromium, live_server)
    page.get_by_role("link", name="Stop").click()
    page.get_by_label("Why").fill("Falschmeldung")
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Everything is stopped.").wait_for()
    other.get_by_text("Everything is stopped.").wait_for()
    other.get_by_role("button", name="Lift the stop").click()
    other.get_by_text("Everything: it goes on.").wait_for()
    page.get_by_text("Everything is stopped.").wait_for(state="detached")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_destinations_follow_by_themselves(
    chromium: Browser, live_server: LiveServer, post: Post
) -> None:
    page = signed_in(chromium, live_server)
    page.goto(f"{live_server.url}/destinations/")
    elsewhere(lambda: Destination.objects.update(state=DestinationState.PAUSED))
    page.get_by_text("is paused.").wait_for()
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("posts again.").wait_for()


def test_connecting_an_account_on_a_phone(
    chromium: Browser, live_server: LiveServer, post: Post
) -> None:
    elsewhere(lambda: User.objects.update(role=Role.ADMIN))
    page = signed_in(chromium, live_server, viewport={"width": 390, "height": 800})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: message.type == "error" and complaints.append(message.text),
    )

    def fits() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    page.goto(f"{live_server.url}/destinations/")
    page.get_by_role("link", name="Connect a destination").click()
    assert fits()
    page.get_by_role("link", name="Connect: X").click()
    page.get_by_text("developer console").wait_for()
    assert fits()
    page.get_by_role("link", name="Platform").click()
    page.get_by_role("link", name="Connect: Notes").click()
    page.fill("[name=name]", "Notizen")
    page.fill("[name=setting_token]", "geheim")
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_text("cannot be asked about an account").wait_for()
    assert fits()
    page.locator("#start select").select_option("review")
    page.get_by_role("button", name="Start posting").click()
    page.get_by_text("gets the entries that come from now on").wait_for()
    assert complaints == []


def test_an_editors_first_evening_on_a_phone(
    chromium: Browser, live_server: LiveServer, post: Post
) -> None:
    """Edit what is read to its end, approve it, see it out, and get to taking it back."""
    long = post.message.with_text(
        "Ein Satz, der den Knopf nach unten schiebt. " * 30 + post.message.permalink
    )
    elsewhere(
        lambda: Post.objects.filter(pk=post.pk).update(
            payload=long.to_json(), payload_hash=long.fingerprint()
        )
    )
    page = signed_in(chromium, live_server, viewport={"width": 390, "height": 800}, has_touch=True)
    card = page.locator(f"#post-{post.pk}")
    button = card.get_by_text("Edit", exact=True)
    button.scroll_into_view_if_needed()
    button.tap()
    area = card.get_by_label("Text")
    expect(area).to_be_focused()
    # The form took the place of the long card: its head is in sight, below the frame's.
    head = page.locator(".top").bounding_box()
    title = card.locator("h3").bounding_box()
    assert head
    assert title
    assert head["y"] + head["height"] <= title["y"] < 400
    area.fill(f"Kürzer. {post.message.permalink}")
    card.get_by_role("button", name="Save").tap()
    card.get_by_role("button", name="Approve").tap()
    card.get_by_text("Approved by Edda").wait_for()
    elsewhere(
        lambda: Post.objects.filter(pk=post.pk).update(
            state=PostState.SENT, sent_at=post.created_at, due_at=None, epoch=9
        )
    )
    card.get_by_role("link", name="Take back …").tap()
    expect(page.get_by_label("Why")).to_be_visible()


def test_an_administrator_on_a_phone_sees_every_place(
    chromium: Browser, live_server: LiveServer, post: Post
) -> None:
    elsewhere(lambda: User.objects.update(role=Role.ADMIN))
    options = {"viewport": {"width": 390, "height": 800}}
    page = signed_in(chromium, live_server, locale="de-DE", **options)
    places = page.locator(".tabs")
    assert places.evaluate("nav => nav.scrollWidth <= nav.clientWidth")
    expect(places.get_by_role("link")).to_have_count(5)
