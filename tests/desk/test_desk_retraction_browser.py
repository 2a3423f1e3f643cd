"""The page of an entry that is taken back follows each platform by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from syndicator.accounts.models import Role
from syndicator.posts import deliver
from syndicator.posts.models import Post
from syndicator.posts.render import render
from tests.desk.test_desk_browser import elsewhere, pytestmark, signed_in, started
from tests.factories import make_user
from tests.posts.test_acts import Board, board, published

__all__ = ["board", "published", "pytestmark"]


@pytest.fixture
def chromium(published: Post) -> Iterator[Browser]:
    make_user(Role.EDITOR, username="edda", first_name="Edda")
    yield from started()


def test_pressed_confirmed_and_followed_to_the_proof(
    chromium: Browser, live_server: LiveServer, published: Post, board: Board
) -> None:
    page = signed_in(chromium, live_server, viewport={"width": 390, "height": 800})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{live_server.url}/entries/{published.entry_id}/")
    page.locator("#take-back summary").click()
    page.get_by_label("Why").fill("Falsche Zahl")
    page.get_by_role("button", name="Take back everywhere").click()
    report = page.locator("#retraction")
    expect(report).to_contain_text("Being prepared")
    page.evaluate("window.stayed = true")

    elsewhere(lambda: render(published.entry_id))
    expect(report).to_contain_text("goes out now", timeout=10_000)
    elsewhere(lambda: deliver.deliver(published.destination_id))
    expect(report).to_contain_text("Done everywhere.", timeout=10_000)
    expect(report).to_contain_text("Deleted there")
    assert page.evaluate("window.stayed")
    assert board.posts == {}
    assert complaints == []
