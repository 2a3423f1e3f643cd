"""Codes of an authenticator app, recovery codes, roles that must have one, and taking it away."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from django.http import HttpResponse
from django.test import Client as Browser

from syndicator.accounts.models import AuditEntry, Role, User
from syndicator.clock import database_now
from syndicator.entrance import second_step
from syndicator.entrance.models import Authenticator, PersonSession, RecoveryCode
from syndicator.entrance.throttle import OF_ACCOUNT
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def edda() -> User:
    return make_user(Role.EDITOR, username="edda")


@pytest.fixture
def signed_in(edda: User) -> Browser:
    browser = Browser()
    browser.force_login(edda)
    return browser


@pytest.fixture
def secret(signed_in: Browser) -> str:
    """Of the app that Edda has set up in the browser; its last code is that of the step before."""
    signed_in.post("/account/app/new/")
    page = signed_in.get("/account/").text
    found = re.search(r"<code>([A-Z2-7 ]{32,})</code>", page)
    assert found
    secret = found[1].replace(" ", "")
    answer = signed_in.post("/account/app/confirm/", {"code": code(secret, -1)})
    assert answer.status_code == 200
    return secret


def code(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(database_now() + timedelta(seconds=30 * steps))


def with_password(browser: Browser) -> HttpResponse:
    return browser.post("/log-in/?next=/log/", {"username": "edda", "password": "correct horse"})


def is_in(browser: Browser) -> bool:
    return browser.get("/log/").status_code == 200


def test_the_password_alone_is_not_enough_any_more(secret: str) -> None:
    browser = Browser()
    assert with_password(browser).headers["Location"] == "/log-in/second-step/"
    assert not is_in(browser)
    answer = browser.post("/log-in/second-step/", {"code": code(secret, 1)})
    assert answer.headers["Location"] == "/log/"
    assert is_in(browser)


def test_a_code_is_good_for_one_use(secret: str) -> None:
    for expected in (True, False):
        browser = Browser()
        with_password(browser)
        browser.post("/log-in/second-step/", {"code": code(secret)})
        assert is_in(browser) is expected


def test_an_older_code_is_not_taken(secret: str) -> None:
    browser = Browser()
    with_password(browser)
    answer = browser.post("/log-in/second-step/", {"code": code(secret, -3)})
    assert "not right" in answer.text
    assert not is_in(browser)


def test_wrong_codes_cost_waits_though_the_password_is_right_each_time(secret: str) -> None:
    browser = Browser()
    for _ in range(OF_ACCOUNT.free + 1):
        with_password(browser)
        assert "not right" in browser.post("/log-in/second-step/", {"code": "000000"}).text
    answer = browser.post("/log-in/second-step/", {"code": code(secret, 1)})
    assert "Too many wrong codes" in answer.text
    assert AuditEntry.objects.filter(act="code refused", name="edda").count() == OF_ACCOUNT.free + 1


def test_without_the_password_there_is_no_second_step(secret: str) -> None:
    browser = Browser()
    assert browser.post("/log-in/second-step/", {"code": code(secret, 1)}).status_code == 302
    assert not is_in(browser)


def test_a_changed_password_ends_a_log_in_that_is_half_way(secret: str, edda: User) -> None:
    browser = Browser()
    with_password(browser)
    edda.set_password("another horse")
    edda.save()
    browser.post("/log-in/second-step/", {"code": code(secret, 1)})
    assert not is_in(browser)


def test_the_secret_is_encrypted_and_recovery_codes_are_hashed(
    signed_in: Browser, secret: str
) -> None:
    assert secret not in Authenticator.objects.get().encrypted_secrets
    shown = recovery_codes(signed_in)
    assert len(shown) == second_step.RECOVERY_CODES
    kept = " ".join(RecoveryCode.objects.values_list("code_hash", flat=True))
    assert not any(one.replace("-", "") in kept for one in shown)


def recovery_codes(browser: Browser) -> list[str]:
    page = browser.post("/account/recovery-codes/").text
    return page.partition('id="codes">')[2].partition("</pre>")[0].split()


def test_a_recovery_code_lets_in_once(signed_in: Browser, secret: str) -> None:
    first = recovery_codes(signed_in)[0]
    for expected in (True, False):
        browser = Browser()
        with_password(browser)
        browser.post("/log-in/second-step/", {"code": first.upper()})
        assert is_in(browser) is expected


def test_new_recovery_codes_end_the_old_ones(signed_in: Browser, secret: str) -> None:
    old = recovery_codes(signed_in)[0]
    recovery_codes(signed_in)
    browser = Browser()
    with_password(browser)
    browser.post("/log-in/second-step/", {"code": old})
    assert not is_in(browser)


def test_an_app_counts_only_after_its_first_code(signed_in: Browser, edda: User) -> None:
    signed_in.post("/account/app/new/")
    signed_in.post("/account/app/confirm/", {"code": "000000"})
    assert not second_step.is_set_up(edda)
    browser = Browser()
    with_password(browser)
    assert is_in(browser)


def test_removing_the_app_removes_its_recovery_codes(signed_in: Browser, secret: str) -> None:
    signed_in.post("/account/app/remove/")
    assert not RecoveryCode.objects.exists()
    browser = Browser()
    with_password(browser)
    assert is_in(browser)


def test_who_finds_an_open_desk_cannot_change_how_its_owner_gets_in(
    signed_in: Browser, secret: str
) -> None:
    session = signed_in.session
    session["confirmed_at"] = (database_now() - timedelta(minutes=16)).isoformat()
    session.save()
    for path in ("app/remove/", "recovery-codes/", "password/", "passkeys/", "app/new/"):
        answer = signed_in.post(f"/account/{path}")
        assert answer.headers["Location"] == "/account/confirm/", path
    assert signed_in.post("/account/passkeys/options/").status_code == 403
    assert Authenticator.objects.exists()
    assert "not your password" in signed_in.post("/account/confirm/", {"password": "x"}).text
    signed_in.post("/account/confirm/", {"password": "correct horse"})
    signed_in.post("/account/app/remove/")
    assert not Authenticator.objects.exists()


def test_a_role_that_must_have_one_can_do_nothing_before(edda: User) -> None:
    second_step.demand_of({Role.EDITOR})
    browser = Browser()
    with_password(browser)
    for path in ("/", "/log/", "/stop/"):
        assert browser.get(path).headers["Location"] == "/account/"
    assert browser.get("/stop/standing/", headers={"HX-Request": "true"}).status_code == 204
    assert "Your role needs a second step" in browser.get("/account/").text
    browser.post("/account/app/new/")
    secret = second_step.unconfirmed_app(edda)
    assert secret
    browser.post("/account/app/confirm/", {"code": code(secret[0])})
    assert is_in(browser)
    browser.post("/account/app/remove/")
    assert not is_in(browser)


def test_a_rule_that_is_taken_back_holds_nobody_up(edda: User) -> None:
    second_step.demand_of({Role.EDITOR})
    browser = Browser()
    with_password(browser)
    assert not is_in(browser)
    second_step.demand_of(set())
    assert is_in(browser)


def test_demanding_it_signs_out_who_has_none(admin: Browser, signed_in: Browser) -> None:
    said = admin.post("/settings/people/second-step/", {"role": ["editor", "admin"]}, follow=True)
    assert "for yourself first" in said.text
    admin.post("/settings/people/second-step/", {"role": ["editor"]})
    assert signed_in.get("/").headers["Location"].startswith("/log-in/")
    row = AuditEntry.objects.get(act="second step demanded")
    assert (row.before, row.after) == ({"roles": []}, {"roles": ["editor"]})


def test_who_gets_a_role_that_must_have_one_is_signed_out(
    admin: Browser, signed_in: Browser, edda: User
) -> None:
    second_step.demand_of({Role.AUTHOR})
    assert is_in(signed_in)
    form = {"username": "edda", "role": "author", "is_active": "on"}
    admin.post(f"/settings/people/{edda.pk}/", form)
    assert not is_in(signed_in)


def test_the_people_page_says_who_has_one(admin: Browser, signed_in: Browser, edda: User) -> None:
    signed_in.post("/account/app/new/")
    assert "second step set up" not in admin.get("/settings/people/").text
    Authenticator.objects.update(confirmed_at=database_now())
    assert admin.get("/settings/people/").text.count("second step set up") == 1


def test_an_administrator_takes_it_away(
    admin: Browser, signed_in: Browser, secret: str, edda: User
) -> None:
    admin.post(f"/settings/people/{edda.pk}/second-step/reset/")
    assert not is_in(signed_in)
    assert not PersonSession.objects.filter(person=edda).exists()
    browser = Browser()
    with_password(browser)
    assert is_in(browser)
    row = AuditEntry.objects.get(act="second step reset")
    assert (row.name, str(row.who)) == ("edda", "Edda Kranz")
