"""A test post from the desk: to the sandbox, by the sandbox's own keys, and nowhere else."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.destinations.models import Destination
from syndicator.posts.models import Post
from tests.factories import make_destination

pytestmark = pytest.mark.django_db
PLATFORMS = ["x", "facebook", "mastodon", "bluesky"]


@pytest.fixture
def running(sandbox: SandboxServer, settings: Settings) -> SandboxServer:
    settings.SANDBOX_URL = sandbox.http_url
    return sandbox


def connected(channel: str) -> Destination:
    """Its keys are worth nothing on the sandbox, and nobody answers where it posts to."""
    made = make_destination(channel)
    secret = {one.name: "the real key" for one in made.channel.settings if one.secret}
    made.configure({**made.settings, **secret})
    made.save()
    return made


def tried(browser: Browser, destination: Destination) -> str:
    answer = browser.post(f"/destinations/{destination.pk}/account/test-post/")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("channel", PLATFORMS)
def test_it_stands_on_the_sandbox_and_on_the_page(
    admin: Browser, running: SandboxServer, channel: str
) -> None:
    page = tried(admin, connected(channel))
    (post,) = running.store.posts(channel)
    assert "Test post" in post.text
    assert "notice-success" in page
    assert post.text.splitlines()[0] in page
    assert f'href="{running.http_url}/{channel}/"' in page
    assert not Post.objects.exists()
    tried(admin, Destination.objects.get())
    assert len(running.store.posts(channel)) == 2


def test_it_is_made_by_the_destinations_own_settings(
    admin: Browser, running: SandboxServer
) -> None:
    made = connected("mastodon")
    made.configure({**made.settings, "visibility": "unlisted"})
    made.save()
    tried(admin, made)
    (post,) = running.store.posts("mastodon")
    assert post.request["visibility"] == "unlisted"


def test_a_refusal_is_told_in_plain_words(admin: Browser, running: SandboxServer) -> None:
    running.faults.switch_on("x", Fault("402", None, Call.PUBLISH))
    page = tried(admin, connected("x"))
    assert "notice-error" in page
    assert "credits" in page
    assert running.store.posts("x") == []


def test_without_a_sandbox_it_says_how_to_start_one(
    admin: Browser, sandbox: SandboxServer, settings: Settings
) -> None:
    settings.SANDBOX_URL = sandbox.http_url
    sandbox.stop()
    page = tried(admin, connected("x"))
    assert "syndicator sandbox" in page
    assert sandbox.http_url in page


def test_nothing_is_posted_to_what_is_no_sandbox(
    admin: Browser, sandbox: SandboxServer, settings: Settings
) -> None:
    # Here stands something that takes posts just as the sandbox does, but does not say what it is.
    settings.SANDBOX_URL = f"{sandbox.http_url}/x"
    assert "syndicator sandbox" in tried(admin, connected("x"))
    assert sandbox.store.posts("x") == []


def test_a_platform_that_the_sandbox_does_not_imitate(
    admin: Browser, running: SandboxServer
) -> None:
    assert "does not imitate" in tried(admin, make_destination("note"))


def test_mail_has_no_account_to_try_it_on(admin: Browser, running: SandboxServer) -> None:
    made = make_destination("email", "smtp://127.0.0.1:9")
    assert admin.post(f"/destinations/{made.pk}/account/test-post/").status_code == 404
    assert "test-post" not in admin.get(f"/destinations/{made.pk}/account/").content.decode()
