"""Warnings that the access to an account ends: one for each step, and over when it goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation
from django.utils.translation import gettext

from syndicator.alerts.models import Alert
from syndicator.alerts.raising import open_alerts
from syndicator.clock import database_now
from syndicator.destinations.endings import tell_of_ends
from syndicator.destinations.models import AccountProfile, Destination, DestinationState
from tests.factories import make_destination

pytestmark = pytest.mark.django_db


@pytest.fixture
def profile() -> AccountProfile:
    return AccountProfile.objects.create(destination=make_destination(), asked_at=database_now())


def ends_in(profile: AccountProfile, **span: float) -> None:
    AccountProfile.objects.update(ends_at=database_now() + timedelta(**span))


def keys() -> list[str]:
    return [alert.key.rpartition("-ends-")[2] for alert in open_alerts()]


def test_each_step_is_told_once(profile: AccountProfile) -> None:
    ends_in(profile, days=14, minutes=1)
    assert tell_of_ends() == 0
    for step, left in enumerate(({"days": 13.9}, {"days": 2.9}, {"seconds": -1}), start=1):
        ends_in(profile, **left)
        assert [tell_of_ends(), tell_of_ends()] == [1, 0]
        assert keys() == [str(step)]
    assert Alert.objects.count() == 3


def test_what_was_told_is_not_told_again_though_the_alert_has_gone(
    profile: AccountProfile,
) -> None:
    ends_in(profile, days=10)
    tell_of_ends()
    Alert.objects.update(ended_at=database_now())
    # Nor when the platform names the end anew, a little off.
    ends_in(profile, days=10, minutes=5)
    assert tell_of_ends() == 0


def test_it_is_over_when_the_access_goes_on(profile: AccountProfile) -> None:
    ends_in(profile, days=2)
    tell_of_ends()
    ends_in(profile, days=60)
    assert tell_of_ends() == 0
    assert keys() == []
    ends_in(profile, days=2)
    assert tell_of_ends() == 1
    AccountProfile.objects.update(ends_at=None)
    tell_of_ends()
    assert keys() == []


def test_an_end_that_comes_anew_is_told_anew(profile: AccountProfile) -> None:
    ends_in(profile, days=2)
    tell_of_ends()
    ends_in(profile, days=12)
    assert tell_of_ends() == 1
    assert keys() == ["1"]


def test_a_clock_that_is_set_back_takes_nothing_back(profile: AccountProfile) -> None:
    ends_in(profile, days=2.9)
    tell_of_ends()
    AccountProfile.objects.update(ends_at=database_now() + timedelta(days=3, hours=1))
    assert tell_of_ends() == 0
    assert keys() == ["2"]


def test_who_is_disconnected_is_not_warned_of(profile: AccountProfile) -> None:
    ends_in(profile, days=2)
    tell_of_ends()
    Destination.objects.update(state=DestinationState.DISCONNECTED)
    tell_of_ends()
    assert keys() == []


def test_it_is_said_in_german_too(profile: AccountProfile) -> None:
    ends_in(profile, days=2)
    tell_of_ends()
    alert = open_alerts().get()
    with translation.override("de"):
        said = alert.title_wording.said(gettext) + alert.text_wording.said(gettext)
    assert "läuft" in said
    assert "Konto" in said
