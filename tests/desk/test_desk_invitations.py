"""Inviting people by mail, or by a link that is handed over."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from syndicator.accounts.models import AuditEntry, Role, User
from syndicator.clock import database_now
from syndicator.entrance.models import Invitation
from tests.channels.email.scripted_relay import serving
from tests.factories import make_user

pytestmark = pytest.mark.django_db
CHOSEN = {
    "username": "jo",
    "first_name": "Jo",
    "last_name": "Brandt",
    "password1": "a horse of course",
    "password2": "a horse of course",
}


def invite(admin: Browser, email: str = "jo@paper.example", role: str = "editor") -> str:
    """The path of the link that is shown."""
    page = admin.post("/settings/people/invite/", {"email": email, "role": role}).text
    found = re.search(r"(/invitation/[^<]+)</pre>", page)
    assert found
    return found[1]


def test_the_invited_person_makes_an_account_with_the_role(admin: Browser) -> None:
    link = invite(admin)
    browser = Browser()
    assert "Editor" in browser.get(link).text
    answer = browser.post(link, {**CHOSEN, "role": "admin", "email": "mallory@evil.example"})
    assert answer.headers["Location"] == "/"
    assert browser.get("/").status_code == 200
    jo = User.objects.get(username="jo")
    assert (jo.role, jo.email, jo.is_superuser) == ("editor", "jo@paper.example", False)
    assert AuditEntry.objects.get(act="accepted").who == jo


def test_the_link_works_once(admin: Browser) -> None:
    link = invite(admin)
    Browser().post(link, CHOSEN)
    for answer in (Browser().get(link), Browser().post(link, {**CHOSEN, "username": "jo2"})):
        assert answer.status_code == 404
        assert "This link does not work" in answer.text
    assert not User.objects.filter(username="jo2").exists()


def test_opening_it_uses_nothing_up(admin: Browser) -> None:
    link = invite(admin)
    for _ in range(3):
        Browser().get(link)
        Browser().head(link)
    Browser().post(link, {**CHOSEN, "password2": "another"})
    assert Browser().post(link, CHOSEN).status_code == 302


@pytest.mark.parametrize("damage", [lambda link: link[:-2] + "/", lambda link: "/invitation/x.y/"])
def test_a_damaged_link(admin: Browser, damage: object) -> None:
    link = invite(admin)
    assert Browser().get(damage(link)).status_code == 404  # type: ignore[operator]


def test_it_ends_after_seven_days(admin: Browser) -> None:
    link = invite(admin)
    row = Invitation.objects.get()
    assert row.ends_at - row.invited_at == timedelta(days=7)
    Invitation.objects.update(ends_at=database_now() - timedelta(seconds=1))
    assert Browser().post(link, CHOSEN).status_code == 404


def test_it_is_taken_back(admin: Browser) -> None:
    link = invite(admin)
    assert "jo@paper.example" in admin.get("/settings/people/").text
    admin.post(f"/settings/invitations/{Invitation.objects.get().pk}/revoke/", follow=True)
    assert "jo@paper.example" not in admin.get("/settings/people/").text.partition("<main")[2]
    assert Browser().post(link, CHOSEN).status_code == 404
    assert AuditEntry.objects.filter(act="revoked", name="jo@paper.example").exists()


def test_a_new_one_ends_the_one_before(admin: Browser) -> None:
    first, second = invite(admin), invite(admin, "JO@paper.example")
    assert Browser().get(first).status_code == 404
    assert Browser().get(second).status_code == 200


def test_who_has_an_account_is_not_invited(admin: Browser) -> None:
    make_user(Role.VIEWER, email="jo@paper.example")
    said = admin.post(
        "/settings/people/invite/", {"email": "Jo@paper.example", "role": "editor"}
    ).text
    assert "has an account" in said
    assert not Invitation.objects.exists()


def test_the_link_is_mailed_where_a_mail_server_is_known(
    admin: Browser, settings: Settings
) -> None:
    with serving() as relay:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", relay.port
        settings.DEFAULT_FROM_EMAIL = "Desk <desk@paper.example>"
        settings.BASE_URL = "https://desk.paper.example"
        answer = admin.post(
            "/settings/people/invite/", {"email": "jo@paper.example", "role": "viewer"}, follow=True
        )
        mail = message_from_bytes(relay.mails_to("jo@paper.example")[0], policy=policy.default)
    assert "gets a mail" in answer.text
    assert "/invitation/" not in answer.text
    assert mail["To"] == "jo@paper.example"
    body = mail.get_content()
    assert "Edda Kranz" in body
    found = re.search(r"https://desk\.paper\.example(/invitation/\S+)", body)
    assert found
    assert Browser().get(found[1]).status_code == 200


def test_a_mail_server_that_is_away_costs_no_invitation(admin: Browser, settings: Settings) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    settings.DEFAULT_FROM_EMAIL = "desk@paper.example"
    assert Browser().get(invite(admin)).status_code == 200
