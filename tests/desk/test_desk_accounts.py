"""Signing in at a platform and checking the account, against the sandbox of Mastodon."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client as Browser
from PIL import Image

from syndicator import secrets
from syndicator.accounts.models import Role
from syndicator.channels.base import Account, Choice, SignIn
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.desk import signing_in
from syndicator.desk.forms import DestinationForm
from syndicator.destinations.checking import SIDE, small_picture
from syndicator.destinations.models import AccountProfile, Destination
from tests.desk.conftest import NoteChannel
from tests.factories import make_destination

pytestmark = pytest.mark.django_db


@pytest.fixture
def destination(sandbox: SandboxServer) -> Destination:
    return make_destination("mastodon", f"{sandbox.http_url}/mastodon")


def begun(browser: Browser, destination: Destination) -> str:
    """The address at the platform that the desk leads to."""
    page = browser.post(f"/destinations/{destination.pk}/account/sign-in/").content.decode()
    found = re.search(r'href="(http[^"]+/oauth/authorize[^"]+)"', page)
    assert found
    return unescape(found[1])


def allowed(address: str) -> str:
    """The desk's path that the platform sends its owner back to."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    query["answer"] = "authorise"
    page = address.partition("?")[0]
    answer = requests.post(page, data=query, allow_redirects=False, timeout=10)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def test_the_check_shows_the_account(admin: Browser, destination: Destination) -> None:
    assert admin.post(f"/destinations/{destination.pk}/account/check/").status_code == 302
    profile = AccountProfile.objects.get()
    assert profile.name
    assert not profile.problem
    page = admin.get(f"/destinations/{destination.pk}/account/").content.decode()
    assert profile.url in page


def test_a_check_that_fails_says_why_and_keeps_what_was_known(
    admin: Browser, destination: Destination
) -> None:
    admin.post(f"/destinations/{destination.pk}/account/check/")
    name = AccountProfile.objects.get().name
    destination.configure({**destination.settings, "access_token": "wrong"})
    destination.save()
    admin.post(f"/destinations/{destination.pk}/account/check/")
    profile = AccountProfile.objects.get()
    assert profile.problem
    assert profile.name == name
    page = admin.get(f"/destinations/{destination.pk}/account/").content.decode()
    assert "notice-error" in page


def test_signing_in_brings_a_token_that_works(admin: Browser, destination: Destination) -> None:
    destination.configure({**destination.settings, "access_token": "wrong"})
    destination.save()
    answer = admin.get(allowed(begun(admin, destination)))
    assert answer.headers["Location"] == f"/destinations/{destination.pk}/account/"
    destination.refresh_from_db()
    assert secrets.decrypt(destination.encrypted_secrets)["access_token"] != "wrong"
    profile = AccountProfile.objects.get()
    assert (profile.problem, bool(profile.checked_at)) == (None, True)


def test_saving_the_settings_keeps_keys_that_were_renewed_meanwhile(admin: Browser) -> None:
    destination = make_destination("x", oauth2_refresh_token="old")
    page = f"/destinations/{destination.pk}/"
    form = DestinationForm({"name": "Neu", "base_url": destination.base_url}, instance=destination)
    assert form.is_valid(), form.errors
    renewed = Destination.objects.get()
    renewed.configure({**renewed.settings, "oauth2_refresh_token": "new"})
    renewed.save()
    form.save()
    saved = Destination.objects.get()
    assert saved.name == "Neu"
    assert secrets.decrypt(saved.encrypted_secrets)["oauth2_refresh_token"] == "new"
    assert admin.get(page).status_code == 200


def test_a_forged_state_does_nothing_and_ends_no_sign_in_under_way(
    admin: Browser, destination: Destination
) -> None:
    before = destination.encrypted_secrets
    back = allowed(begun(admin, destination))
    for forged in ("state=forged&code=x", "code=x", "state=%FF&code=x"):
        answer = admin.get(f"/destinations/signed-in/?{forged}")
        assert answer.headers["Location"] == "/destinations/"
    destination.refresh_from_db()
    assert destination.encrypted_secrets == before
    assert admin.get(back).headers["Location"] == f"/destinations/{destination.pk}/account/"
    destination.refresh_from_db()
    assert destination.encrypted_secrets != before
    # And once only.
    assert admin.get(back).headers["Location"] == "/destinations/"


def test_a_good_code_is_worth_nothing_with_another_state_or_in_another_session(
    admin: Browser, browse: Callable[[Role], Browser], destination: Destination
) -> None:
    destination.configure({**destination.settings, "access_token": "wrong"})
    destination.save()

    def kept() -> str:
        destination.refresh_from_db()
        return secrets.decrypt(destination.encrypted_secrets)["access_token"]

    back = allowed(begun(admin, destination))
    assert browse(Role.ADMIN).get(back).headers["Location"] == "/destinations/"
    forged = re.sub(r"state=[^&]+", "state=forged", back)
    assert admin.get(forged).headers["Location"] == "/destinations/"
    assert kept() == "wrong"
    assert admin.get(back).headers["Location"] == f"/destinations/{destination.pk}/account/"
    assert kept() != "wrong"
    assert admin.get(back).headers["Location"] == "/destinations/"


class TwoAccounts(SignIn):
    """A platform whose owner has two accounts there. It answers nothing over HTTP: what is tried
    is the desk's part."""

    needs = ()

    def begin(
        self, account: Account, *, redirect_uri: str, state: str
    ) -> tuple[str, Mapping[str, str]]:
        return f"https://notes.example.org/allow?state={state}", {}

    def finish(self, account: Account, **_: object) -> Sequence[Choice]:
        return [
            Choice("Sport", {"handle": "sport", "token": "s"}),
            Choice("Politik", {"handle": "politik", "token": "p"}),
        ]


def test_of_several_accounts_one_is_chosen(
    admin: Browser, browse: Callable[[Role], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NoteChannel, "sign_in", TwoAccounts())
    destination = make_destination("note")
    page = admin.post(f"/destinations/{destination.pk}/account/sign-in/").content.decode()
    state = re.search(r"allow\?state=([^&\"]+)", page)
    assert state
    choosing = admin.get(f"/destinations/signed-in/?state={state[1]}&code=x", follow=True)
    assert "Politik" in choosing.content.decode()
    path = "/destinations/signed-in/choose/"
    assert browse(Role.ADMIN).post(path, {"choice": "1"}).headers["Location"] == "/destinations/"
    assert admin.post(path, {"choice": "7"}).status_code == 200
    admin.post(path, {"choice": "1"})
    destination.refresh_from_db()
    assert destination.settings["handle"] == "politik"
    assert secrets.decrypt(destination.encrypted_secrets) == {"token": "p"}
    assert admin.post(path, {"choice": "0"}).headers["Location"] == "/destinations/"


def test_it_takes_no_longer_than_ten_minutes(
    admin: Browser, destination: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "LASTS", -1)
    back = allowed(begun(admin, destination))
    assert admin.get(back).headers["Location"] == "/destinations/"


def test_what_is_under_way_is_encrypted_in_the_session(
    admin: Browser, destination: Destination
) -> None:
    state = parse_qs(urlsplit(begun(admin, destination)).query)["state"][0]
    assert state not in str(dict(admin.session))


def test_only_administrators_connect(editor: Browser, destination: Destination) -> None:
    for act in ("check", "sign-in"):
        path = f"/destinations/{destination.pk}/account/{act}/"
        assert editor.post(path).status_code == 403
    assert editor.get("/destinations/signed-in/?state=a").status_code == 403


def picture(width: int, height: int) -> bytes:
    target = io.BytesIO()
    Image.new("1", (width, height)).save(target, "PNG")
    return target.getvalue()


def test_a_picture_becomes_small_and_a_bomb_none() -> None:
    with Image.open(io.BytesIO(small_picture(picture(300, 100)))) as small:
        assert (small.format, small.size) == ("PNG", (SIDE, SIDE))
    assert small_picture(picture(8000, 8000)) == b""
    assert small_picture(b"<svg/>") == b""
