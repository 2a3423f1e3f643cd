"""The reader's way in a real browser: subscribe, confirm, set, leave, and be forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from syndicator.desk.views.sign_up import snippet_of
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace, Subscriber, Subscription, SubscriptionState
from syndicator.signup.models import SignUp
from syndicator.signup.settings import set_up, usual_consent
from tests.channels.email.scripted_relay import ScriptedRelay
from tests.desk.test_desk_browser import elsewhere, pytestmark, started
from tests.signup.reader import ANNA, link_in, mailbox

__all__ = ["pytestmark"]


@pytest.fixture
def snippet(sign_up: SignUp) -> str:
    return snippet_of(sign_up)


@pytest.fixture
def german(sign_up: SignUp, blog: LiveBlog) -> None:
    LiveBlog.objects.update(language="de")
    blog.refresh_from_db()
    set_up(blog, is_open=True, paces=list(Pace), consent=usual_consent(blog))


@pytest.fixture
def browser(snippet: str, german: None) -> Iterator[Browser]:
    yield from started()


def clean(page: Page) -> None:
    told = Axe().run(page).response["violations"]
    assert not told, [(one["id"], node["html"]) for one in told for node in one["nodes"]]
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), page.url


def mailed(relay: ScriptedRelay, to: str) -> str:
    """The path of the link to *to* in the last mail."""
    found = []
    elsewhere(lambda: found.append(link_in(mailbox(relay)[-1], to)))
    return found[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_the_form_to_being_forgotten(
    browser: Browser, live_server: LiveServer, relay: ScriptedRelay, scheme: str
) -> None:
    page = browser.new_page(
        color_scheme=scheme,
        viewport={"width": 390, "height": 844},
        timezone_id="Asia/Tokyo",
    )
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(f"{live_server.url}/newsletter/subscribe/rat/")
    clean(page)
    assert not page.locator(".hour").is_visible()
    page.get_by_label("Ihre E-Mail-Adresse").fill(ANNA)
    page.get_by_label("einmal am Tag eine Zusammenfassung").check()
    page.locator(".hour select").select_option("18")
    page.wait_for_timeout(2200)
    page.get_by_role("button", name="Abonnieren").click()
    page.wait_for_url("**/asked/")
    clean(page)

    page.goto(live_server.url + mailed(relay, "confirm"))
    assert "um 18:00 Uhr (Asia/Tokyo)" in page.inner_text("main")
    clean(page)
    page.get_by_role("button", name="Ja, abonnieren").click()
    clean(page)
    link = page.get_by_role("link", name="Häufigkeit ändern").get_attribute("href")
    assert link
    preferences = live_server.url + "/" + link.split("/", 3)[3]

    page.goto(preferences)
    clean(page)
    page.get_by_label("Wie oft").select_option("hourly")
    page.get_by_role("button", name="Speichern").last.click()
    page.get_by_text("Gespeichert.").wait_for()
    clean(page)
    page.get_by_role("button", name="Link zuschicken").click()
    page.get_by_text("ist zu Ihnen unterwegs").wait_for()
    own_data = live_server.url + mailed(relay, "own-data")
    page.goto(own_data)
    assert ANNA in page.inner_text("main")
    clean(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Alles herunterladen").click()
    assert download.value.suggested_filename == "my-data.json"

    page.goto(preferences)
    page.get_by_role("button", name="abbestellen").click()
    page.get_by_text("Sie bekommen keine Mails von uns.").wait_for()
    clean(page)
    states: list[tuple[str, str]] = []
    elsewhere(lambda: states.extend(Subscription.objects.values_list("state", "pace")))
    assert states == [(SubscriptionState.UNSUBSCRIBED, Pace.HOURLY)]

    page.goto(own_data)
    page.get_by_role("link", name="Alles löschen").click()
    clean(page)
    page.get_by_role("button", name="Alles löschen").click()
    page.get_by_text("Wir wissen nichts mehr über Sie").wait_for()
    clean(page)
    left: list[int] = []
    elsewhere(lambda: left.append(Subscriber.objects.count()))
    assert left == [0]
    # The page of a link that works no more.
    page.goto(preferences)
    clean(page)
    assert [error for error in errors if "404" not in error] == []
    assert page.context.cookies() == []


def test_the_copied_form_works_on_a_page_of_somebody_else(
    browser: Browser, live_server: LiveServer, relay: ScriptedRelay, snippet: str
) -> None:
    page = browser.new_page()
    here = snippet.replace("http://127.0.0.1:8800", live_server.url)
    page.set_content(f"<title>Elsewhere</title><main><h1>News</h1>{here}</main>")
    page.get_by_label("Your email address").fill(ANNA)
    page.get_by_label("How often?").select_option("hourly")
    page.get_by_role("button", name="Subscribe").click()
    page.wait_for_url("**/asked/")
    page.goto(live_server.url + mailed(relay, "confirm"))
    page.get_by_role("button", name="Ja, abonnieren").click()
    page.get_by_text("Sie haben abonniert").wait_for()
