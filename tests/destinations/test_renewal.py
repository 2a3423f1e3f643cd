"""Rotating access keys: renewed by one worker at a time, and never lost once they are here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from syndicator import secrets
from syndicator.channels.base import TryLater, Unknown
from syndicator.clock import database_now
from syndicator.destinations.accounts import account_of
from syndicator.destinations.models import Destination
from syndicator.wording import Wording
from tests.factories import make_destination

pytestmark = pytest.mark.django_db


def renewed(settings: Mapping[str, str]) -> Mapping[str, str]:
    return {"access_token": settings["access_token"] + "+", "unknown": "dropped"}


def stored(destination: Destination) -> dict[str, str]:
    return secrets.decrypt(Destination.objects.get(pk=destination.pk).encrypted_secrets)


@pytest.fixture
def destination() -> Destination:
    return make_destination("x", access_token="1-a")


def test_what_comes_of_it_is_kept_encrypted(destination: Destination) -> None:
    account = account_of(destination)
    assert account.renew is not None
    settings = account.renew(renewed)
    assert settings["access_token"] == "1-a+"
    assert stored(destination)["access_token"] == "1-a+"
    assert "unknown" not in stored(destination)
    assert "1-a" not in Destination.objects.get().encrypted_secrets


def test_who_comes_second_gets_the_firsts_without_a_call(destination: Destination) -> None:
    first, second = account_of(destination), account_of(destination)
    assert first.renew is not None
    assert second.renew is not None
    first.renew(renewed)
    calls: list[Mapping[str, str]] = []
    settings = second.renew(lambda given: calls.append(given) or given)
    assert settings["access_token"] == "1-a+"
    assert calls == []


def test_while_one_is_at_it_the_other_comes_back_later(destination: Destination) -> None:
    first, second = account_of(destination), account_of(destination)
    assert first.renew is not None

    def meanwhile(given: Mapping[str, str]) -> Mapping[str, str]:
        assert second.renew is not None
        with pytest.raises(TryLater) as told:
            second.renew(renewed)
        assert told.value.retry_after
        return renewed(given)

    assert first.renew(meanwhile)["access_token"] == "1-a+"


def test_a_worker_that_died_at_it_is_not_waited_for_for_ever(destination: Destination) -> None:
    Destination.objects.update(renewing_until=database_now() - timedelta(seconds=1), renewals=1)
    account = account_of(destination)
    assert account.renew is not None
    assert account.renew(renewed)["access_token"] == "1-a+"
    # Nor is a lease that a clock wrote which was ahead.
    Destination.objects.update(renewing_until=database_now() + timedelta(days=1))
    account = account_of(Destination.objects.get())
    assert account.renew is not None
    assert account.renew(renewed)["access_token"] == "1-a++"


def test_a_failed_exchange_leaves_everything_as_it_was(destination: Destination) -> None:
    account = account_of(destination)
    assert account.renew is not None

    def fails(given: Mapping[str, str]) -> Mapping[str, str]:
        raise Unknown(Wording("?"))

    with pytest.raises(Unknown):
        account.renew(fails)
    assert stored(destination)["access_token"] == "1-a"
    assert account.renew(renewed)["access_token"] == "1-a+"


def test_what_a_person_entered_meanwhile_counts(destination: Destination) -> None:
    account = account_of(destination)
    assert account.renew is not None

    def meanwhile(given: Mapping[str, str]) -> Mapping[str, str]:
        row = Destination.objects.get()
        row.configure({"access_token": "2-b"})
        row.save()
        return renewed(given)

    with pytest.raises(TryLater):
        account.renew(meanwhile)
    assert stored(destination)["access_token"] == "2-b"
