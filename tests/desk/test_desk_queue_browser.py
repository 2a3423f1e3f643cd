"""The queue in a real browser: by keyboard, by ticks, and while others work on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from syndicator.accounts.models import Role, User
from syndicator.destinations.models import Policy
from syndicator.posts import review
from syndicator.posts.models import Post, PostState
from tests.desk.test_desk_browser import chromium, elsewhere, post, pytestmark, signed_in
from tests.factories import make_destination, make_post, make_user

__all__ = ["chromium", "post", "pytestmark"]


def waiting(headline: str, **values: object) -> Post:
    made: list[Post] = []
    elsewhere(
        lambda: made.append(
            make_post(Policy.REVIEW, make_destination("note"), headline=headline, **values)
        )
    )
    return made[0]


def states() -> dict[str, str]:
    found: dict[str, str] = {}
    elsewhere(
        lambda: found.update(
            (one.entry.headline, one.state) for one in Post.objects.select_related("entry")
        )
    )
    return found


def test_deciding_by_keyboard(chromium: Browser, live_server: LiveServer, post: Post) -> None:
    second = waiting("Zweiter Satz")
    page = signed_in(chromium, live_server)
    focused = "document.activeElement.id"

    page.keyboard.press("j")
    assert page.evaluate(focused) == f"post-{post.pk}"
    page.keyboard.press("j")
    assert page.evaluate(focused) == f"post-{second.pk}"
    page.keyboard.press("k")
    page.keyboard.press("a")
    page.locator(f"#post-{post.pk}").get_by_text("Approved by Edda").wait_for()
    assert page.evaluate(focused) == f"post-{post.pk}"

    page.keyboard.press("j")
    page.keyboard.press("e")
    area = page.locator(f"#post-{second.pk} textarea")
    area.wait_for()
    page.locator(f"#post-{second.pk} textarea:focus").wait_for(timeout=5000)
    page.keyboard.type("aj?")  # letters are letters while somebody writes
    assert "aj?" in area.input_value()
    area.fill(f"Neuer Satz\n{second.message.permalink}")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Edda edited the text.").wait_for()

    page.keyboard.press("r")
    page.keyboard.press("Enter")
    page.get_by_text("Edda rejected it: Not for this channel").wait_for()
    assert states() == {"Ein Satz": PostState.APPROVED, "Zweiter Satz": PostState.REJECTED}

    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("a")  # nothing happens behind the help
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "blog"


def test_ticking_and_approving(chromium: Browser, live_server: LiveServer, post: Post) -> None:
    second, third = waiting("Zweiter Satz"), waiting("Dritter Satz")
    page = signed_in(chromium, live_server, viewport={"width": 390, "height": 800})
    button = page.get_by_role("button", name="Approve selected")
    assert not button.is_visible()
    for one in (post, third):
        page.locator(f"#post-{one.pk} .pick input").check()
    page.get_by_role("button", name="Approve selected (2)").click()
    for one in (post, third):
        page.locator(f"#post-{one.pk}").get_by_text("Approved by Edda").wait_for()
    button.wait_for(state="hidden")
    assert states() == {
        "Ein Satz": PostState.APPROVED,
        "Zweiter Satz": PostState.PENDING,
        "Dritter Satz": PostState.APPROVED,
    }
    assert page.locator(f"#post-{second.pk} .pick input").is_visible()


def test_nothing_moves_under_the_finger(
    chromium: Browser, live_server: LiveServer, post: Post
) -> None:
    second = waiting("Zweiter Satz")
    page = signed_in(chromium, live_server, viewport={"width": 390, "height": 800})
    places = (
        "() => [...document.querySelectorAll('.card')].slice(0, 2)"
        ".map(card => [card.id, card.getBoundingClientRect().top, card.offsetHeight])"
    )
    before = page.evaluate(places)
    colleague: list[User] = []
    elsewhere(lambda: colleague.append(make_user(Role.EDITOR, username="max", first_name="Max")))
    elsewhere(lambda: review.approve(post.pk, colleague[0], post.payload_hash))
    waiting("Kommt dazu")
    waiting("Eilmeldung", key_event=True)

    card = page.locator(f"#post-{post.pk}")
    card.get_by_text("Approved by Max").wait_for()
    page.get_by_role("heading", name="Kommt dazu").wait_for()
    page.get_by_text("1 new post – show").wait_for()
    assert not card.get_by_role("button", name="Approve").is_visible()
    assert page.evaluate(places) == before
    assert page.locator(".card").last.get_by_role("heading").first.is_visible()
    assert page.title().startswith("(3) Queue")

    page.get_by_text("1 new post – show").click()
    page.get_by_role("heading", name="Eilmeldung").wait_for()
    headings = page.locator(".group h2").all_inner_texts()
    assert headings == ["Eilmeldung", "Zweiter Satz", "Kommt dazu"]
    assert second.pk


def test_later_kept_back_and_undone(chromium: Browser, live_server: LiveServer, post: Post) -> None:
    page = signed_in(chromium, live_server, viewport={"width": 390, "height": 800})
    card = page.locator(f"#post-{post.pk}")
    page.keyboard.press("j")
    page.keyboard.press("l")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    card.get_by_label("Not before").fill(f"{tomorrow:%Y-%m-%d}T11:30")
    card.get_by_role("button", name="Approve for this time").click()
    card.get_by_text("11:30").first.wait_for()
    assert states() == {"Ein Satz": PostState.APPROVED}

    page.keyboard.press("u")
    card.get_by_role("button", name="Approve", exact=True).wait_for()
    assert states() == {"Ein Satz": PostState.PENDING}

    page.keyboard.press("l")
    card.get_by_label("Keep it back").fill("Zahl prüfen")
    card.get_by_role("button", name="Keep it back").click()
    card.get_by_text("Zahl prüfen").first.wait_for()
    assert not card.get_by_role("button", name="Approve", exact=True).is_visible()
    card.get_by_role("button", name="Release").click()
    card.get_by_role("button", name="Approve", exact=True).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
