"""Opening and ending alerts, and who hears of it at once."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction

from syndicator import queue
from syndicator.alerts.models import Alert
from syndicator.alerts.raising import QUIET, end_alert, open_alerts, raise_alert
from syndicator.clock import database_now
from tests.alerts.alerts import KEY, TEXT, TITLE, pass_time, raised
from tests.alerts.conftest import Rung
from tests.channels.email.scripted_relay import ScriptedRelay

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_alert_is_open_once_until_it_ends(relay: ScriptedRelay) -> None:
    now = database_now()
    assert raise_alert(KEY, TITLE, TEXT, now)
    assert not raise_alert(KEY, TEXT, TITLE, now + timedelta(minutes=1))
    (alert,) = open_alerts()
    assert (alert.title_wording, alert.text_wording, alert.raised_at) == (TITLE, TEXT, now)
    later = now + timedelta(minutes=2)
    assert end_alert(KEY, later)
    assert not end_alert(KEY, later)
    assert not open_alerts()
    alert.refresh_from_db()
    assert alert.ended_at == later
    raised()
    assert Alert.objects.count() == 2


def test_open_alerts_come_newest_first(relay: ScriptedRelay) -> None:
    now = database_now()
    for minutes in (1, 3, 2):
        raised(f"key-{minutes}", now=now - timedelta(minutes=minutes))
    assert [alert.key for alert in open_alerts()] == ["key-1", "key-2", "key-3"]


def test_many_who_notice_at_once_open_one_alert_and_none_of_them_fails(
    relay: ScriptedRelay,
) -> None:
    at_once = Barrier(4)

    def notice() -> bool:
        try:
            with transaction.atomic():
                if connection.vendor == "postgresql":  # SQLite lets in one at a time
                    at_once.wait()
                opened = raise_alert(KEY, TITLE, TEXT, database_now())
                Alert.objects.count()  # their transaction goes on
            return opened
        finally:
            connection.close()

    for _ in range(10):
        with ThreadPoolExecutor(4) as pool:
            opened = [future.result() for future in [pool.submit(notice) for _ in range(4)]]
        assert sorted(opened) == [False, False, False, True]
        assert end_alert(KEY, database_now())


def test_the_log_and_the_ring_follow_the_commit(
    relay: ScriptedRelay, rung: Rung, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with transaction.atomic():
        raised()
        transaction.set_rollback(True)
    assert rung() == []
    assert "Zeitung" not in caplog.text
    with transaction.atomic():
        raised()
        assert rung() == []
    assert rung() == [queue.MAIL_ALERTS]
    assert "Zeitung is paused" in caplog.text
    end_alert(KEY, database_now())
    assert "alert ended" in caplog.text


def test_without_a_mail_server_the_log_says_so_and_nothing_is_due(
    rung: Rung, caplog: pytest.LogCaptureFixture
) -> None:
    alert = raised()
    assert alert.due_at is None
    assert rung() == []
    assert "no mail server is set" in caplog.text


def test_what_comes_again_soon_after_its_mail_waits_for_the_next(
    relay: ScriptedRelay, rung: Rung
) -> None:
    first = raised()
    mailed_at = database_now()
    Alert.objects.update(mailed_at=mailed_at, due_at=None)
    end_alert(KEY, database_now())
    rung()
    again = raised()
    assert again.due_at == mailed_at + QUIET
    assert rung() == []
    end_alert(KEY, database_now())
    again.refresh_from_db()
    assert again.due_at is None, "it did not last"

    pass_time(first, seconds=QUIET.total_seconds())
    assert raised().due_at <= database_now()
    assert rung() == [queue.MAIL_ALERTS]
    assert raised("another").due_at <= database_now()
