"""Signing in at an OpenID Connect provider: a real one, with real tokens."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
import requests
from django.http import HttpResponse
from django.test import Client as Browser
from pytest_django import Settings
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from syndicator.accounts.models import AuditEntry, Role, User
from syndicator.entrance import second_step, single_sign_on
from syndicator.entrance.models import OutsideIdentity
from tests.factories import make_user

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import oidc_provider_mock

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

PEOPLE = {
    "jana": {
        "email": "jana@paper.example",
        "email_verified": True,
        "roles": ["newsroom"],
        "preferred_username": "jana",
        "given_name": "Jana",
        "family_name": "Brandt",
    },
    "boss": {"roles": ["newsroom", "desk-admins"], "preferred_username": "boss"},
    "guest": {"roles": ["canteen"], "preferred_username": "guest"},
    "liar": {"email": "edda@paper.example", "email_verified": False, "roles": ["newsroom"]},
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    users = [oidc_provider_mock.User(sub=sub, claims=claims) for sub, claims in PEOPLE.items()]
    with oidc_provider_mock.run_server_in_thread(user_claims=users, require_nonce=True) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(autouse=True)
def provider(issuer: str, settings: Settings) -> None:
    settings.OIDC_ISSUER = issuer
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "desk", "s3cret"
    settings.OIDC_NAME = "Haus-Login"
    settings.OIDC_ROLES_CLAIM = "roles"
    settings.OIDC_ROLES = {"desk-admins": "admin", "newsroom": "editor"}
    settings.BASE_URL = "http://testserver"
    single_sign_on._made.cache_clear()


def come_back(browser: Browser, subject: str, **asked: str) -> str:
    """The address that the provider leads back to when *subject* has signed in there."""
    there = browser.get("/log-in/elsewhere/", asked).headers["Location"]
    answer = requests.post(there, data={"sub": subject}, allow_redirects=False, timeout=5)
    return answer.headers["Location"].removeprefix("http://testserver")


def sign_in(subject: str, **asked: str) -> tuple[Browser, HttpResponse]:
    browser = Browser()
    return browser, browser.get(come_back(browser, subject, **asked))


def is_in(browser: Browser) -> bool:
    return browser.get("/log/").status_code == 200


def test_the_log_in_offers_it() -> None:
    assert "Sign in with Haus-Login" in Browser().get("/log-in/").text


def test_somebody_new_gets_the_role_that_the_provider_names() -> None:
    browser, answer = sign_in("jana", next="/log/")
    assert answer.headers["Location"] == "/log/"
    assert is_in(browser)
    jana = User.objects.get()
    assert (jana.username, jana.role, jana.email) == ("jana", "editor", "jana@paper.example")
    assert not jana.has_usable_password()
    assert AuditEntry.objects.get(act="created").after["role"] == "editor"


def test_the_same_person_comes_again_and_the_strongest_role_counts() -> None:
    sign_in("boss")
    User.objects.update(role=Role.VIEWER)
    sign_in("boss")
    boss = User.objects.get()
    assert boss.role == Role.ADMIN
    changed = AuditEntry.objects.get(act="changed")
    assert (changed.before, changed.after) == ({"role": "viewer"}, {"role": "admin"})


def test_who_has_no_role_there_does_not_get_in() -> None:
    browser, answer = sign_in("guest")
    assert answer.headers["Location"] == "/log-in/"
    assert "no role on the desk" in browser.get("/log-in/").text
    assert not is_in(browser)
    assert not User.objects.exists()


def test_a_proven_address_is_the_person_who_has_it_here() -> None:
    known = make_user(Role.AUTHOR, email="Jana@paper.example")
    sign_in("jana")
    assert OutsideIdentity.objects.get().person == known
    known.refresh_from_db()
    assert known.role == Role.EDITOR


def test_an_address_that_is_not_proven_makes_nobody_else() -> None:
    edda = make_user(Role.ADMIN, email="edda@paper.example")
    sign_in("liar")
    assert OutsideIdentity.objects.get().person != edda
    assert User.objects.exclude(pk=edda.pk).get().email == ""


def test_a_name_that_is_taken_is_not_taken_over() -> None:
    boss = make_user(Role.VIEWER, username="boss")
    sign_in("boss")
    assert OutsideIdentity.objects.get().person != boss
    assert User.objects.exclude(pk=boss.pk).get().username == "boss-2"


def test_who_may_not_log_in_here_does_not_there() -> None:
    sign_in("jana")
    User.objects.update(is_active=False)
    browser, _answer = sign_in("jana")
    assert not is_in(browser)


def test_without_named_roles_only_known_people_get_in(settings: Settings) -> None:
    settings.OIDC_ROLES = {}
    browser, _answer = sign_in("boss")
    assert not is_in(browser)
    make_user(Role.VIEWER, email="jana@paper.example")
    browser, _answer = sign_in("jana")
    assert is_in(browser)
    assert User.objects.get().role == Role.VIEWER


def test_the_second_step_is_the_providers_business() -> None:
    second_step.demand_of({Role.EDITOR})
    browser, _answer = sign_in("jana")
    assert is_in(browser)


def test_an_answer_belongs_to_the_browser_that_asked_and_is_good_once() -> None:
    browser = Browser()
    back = come_back(browser, "jana")
    stranger = Browser()
    stranger.get(back)
    assert not is_in(stranger)
    browser.get(back)
    assert is_in(browser)
    browser.post("/log-out/")
    browser.get(back)
    assert not is_in(browser)


def test_it_leads_to_no_other_site() -> None:
    _browser, answer = sign_in("jana", next="https://evil.example/")
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("path", ["", "back/?error=access_denied", "back/?code=x&state=y"])
def test_what_goes_wrong_is_said(path: str, settings: Settings) -> None:
    if not path:
        settings.OIDC_ISSUER = "http://127.0.0.1:9"
    browser = Browser()
    answer: Any = browser.get(f"/log-in/elsewhere/{path}", follow=True)
    assert 'role="alert"' in answer.text
    assert not is_in(browser)


def test_a_provider_that_calls_itself_something_else_is_none(settings: Settings) -> None:
    answer = Response(
        json.dumps(
            {
                "issuer": "https://elsewhere.example",
                "authorization_endpoint": "https://elsewhere.example/",
            }
        ),
        content_type="application/json",
    )
    server = make_server("127.0.0.1", 0, answer)
    thread = Thread(target=server.handle_request)
    thread.start()
    settings.OIDC_ISSUER = f"http://127.0.0.1:{server.server_port}"
    said = Browser().get("/log-in/elsewhere/", follow=True)
    thread.join()
    server.server_close()
    assert "does not answer" in said.text
