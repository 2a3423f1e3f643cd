"""Logging in: what is said after wrong passwords, to whom, and what is on record."""

from __future__ import annotations

import re

import pytest
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries, Settings

from syndicator.accounts.models import AuditEntry, Role
from syndicator.entrance.throttle import OF_ACCOUNT, OF_ADDRESS
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def log_in(name: str = "edda", password: str = "wrong", **meta: str) -> str:
    return Browser().post("/log-in/", {"username": name, "password": password}, **meta).text


@pytest.fixture(autouse=True)
def edda() -> None:
    make_user(Role.EDITOR, username="edda")


def test_too_many_wrong_passwords_say_how_long_to_wait() -> None:
    for _ in range(OF_ACCOUNT.free + 1):
        assert "correct username and password" in log_in()
    assert re.search(r"Too many wrong passwords. Wait \d+ seconds?\.", log_in())
    assert "Too many" in log_in(password="correct horse"), "not even the right one helps"


def test_it_says_so_in_german() -> None:
    for _ in range(OF_ACCOUNT.free + 1):
        log_in()
    said = Browser(headers={"accept-language": "de"}).post(
        "/log-in/", {"username": "edda", "password": "x"}
    )
    assert re.search(r"Zu viele falsche Passwörter. Warten Sie \d+ Sekunden?\.", said.text)


def test_a_name_that_nobody_has_is_told_the_same_and_takes_as_much_work(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    log_in("first", password="from this address")
    for _ in range(OF_ACCOUNT.free + 2):
        with CaptureQueriesContext(connection) as known:
            of_edda = log_in("edda")
        with django_assert_num_queries(len(known)):
            of_nobody = log_in("nobody")
        assert words(of_edda) == words(of_nobody)
    assert "Too many" in words(of_nobody)


def words(page: str) -> str:
    """The notice, without the seconds that pass between two tries."""
    return re.sub(r"\d+ seconds?", "…", page.partition('role="alert">')[2].partition("</p>")[0])


def test_every_failure_is_on_record_without_what_was_typed() -> None:
    log_in("edda", REMOTE_ADDR="192.0.2.7")
    log_in("my secret password", REMOTE_ADDR="192.0.2.7")
    rows = [(row.act, row.name, row.address, row.who) for row in AuditEntry.objects.order_by("pk")]
    assert rows == [
        ("log-in failed", "edda", "192.0.2.7", None),
        ("log-in failed", "", "192.0.2.7", None),
    ]


def test_behind_a_proxy_the_persons_own_address_counts(settings: Settings) -> None:
    settings.PROXIES = 1
    for number in range(OF_ADDRESS.free + 1):
        log_in(f"n{number}", HTTP_X_FORWARDED_FOR=f"10.9.8.{number}, 198.51.100.1")
    assert "Too many" in log_in("one-more", HTTP_X_FORWARDED_FOR="10.0.0.1, 198.51.100.1")
    assert "Too many" not in log_in("one-more", HTTP_X_FORWARDED_FOR="198.51.100.1, 198.51.100.2")


def test_without_a_proxy_nobody_can_pretend_to_be_elsewhere(settings: Settings) -> None:
    settings.PROXIES = 0
    for number in range(OF_ADDRESS.free + 1):
        log_in(f"n{number}", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
    assert "Too many" in log_in("one-more", HTTP_X_FORWARDED_FOR="198.51.100.99")
