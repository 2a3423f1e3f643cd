"""What the browser tests of passkeys cannot see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from syndicator.clock import database_now
from syndicator.entrance import passkeys
from syndicator.entrance.sessions import SessionStore

pytestmark = pytest.mark.django_db
KEPT = "passkey_challenge"


def test_a_challenge_is_good_for_one_answer_whatever_came_of_it() -> None:
    session = SessionStore()
    passkeys.sign_in_options(session)
    assert KEPT in session
    with pytest.raises(passkeys.NotAccepted):
        passkeys.owner(session, '{"id": "nobodys"}')
    assert KEPT not in session


def test_a_challenge_is_good_for_five_minutes() -> None:
    session = SessionStore()
    passkeys.sign_in_options(session)
    session[KEPT] = [session[KEPT][0], (database_now() - timedelta(minutes=5.1)).timestamp()]
    with pytest.raises(passkeys.NotAccepted):
        passkeys._take(session)


@pytest.mark.parametrize("answer", ["", "[]", "{", '{"id": 7}', "null"])
def test_nonsense_is_not_accepted(answer: str) -> None:
    session = SessionStore()
    passkeys.sign_in_options(session)
    with pytest.raises(passkeys.NotAccepted):
        passkeys.owner(session, answer)


@pytest.mark.parametrize(
    ("address", "possible"),
    [
        ("https://desk.example.org", True),
        ("http://localhost:8800", True),
        ("http://127.0.0.1:8800", False),
        ("https://192.0.2.1", False),
        ("http://desk.example.org", False),
    ],
)
def test_they_are_offered_only_where_browsers_make_them(
    settings: Settings, address: str, possible: bool
) -> None:
    settings.BASE_URL = address
    assert passkeys.are_possible() is possible
