"""Connecting an account from the choice of a platform to its first live blog."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client as Browser

from syndicator.channels.base import Channel, Guide
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.sandboxes import SANDBOX_SETTINGS
from syndicator.clock import database_now
from syndicator.destinations.checking import check_account
from syndicator.destinations.models import AccountProfile, Destination, Policy, Route
from syndicator.entries.models import LiveBlog
from tests.desk.conftest import NoteChannel
from tests.factories import make_blog, make_destination, make_route

pytestmark = pytest.mark.django_db


def read(browser: Browser, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def current(page: str) -> str:
    """The step that is to be done now; empty if the page shows none."""
    found = re.search(r'aria-current="step">(?:<a [^>]*>|<span>)([^<]+)', page)
    return found[1] if found else ""


def test_every_installed_platform_has_its_card(
    admin: Browser, channels: dict[str, Channel]
) -> None:
    page = read(admin, "/destinations/connect/")
    assert current(page) == "Platform"
    for name, channel in channels.items():
        assert f'href="/destinations/connect/{name}/"' in page
        assert channel.guide.needs in unescape(page)
    assert "credits bought from X" in page


def test_a_platform_from_outside_works_without_a_guide(admin: Browser) -> None:
    page = read(admin, "/destinations/connect/")
    assert "It needs: Access token." in page
    assert ">by hand<" in page
    form = read(admin, "/destinations/connect/note/")
    assert "for the platform or its plug-in to say" in form
    assert "allback address" not in form


def test_its_guide_is_shown_step_by_step(admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = Guide(
        needs="A notebook.",
        steps=("Sharpen the pencil.", "Write <b> on 100 % of it."),
        page="https://notes.example.org/start",
        address="The shelf.",
    )
    monkeypatch.setattr(NoteChannel, "guide", guide)
    form = read(admin, "/destinations/connect/note/")
    assert "<li>Sharpen the pencil.</li>" in form
    assert "<li>Write &lt;b&gt; on 100 % of it.</li>" in form
    assert 'href="https://notes.example.org/start"' in form
    assert "The shelf." in form
    assert "A notebook." in read(admin, "/destinations/connect/")
    monkeypatch.setattr(NoteChannel, "guide", replace(guide, page="javascript:alert(1)"))
    assert "javascript:" not in read(admin, "/destinations/connect/note/")


def test_from_the_platform_to_the_first_live_blog(admin: Browser, sandbox: SandboxServer) -> None:
    blog = make_blog(title="Genf")
    form = read(admin, "/destinations/connect/mastodon/")
    assert current(form) == "Settings"
    assert "/destinations/signed-in/" not in form
    assert "/destinations/signed-in/" in read(admin, "/destinations/connect/x/")
    values = {
        "name": "Mastodon",
        "base_url": f"{sandbox.http_url}/mastodon",
    }
    # Nothing is asked of the platform before there is anything to ask with.
    page = admin.post("/destinations/connect/mastodon/", values, follow=True).content.decode()
    assert current(page) == "Sign in"
    assert "See below why" not in page
    assert "Nobody has signed in yet" in read(admin, "/destinations/")
    assert ">not signed in<" in read(admin, "/destinations/")
    assert not AccountProfile.objects.exists()
    destination = Destination.objects.get()
    keys = {f"setting_{name}": said for name, said in SANDBOX_SETTINGS["mastodon"].items()}
    page = admin.post(
        f"/destinations/{destination.pk}/", {**values, **keys}, follow=True
    ).content.decode()
    assert AccountProfile.objects.get().name in page
    assert current(page) == "Start posting"
    started = admin.post(
        f"/destinations/{destination.pk}/start/",
        {f"blog{blog.pk}": Policy.REVIEW.value},
        follow=True,
    ).content.decode()
    assert current(started) == ""
    assert "Genf" in started
    assert Route.objects.get().policy == Policy.REVIEW


def test_keys_that_a_sign_in_brings_stand_apart(admin: Browser) -> None:
    form = read(admin, "/destinations/connect/x/")
    entered, by_hand, *_ = form.split('<details class="by-hand"')
    assert 'name="setting_client_id"' in entered
    assert 'name="setting_handle"' in entered
    assert 'name="setting_access_token"' in by_hand
    assert "Do without signing in" not in read(admin, "/destinations/connect/bluesky/")


def test_a_check_that_finds_something_missing_stays_the_current_step(admin: Browser) -> None:
    destination = make_destination("note")
    page = f"/destinations/{destination.pk}/account/"
    assert current(read(admin, page)) == "Check"
    profile = AccountProfile.objects.create(destination=destination, asked_at=database_now())
    assert current(read(admin, page)) == "Start posting"
    profile.missing = [{"sentence": "It may not post.", "gaps": {}}]
    profile.save()
    assert current(read(admin, page)) == "Check"


def test_live_blogs_that_it_serves_already_are_left_as_they_are(admin: Browser) -> None:
    destination = make_destination("note")
    served, off, other = make_blog(), make_blog(), make_blog()
    make_route(served, destination, Policy.AUTOMATIC)
    make_route(off, destination, Policy.OFF, hold_seconds=30)
    path = f"/destinations/{destination.pk}/start/"
    choice = Policy.REVIEW.value
    admin.post(path, {f"blog{served.pk}": choice, f"blog{off.pk}": choice, f"blog{other.pk}": ""})
    assert dict(Route.objects.values_list("blog", "policy")) == {
        served.pk: Policy.AUTOMATIC,
        off.pk: Policy.REVIEW,
    }
    assert Route.objects.get(blog=off).hold_seconds == 30
    admin.post(path, {f"blog{other.pk}": "whatever"})
    assert not Route.objects.filter(blog=other).exists()


def test_without_a_live_blog_it_leads_to_one(admin: Browser) -> None:
    destination = make_destination("note")
    assert not LiveBlog.objects.exists()
    assert 'href="/settings/blogs/new/"' in read(admin, f"/destinations/{destination.pk}/account/")


def test_the_list_shows_the_account_and_when_its_access_ends(
    admin: Browser, sandbox: SandboxServer
) -> None:
    destination = make_destination("mastodon", f"{sandbox.http_url}/mastodon")
    profile = check_account(destination)
    page = read(admin, "/destinations/")
    assert profile.name in page
    assert f"/destinations/{destination.pk}/account/picture/?" in page
    assert "Access ends" not in page
    AccountProfile.objects.update(ends_at=database_now() + timedelta(days=30), picture=b"")
    page = read(admin, "/destinations/")
    assert "<dt>Access ends</dt><dd ><time" in page
    assert "/account/picture/" not in page
    AccountProfile.objects.update(ends_at=database_now() + timedelta(days=3))
    assert '<dt>Access ends</dt><dd class="problem">' in read(admin, "/destinations/")


def test_who_may_not_connect_is_not_offered_to(editor: Browser) -> None:
    assert "/destinations/connect/" not in read(editor, "/destinations/")
