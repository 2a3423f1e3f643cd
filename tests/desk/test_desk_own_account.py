"""One's sessions and password."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client as Browser

from syndicator.accounts.models import AuditEntry, Role, User
from syndicator.clock import database_now
from syndicator.entrance import sessions
from syndicator.entrance.models import PersonSession
from tests.factories import make_user

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def edda() -> User:
    return make_user(Role.EDITOR, username="edda")


def log_in(agent: str, address: str = "192.0.2.7") -> Browser:
    browser = Browser(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    browser.post("/log-in/", {"username": "edda", "password": "correct horse"})
    assert is_in(browser)
    return browser


def is_in(browser: Browser) -> bool:
    return browser.get("/log/").status_code == 200


@pytest.fixture
def desktop(edda: User) -> Browser:
    return log_in(FIREFOX)


@pytest.fixture
def phone(edda: User) -> Browser:
    return log_in(PHONE, "2001:db8::5")


def test_sessions_are_told_apart(desktop: Browser, phone: Browser) -> None:
    page = desktop.get("/account/").text
    for expected in ("Firefox, Windows", "192.0.2.7", "Safari, iPhone", "2001:db8::5", "this one"):
        assert expected in page
    assert phone.session.session_key not in page


def test_one_is_ended(desktop: Browser, phone: Browser) -> None:
    handle = PersonSession.objects.get(session_key=phone.session.session_key).handle
    desktop.post(f"/account/sessions/{handle}/end/")
    assert is_in(desktop)
    assert not is_in(phone)


def test_nobody_ends_somebody_elses(desktop: Browser, phone: Browser, viewer: Browser) -> None:
    for row in PersonSession.objects.filter(person__username="edda"):
        viewer.post(f"/account/sessions/{row.handle}/end/")
    viewer.post("/account/sessions/end/")
    assert is_in(desktop)
    assert is_in(phone)


def test_all_others_are_ended(desktop: Browser, phone: Browser) -> None:
    phone.post("/account/sessions/end/")
    assert is_in(phone)
    assert not is_in(desktop)


def test_an_ended_session_is_not_saved_again_by_a_request_under_way(desktop: Browser) -> None:
    session = desktop.session
    assert session["seen_at"]
    PersonSession.objects.all().delete()
    session["something"] = 1
    from django.contrib.sessions.backends.base import UpdateError

    with pytest.raises(UpdateError):
        session.save()
    assert not PersonSession.objects.exists()


def test_an_administrator_ends_all_of_a_persons(
    admin: Browser, desktop: Browser, phone: Browser, edda: User
) -> None:
    assert "Firefox, Windows" in admin.get(f"/settings/people/{edda.pk}/").text
    admin.post(f"/settings/people/{edda.pk}/sessions/end/")
    assert not is_in(desktop)
    assert not is_in(phone)
    assert is_in(admin)
    assert AuditEntry.objects.filter(act="sessions ended", name="edda").exists()


def test_a_new_password_ends_the_others(desktop: Browser, phone: Browser, edda: User) -> None:
    new = {"new_password1": "another horse!", "new_password2": "another horse!"}
    desktop.post("/account/password/", new)
    assert [row.person for row in PersonSession.objects.all()] == [edda]
    assert is_in(desktop)
    assert not is_in(phone)
    row = AuditEntry.objects.get(act="password set")
    assert (row.before, row.after) == ({"password": "•••"}, {"password": "•••"})


def test_the_last_use_is_kept_to_the_minute(desktop: Browser, edda: User) -> None:
    key = desktop.session.session_key

    def seen() -> object:
        return PersonSession.objects.get(session_key=key).seen_at

    first = seen()
    desktop.get("/log/")
    assert seen() == first, "not written again within a minute"
    session = desktop.session
    session["seen_at"] = (database_now() - timedelta(minutes=2)).isoformat()
    session.save()
    desktop.get("/log/", REMOTE_ADDR="198.51.100.3")
    assert seen() > first
    assert sessions.of(edda).get().address == "198.51.100.3"


def test_sessions_without_a_person_end_soon() -> None:
    Browser().post("/log-in/passkey/options/")
    row = PersonSession.objects.get()
    assert row.person is None
    assert row.expire_date <= database_now() + sessions.NOBODYS
