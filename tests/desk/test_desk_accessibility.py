"""Every page of the desk, judged by axe-core, and whether it fits the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from syndicator.accounts.models import Role
from syndicator.clock import database_now
from syndicator.destinations.models import Policy
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace
from syndicator.posts import retraction
from syndicator.posts.models import Attempt, AttemptKind, Post, PostState
from syndicator.posts.render import render
from syndicator.signup.settings import set_up
from syndicator.wording import Wording
from tests.desk.test_desk_browser import pytestmark, signed_in, started
from tests.desk.test_desk_changes import changed
from tests.desk.test_desk_roles import ADDRESSES, paths
from tests.factories import make_destination, make_post, make_user

__all__ = ["paths", "pytestmark"]

#: No pages of their own: parts, pictures, and where one is sent on.
NO_PAGES = {"news", "standing", "picture", "account_picture", "favicon", "health", "signed_in"}
NO_PAGES |= {"choose_account", "mail", "login", "retraction", "ledger_csv", "mailing_now"}
NO_PAGES |= {"digest_mail", "next_digest_mail"}


@pytest.fixture
def pages(paths: dict[str, str]) -> dict[str, str]:
    """A desk on which a good deal has happened, and its pages."""
    make_user(Role.ADMIN, username="edda", first_name="Edda")
    set_up(LiveBlog.objects.earliest("pk"), is_open=True, paces=list(Pace), consent="Ja.")
    states = [PostState.FAILED, PostState.UNCERTAIN, PostState.APPROVED, PostState.SENT]
    for channel, state in zip(("x", "facebook", "email", "bluesky"), states, strict=True):
        made = make_post(Policy.REVIEW, make_destination(channel), headline=f"Auf {channel}")
        why = Wording("X asks to wait; it will be tried again later.").to_json()
        Post.objects.filter(pk=made.pk).update(
            state=state, reason=why, remote_url="https://x.example/1", sent_at=database_now()
        )
        Attempt.objects.create(
            post=made, kind=AttemptKind.SEND, epoch=1, started_at=database_now(), answer="{}"
        )
    Post.objects.filter(state=PostState.SENT).update(remote_id="1")
    # The last of them is out, and under way to be deleted.
    retraction.retract(made.entry_id, make_user(Role.EDITOR), "Falsche Zahl")
    render(made.entry_id)
    first = make_post(Policy.REVIEW, make_destination("mastodon"), headline="Drei Tote")
    second = changed(first, headline="Zwei Tote")
    return {
        **{
            name: path
            for name, path in paths.items()
            if name in _readable() and not path.endswith(".csv")
        },
        "changed entry": f"/entries/{second.entry_id}/",
        "retracted entry": f"/entries/{made.entry_id}/",
        "ledger with entries": f"/overview/ledger/?day={second.entry.published_at:%Y-%m-%d}",
    }


def _readable() -> set[str]:
    return {name for name, (_, reads, _) in ADDRESSES.items() if reads} - NO_PAGES


@pytest.fixture
def browser(pages: dict[str, str]) -> Iterator[Browser]:
    yield from started()


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("en-GB", 1280, "light"), ("de-DE", 390, "dark"), ("de-DE", 390, "light")],
)
def test_every_page_is_accessible_and_fits(
    pages: dict[str, str],
    browser: Browser,
    live_server: LiveServer,
    language: str,
    width: int,
    scheme: str,
) -> None:
    page = signed_in(
        browser,
        live_server,
        locale=language,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
    )
    axe = Axe()
    found = []
    for name, path in pages.items():
        page.goto(live_server.url + path)
        told = axe.run(page).response["violations"]
        found += [
            f"{name}: {one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for one in told
            for node in one["nodes"]
        ]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{name}: wider than the screen")
    assert not found, "\n".join(found)


def test_the_log_in_is_accessible(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_page(locale="de-DE", viewport={"width": 390, "height": 800})
    page.goto(f"{live_server.url}/log-in/")
    assert Axe().run(page).violations_count == 0
