"""From a pasted address to a source that is followed, in a real browser, on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from syndicator.accounts.models import Role
from syndicator.destinations.models import Policy
from syndicator.entries.models import Entry, LiveBlog
from syndicator.following.models import Following
from tests.desk.followed_sources import make_followed, make_likeness
from tests.desk.test_desk_browser import elsewhere, pytestmark, signed_in, started
from tests.factories import make_blog, make_destination, make_entry, make_route, make_user
from tests.following.site import Site, serving
from tests.following.test_detecting import feed_link, page, rss

__all__ = ["pytestmark"]


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        site.put("/ticker", page(site, head=feed_link("/feed.xml"), inLanguage="en"))
        site.put("/feed.xml", rss(site, "/politik", "/sport"))
        yield site


@pytest.fixture
def blog(site: Site) -> LiveBlog:
    make_user(Role.ADMIN, username="edda", first_name="Edda")
    blog = make_blog(canonical_url=f"{site.url}/ticker")
    for channel in ("x", "facebook", "email"):
        make_route(blog, make_destination(channel), Policy.REVIEW)
    return blog


@pytest.fixture
def following(blog: LiveBlog) -> Following:
    """With two entries that wait for a person."""
    following = make_followed(make_entry(headline="Vier Verletzte"))
    make_likeness(Entry.objects.get(), "a-third-name")
    return following


@pytest.fixture
def chromium(following: Following) -> Iterator[Browser]:
    yield from started()


def judged(page: Page) -> None:
    assert not Axe().run(page).response["violations"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_source_is_added_on_a_phone(
    chromium: Browser, live_server: LiveServer, site: Site, blog: LiveBlog
) -> None:
    page = signed_in(chromium, live_server, viewport={"width": 390, "height": 800})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.goto(f"{live_server.url}/settings/blogs/{blog.pk}/")
    page.get_by_role("link", name="Follow a page or a feed").click()
    page.get_by_label("Address of the live blog").fill(f"127.0.0.1:{site.port}/ticker")
    page.get_by_role("button", name="See what it is").click()
    page.get_by_text("The last entries, as they would be posted").wait_for()
    judged(page)
    page.get_by_role("button", name="Show this one").click()
    page.get_by_text("like the news of the whole site").wait_for()
    judged(page)
    page.get_by_role("button", name="Show this one").click()
    page.get_by_label("Name of the source").fill("Ticker")
    page.get_by_role("button", name="Follow it from now on").click()
    page.get_by_role("heading", name="Ticker").wait_for()
    judged(page)
    assert complaints == []


def test_an_editor_decides_about_two_entries(
    chromium: Browser, live_server: LiveServer, following: Following
) -> None:
    page = signed_in(chromium, live_server, color_scheme="dark")
    page.goto(f"{live_server.url}/overview/")
    page.get_by_role("link", name="2 entries wait: are they the same ones?").click()
    judged(page)
    page.get_by_role("button", name="It is the same").first.click()
    page.get_by_text("The known entry has the new text now.").wait_for()
    page.get_by_role("button", name="It is another entry").click()
    page.get_by_text("It is an entry of its own now").wait_for()
    assert page.get_by_text("Is this the same entry?").count() == 0
    # The page looks again by itself.
    elsewhere(lambda: Following.objects.filter(pk=following.pk).update(due_at=None))
    page.get_by_text("It is switched off").wait_for(timeout=10_000)
