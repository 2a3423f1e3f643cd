"""Alerts to raise in a test."""

from __future__ import annotations

from datetime import datetime, timedelta

from syndicator.alerts.models import Alert
from syndicator.alerts.raising import raise_alert
from syndicator.clock import database_now
from syndicator.wording import Wording

TITLE = Wording("%(destination)s is paused", {"destination": "Zeitung"})
TEXT = Wording("The platform does not accept the access token any more. Connect it anew.")
KEY = "destination-7-paused"


def raised(key: str = KEY, title: Wording = TITLE, now: datetime | None = None) -> Alert:
    """An alert that was not open before."""
    assert raise_alert(key, title, TEXT, now or database_now())
    return Alert.objects.get(key=key, ended_at=None)


def pass_time(alert: Alert, **time: float) -> None:
    """As if *time* (of a `timedelta`) had passed for all the times of *alert*."""
    alert.refresh_from_db()
    for name in ("raised_at", "ended_at", "mailed_at", "due_at"):
        if moment := getattr(alert, name):
            setattr(alert, name, moment - timedelta(**time))
    alert.save()
