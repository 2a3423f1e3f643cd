"""The share page and the share bar in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from syndicator.entries.models import Entry
from syndicator.share import clicks
from syndicator.share.models import Clicks, SharePages
from tests.desk.test_desk_browser import pytestmark, started
from tests.share.conftest import path_of, posted

__all__ = ["pytestmark"]
LIVE_BLOG = "https://magazin.example.org/live#e-7"


@dataclass
class Site:
    """Another website on this machine: as 127.0.0.1 the newsroom's, as localhost anybody's."""

    port: int
    html: str = ""


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = served.html.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Site(server.server_port)
    Thread(target=server.serve_forever, daemon=True).start()
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture
def entry(shown: SharePages, site: Site) -> Entry:
    SharePages.objects.update(framed_by=f"http://127.0.0.1:{site.port}")
    return posted(shown.blog, permalink=LIVE_BLOG, headline="Der Rat stimmt ab")


@pytest.fixture
def path(entry: Entry) -> str:
    return path_of(entry)


@pytest.fixture
def browser(path: str) -> Iterator[Browser]:
    yield from started()


def answering(page: Page) -> None:
    """The newsroom's website, which nothing here can reach, answers."""

    def answer(route: Route) -> None:
        route.fulfill(body="<h1>Liveblog</h1>", content_type="text/html; charset=utf-8")

    page.route("https://magazin.example.org/**", answer)


def looks(page: Page, name: str) -> None:
    """Accessible, no wider than the window; kept as a picture where somebody wants to look."""
    told = Axe().run(page).response["violations"]
    assert not told, [(one["id"], node["html"]) for one in told for node in one["nodes"]]
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), page.url
    if folder := os.environ.get("SYNDICATOR_TEST_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("script", [True, False])
def test_a_reader_comes_to_the_entry_and_is_counted(
    browser: Browser,
    live_server: LiveServer,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
    script: bool,
) -> None:
    monkeypatch.setattr(clicks, "PERIOD", 0.05)
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0"
    page = browser.new_page(java_script_enabled=script, user_agent=agent)
    answering(page)
    page.goto(live_server.url + path, wait_until="commit")
    page.wait_for_url(LIVE_BLOG)
    assert page.locator("h1").text_content() == "Liveblog"
    assert page.context.cookies() == []
    seen: list[int] = []

    def look() -> None:
        from django.db import connection

        while not seen:
            seen.extend(Clicks.objects.values_list("count", flat=True))
        connection.close()

    waiting = Thread(target=look, daemon=True)
    waiting.start()
    waiting.join(timeout=10)
    assert seen == [1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_bar_in_a_frame_copies_the_link(
    browser: Browser, live_server: LiveServer, path: str, scheme: str
) -> None:
    page = browser.new_page(
        color_scheme=scheme, viewport={"width": 320, "height": 300}, locale="de-DE"
    )
    page.goto(f"{live_server.url}{path}bar/")
    assert page.locator("button:visible, li a:visible").count() == 4
    looks(page, f"bar-320-{scheme}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("button")
    expect(page.locator("button")).to_have_text("Kopiert")
    assert page.evaluate("navigator.clipboard.readText()") == f"http://127.0.0.1:8800{path}"
    page.set_viewport_size({"width": 1280, "height": 200})
    looks(page, f"bar-1280-{scheme}")


def test_without_script_the_link_can_be_selected(
    browser: Browser, live_server: LiveServer, path: str
) -> None:
    page = browser.new_page(java_script_enabled=False, viewport={"width": 320, "height": 300})
    page.goto(f"{live_server.url}{path}bar/")
    assert page.locator("#link").input_value() == f"http://127.0.0.1:8800{path}"
    assert page.locator("button").is_hidden()
    assert page.locator("#link").is_visible()
    if folder := os.environ.get("SYNDICATOR_TEST_PICTURES"):
        page.screenshot(path=Path(folder) / "bar-no-script.png")


def test_only_the_newsrooms_website_may_frame_it(
    browser: Browser, live_server: LiveServer, path: str, site: Site
) -> None:
    site.html = f'<iframe src="{live_server.url}{path}bar/"></iframe>'
    for host, shows in (("127.0.0.1", True), ("localhost", False)):
        page = browser.new_page()
        page.goto(f"http://{host}:{site.port}/")
        page.wait_for_load_state("networkidle")
        assert page.frame_locator("iframe").locator("#link").count() == shows, host


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_for_who_is_not_sent_on(
    browser: Browser, live_server: LiveServer, path: str, width: int, scheme: str
) -> None:
    page = browser.new_page(
        color_scheme=scheme, viewport={"width": width, "height": 700}, user_agent="Twitterbot/1.0"
    )
    page.goto(live_server.url + path)
    looks(page, f"share-page-{width}-{scheme}")
