"""What is raised as an alert when a destination or the workers fail, and when it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import translation
from django.utils.translation import gettext

from syndicator.alerts.raising import open_alerts
from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.entries.models import Entry
from syndicator.posts import circuit, review
from syndicator.posts.models import SweepReport
from syndicator.posts.sweep import AGAIN, STALLED, sweep_in_turn
from tests.factories import make_entry, make_user
from tests.posts.conftest import Newsroom

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("short_deadline")]


def titles() -> list[str]:
    return [str(alert.title_wording) for alert in open_alerts()]


def test_a_dead_token_is_told_until_the_destination_is_resumed(newsroom: Newsroom) -> None:
    newsroom.fault("401")
    newsroom.post()
    newsroom.deliver()
    assert titles() == [f"{newsroom.destination} is paused"]
    with translation.override("de"):
        told = open_alerts().get().text_wording.said(gettext)
    assert "nimmt" in told, "the reason is in German too"
    review.resume(newsroom.destination.pk, make_user())
    assert titles() == []


def test_a_person_who_pauses_needs_no_alert(newsroom: Newsroom) -> None:
    admin = make_user("admin")
    assert review.pause(newsroom.destination.pk, admin)
    assert titles() == []


def test_an_open_circuit_is_told_once_and_ends_with_it(newsroom: Newsroom) -> None:
    Destination.objects.update(
        base_url="http://127.0.0.1:1/nobody", failures=circuit.FAILURES_ALLOWED - 1
    )
    newsroom.post()
    newsroom.deliver()
    assert titles() == [f"{newsroom.destination} cannot be reached"]
    review.resume(newsroom.destination.pk, make_user())
    assert titles() == []


def test_entries_that_nobody_works_on_are_told_until_somebody_does(newsroom: Newsroom) -> None:
    entry = make_entry(newsroom.blog)
    Entry.objects.update(render_due_at=database_now() - STALLED - timedelta(seconds=1))
    sweep_in_turn()
    assert titles() == ["New entries are not being worked on"]
    Entry.objects.filter(pk=entry.pk).update(render_due_at=None)
    past = database_now() - AGAIN
    SweepReport.objects.update(swept_at=past, rung_at=past)
    sweep_in_turn()
    assert titles() == []
