"""The daily check of every active account, against the sandbox of Mastodon."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syndicator.alerts.raising import open_alerts
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.sandboxes import SANDBOX_SETTINGS
from syndicator.clock import database_now
from syndicator.destinations.checking import check_account
from syndicator.destinations.models import AccountProfile, Destination, DestinationState
from syndicator.destinations.rechecks import EVERY, LEASE, due, recheck
from syndicator.posts import review
from tests.factories import make_destination, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def destination(sandbox: SandboxServer) -> Destination:
    made = make_destination("mastodon", f"{sandbox.http_url}/mastodon")
    check_account(made)
    AccountProfile.objects.update(asked_at=database_now() - EVERY)
    return made


def is_due() -> bool:
    return due(database_now()).exists()


def set_token(destination: Destination, token: str) -> None:
    destination.configure({**destination.settings, "access_token": token})
    destination.save()


def test_it_is_due_a_day_after_the_last_one_and_then_not_before_the_next(
    destination: Destination,
) -> None:
    AccountProfile.objects.update(asked_at=database_now() - EVERY + timedelta(minutes=1))
    assert not recheck(destination.pk)
    AccountProfile.objects.update(asked_at=database_now() - EVERY, name="")
    assert recheck(destination.pk)
    assert AccountProfile.objects.get().name
    assert not is_due()
    assert not recheck(destination.pk)


def test_one_that_was_never_checked_is_due_a_day_after_it_was_connected(
    destination: Destination,
) -> None:
    AccountProfile.objects.all().delete()
    assert not is_due()
    Destination.objects.update(created_at=database_now() - EVERY)
    assert recheck(destination.pk)
    assert AccountProfile.objects.get().checked_at


def test_only_active_ones_are_asked(destination: Destination) -> None:
    Destination.objects.update(state=DestinationState.PAUSED)
    assert not recheck(destination.pk)


def test_a_worker_that_died_at_it_is_waited_for_no_longer_than_its_lease(
    destination: Destination,
) -> None:
    AccountProfile.objects.update(recheck_at=database_now() + LEASE)
    assert not recheck(destination.pk)
    AccountProfile.objects.update(recheck_at=database_now())
    assert recheck(destination.pk)
    # Nor for a lease that a clock wrote which was ahead.
    AccountProfile.objects.update(recheck_at=database_now() + timedelta(days=30))
    assert recheck(destination.pk)


def test_a_refusal_is_told_until_the_account_works_again(destination: Destination) -> None:
    set_token(destination, "revoked")
    assert recheck(destination.pk)
    assert [alert.key for alert in open_alerts()] == [f"destination-{destination.pk}-refused"]
    assert AccountProfile.objects.get().problem
    AccountProfile.objects.update(asked_at=database_now() - EVERY)
    recheck(destination.pk)
    assert open_alerts().count() == 1
    set_token(destination, SANDBOX_SETTINGS["mastodon"]["access_token"])
    check_account(destination)
    assert not open_alerts()


def test_who_resumes_has_mended_it(destination: Destination) -> None:
    set_token(destination, "revoked")
    recheck(destination.pk)
    Destination.objects.update(state=DestinationState.PAUSED)
    review.resume(destination.pk, make_user())
    assert not open_alerts()


def test_an_unclear_answer_changes_nothing(
    destination: Destination, sandbox: SandboxServer
) -> None:
    before = AccountProfile.objects.get()
    sandbox.stop()
    assert recheck(destination.pk)
    after = AccountProfile.objects.get()
    assert (after.problem, after.name, after.asked_at) == (None, before.name, before.asked_at)
    assert not open_alerts()
    assert not is_due()
