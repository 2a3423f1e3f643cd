"""Passkeys in a real browser with a virtual authenticator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from syndicator.accounts.models import Role
from tests.factories import make_user

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]


@pytest.fixture
def desk(live_server: LiveServer, settings: Settings) -> str:
    """Its address by name: browsers make no passkeys for numbers."""
    settings.BASE_URL = live_server.url.replace("127.0.0.1", "localhost")
    settings.CSRF_TRUSTED_ORIGINS = [settings.BASE_URL]
    return str(settings.BASE_URL)


@pytest.fixture
def chromium(desk: str) -> Iterator[Browser]:
    """Started after the rows are made: the database is closed to this thread from then on."""
    make_user(Role.EDITOR, username="edda", first_name="Edda")
    make_user(Role.EDITOR, username="jana", first_name="Jana")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, desk: str) -> Page:
    """Signed in as Edda, with an authenticator whose owner always says yes."""
    page = chromium.new_page(locale="en-GB")
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    page.authenticator = cdp.send(  # type: ignore[attr-defined]
        "WebAuthn.addVirtualAuthenticator", {"options": options}
    )["authenticatorId"]
    page.cdp = cdp  # type: ignore[attr-defined]
    with_password(page, desk)
    return page


def with_password(page: Page, desk: str, name: str = "edda") -> None:
    page.goto(f"{desk}/log-in/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", "correct horse")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: not url.endswith("/log-in/"))


def log_out(page: Page, desk: str) -> None:
    page.goto(f"{desk}/account/")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{desk}/log-in/")


def set_up(page: Page, desk: str) -> None:
    page.goto(f"{desk}/account/")
    page.fill("#passkey-name", "Edda's phone")
    page.get_by_role("button", name="Set up a passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()


def test_a_passkey_signs_in_without_a_password(page: Page, desk: str) -> None:
    set_up(page, desk)
    log_out(page, desk)
    page.goto(f"{desk}/log-in/?next=/log/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{desk}/log/")
    page.goto(f"{desk}/account/")
    assert page.get_by_text("last used").count() == 1


def test_after_a_password_the_passkey_is_the_second_step(page: Page, desk: str) -> None:
    set_up(page, desk)
    log_out(page, desk)
    with_password(page, desk)
    assert page.url == f"{desk}/log-in/second-step/"
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{desk}/")


def test_without_the_owner_proved_it_is_refused(page: Page, desk: str) -> None:
    set_up(page, desk)
    log_out(page, desk)
    page.cdp.send(  # type: ignore[attr-defined]
        "WebAuthn.setUserVerified",
        {"authenticatorId": page.authenticator, "isUserVerified": False},  # type: ignore[attr-defined]
    )
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("No passkey was used.").wait_for()


def test_an_answer_is_good_for_one_use_and_one_session(page: Page, desk: str) -> None:
    set_up(page, desk)
    log_out(page, desk)
    sent: list[str] = []
    page.on(
        "request",
        lambda request: (
            sent.append(request.post_data_json["answer"])
            if request.url.endswith("/log-in/passkey/")
            else None
        ),
    )
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{desk}/")
    log_out(page, desk)
    page.evaluate(
        """answer => {
            const form = document.querySelector("form[data-passkey]");
            form.elements.answer.value = answer;
            form.submit();
        }""",
        sent[0],
    )
    page.get_by_text("That passkey was not accepted.").wait_for()


def test_a_removed_passkey_does_not_sign_in(page: Page, desk: str) -> None:
    set_up(page, desk)
    page.goto(f"{desk}/account/")
    page.get_by_role("button", name="Remove Edda's phone").click()
    page.get_by_text("no longer signs you in").wait_for()
    log_out(page, desk)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("That passkey was not accepted.").wait_for()
