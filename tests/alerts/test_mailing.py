"""Alerts reach the administrators' mailboxes over a real SMTP server, whatever happens to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection
from pytest_django import Settings

from syndicator.accounts.models import Role
from syndicator.alerts import mailing
from syndicator.alerts.mailing import BACKOFF, GIVE_UP, LEASE, claim, due_alerts, mail_due
from syndicator.alerts.models import Alert
from syndicator.alerts.raising import end_alert
from syndicator.clock import database_now
from syndicator.wording import Wording
from tests.alerts.alerts import KEY, TEXT, TITLE, pass_time, raised
from tests.channels.email.scripted_relay import (
    PASSWORD,
    USERNAME,
    ScriptedRelay,
    make_certificate,
    serving,
)
from tests.factories import make_user
from workers import alert as worker

pytestmark = pytest.mark.django_db(transaction=True)

DUTY = "duty@paper.example"


def parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default)


def test_active_administrators_and_the_set_addresses_get_one_mail_each(
    relay: ScriptedRelay, settings: Settings
) -> None:
    make_user(Role.ADMIN, email="chief@paper.example")
    make_user(Role.ADMIN, email="CHIEF@paper.example")
    make_user(Role.ADMIN, email="gone@paper.example", is_active=False)
    make_user(Role.ADMIN)
    make_user(Role.EDITOR, email="editor@paper.example")
    alert = raised()
    raised("other", Wording("Nothing is swept any more."))
    assert mail_due() == 2
    assert {address.casefold() for address, _ in relay.accepted} == {"chief@paper.example", DUTY}
    assert relay.connections == 1
    mail = parsed(relay.mails_to(DUTY)[0])
    assert mail["to"] == DUTY
    assert mail["from"] == "Desk <desk@paper.example>"
    assert mail["subject"] == "Syndicator: Zeitung is paused (and 1 more)"
    assert mail["auto-submitted"] == "auto-generated"
    text = mail.get_content()
    for said in (str(TITLE), str(TEXT), "Nothing is swept any more.", f"{settings.BASE_URL}/"):
        assert said in text
    assert f"Since {alert.raised_at:%Y-%m-%d %H:%M} UTC." in text
    alert.refresh_from_db()
    assert alert.mailed_at
    assert alert.due_at is None
    assert mail_due() == 0
    assert len(relay.accepted) == 2


def test_mails_speak_the_language_that_is_set(relay: ScriptedRelay, settings: Settings) -> None:
    settings.ALERT_LANGUAGE = "de"
    raised(title=Wording("The mail server %(host)s cannot be reached.", {"host": "mx\r\nBcc: x"}))
    assert mail_due() == 1
    mail = parsed(relay.mails_to(DUTY)[0])
    assert mail["subject"].startswith("Syndicator: Der Mailserver mx Bcc: x ")
    assert "Zum Desk" in mail.get_content()


def test_a_server_that_is_down_is_tried_again_later_and_costs_no_alert(
    relay: ScriptedRelay, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_PORT = 1
    alert = raised()
    for wait in (*BACKOFF, BACKOFF[-1]):
        before = database_now()
        assert mail_due() == 0
        alert.refresh_from_db()
        assert alert.due_at is not None
        assert before + wait <= alert.due_at <= database_now() + wait
        assert not due_alerts(database_now())
        pass_time(alert, seconds=wait.total_seconds())
    assert "no way into the mail server" in caplog.text
    settings.EMAIL_PORT = relay.port
    assert mail_due() == 1
    assert len(relay.accepted) == 1
    assert mail_due() == 0


def test_what_could_not_be_mailed_for_a_day_is_given_up_with_a_line_in_the_log(
    relay: ScriptedRelay, caplog: pytest.LogCaptureFixture
) -> None:
    alert = raised()
    pass_time(alert, seconds=GIVE_UP.total_seconds() + 60)
    assert mail_due() == 0
    alert.refresh_from_db()
    assert (alert.due_at, alert.mailed_at, relay.accepted) == (None, None, [])
    assert "gave up mailing an alert" in caplog.text


def test_one_recipients_trouble_is_not_anothers(relay: ScriptedRelay, settings: Settings) -> None:
    settings.ALERT_ADDRESSES = ["bounce@paper.example", "later@paper.example", DUTY]
    alert = raised()
    assert mail_due() == 1
    alert.refresh_from_db()
    assert alert.mailed_at
    assert alert.mailed_to == [DUTY]
    pass_time(alert, hours=1)
    assert mail_due() == 1
    assert [address for address, _ in relay.accepted] == [DUTY, "later@paper.example"]
    settings.ALERT_ADDRESSES = [DUTY, "later@paper.example"]
    pass_time(alert, hours=1)
    assert mail_due() == 0
    alert.refresh_from_db()
    assert alert.due_at is None


def test_an_alert_that_nobody_can_be_told_waits_for_an_address(
    relay: ScriptedRelay, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ALERT_ADDRESSES = []
    alert = raised()
    assert mail_due() == 0
    assert "no administrator has an email address" in caplog.text
    make_user(Role.ADMIN, email="chief@paper.example")
    pass_time(alert, seconds=BACKOFF[0].total_seconds())
    assert mail_due() == 1


def test_an_alert_that_ended_before_its_mail_went_out_sends_none(relay: ScriptedRelay) -> None:
    raised()
    end_alert(KEY, database_now())
    assert mail_due() == 0
    assert relay.accepted == []


def test_an_alert_that_ends_during_a_failing_try_is_not_tried_again(
    relay: ScriptedRelay, settings: Settings
) -> None:
    raised()
    (alert,) = claim(database_now())
    end_alert(KEY, database_now())
    mailing._record([alert], [DUTY], database_now())
    assert Alert.objects.get().due_at is None


def test_two_workers_at_once_send_one_mail(relay: ScriptedRelay) -> None:
    at_once = Barrier(2)

    def work() -> int:
        try:
            at_once.wait()
            return mail_due()
        finally:
            connection.close()

    for number in range(10):
        raised(f"key-{number}")
        with ThreadPoolExecutor(2) as pool:
            assert sum(f.result() for f in [pool.submit(work) for _ in range(2)]) == 1
    assert len(relay.accepted) == 10


KILLED = """
import sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
import django
django.setup()
from syndicator.alerts.mailing import mail_due
mail_due()
"""


def test_a_killed_worker_leaves_the_mail_to_the_next_after_its_lease(
    relay: ScriptedRelay, settings: Settings
) -> None:
    settings.ALERT_ADDRESSES = ["hang@paper.example"]
    alert = raised()
    worker_process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(connection.settings_dict["NAME"])],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SYNDICATOR_MAIL_URL": relay.url,
            "SYNDICATOR_MAIL_FROM": "desk@paper.example",
            "SYNDICATOR_ALERT_ADDRESSES": "hang@paper.example",
        },
    )
    while not relay.accepted:
        assert worker_process.poll() is None, "the worker ended by itself"
        time.sleep(0.01)
    worker_process.send_signal(signal.SIGKILL)
    worker_process.wait()
    assert mail_due() == 0, "not before the lease is over"
    settings.ALERT_ADDRESSES = [DUTY]
    pass_time(alert, seconds=LEASE.total_seconds())
    assert mail_due() == 1
    alert.refresh_from_db()
    assert alert.tries == 2


def test_a_server_that_does_not_answer_is_left_when_the_time_is_over(
    relay: ScriptedRelay, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailing, "DEADLINE", timedelta(milliseconds=300))
    settings.EMAIL_TIMEOUT = 3600  # so that nothing else ends it
    settings.ALERT_ADDRESSES = ["hang@paper.example"]
    alert = raised()
    assert mail_due() == 0
    alert.refresh_from_db()
    assert alert.due_at is not None
    assert alert.mailed_at is None


def test_what_a_repetition_says_it_says_under_the_same_message_id(relay: ScriptedRelay) -> None:
    alert = raised()
    mail_due()
    Alert.objects.update(mailed_at=None, mailed_to=[], due_at=database_now())
    mail_due()
    raised("other")
    mail_due()
    first, repeated, other = (parsed(raw)["message-id"] for raw in relay.mails_to(DUTY))
    assert first == repeated != other
    assert first.endswith("@paper.example>")
    assert alert.pk


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_encryption_and_log_in(
    relay: ScriptedRelay,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tls: str,
) -> None:
    chain, context = make_certificate(tmp_path, "127.0.0.1")
    raised()
    with serving(login=True, **{tls: context}) as strict:
        settings.EMAIL_PORT = strict.port
        settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = tls == "starttls", tls == "tls"
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = USERNAME, PASSWORD
        assert mail_due() == 0, "nobody vouches for the certificate"
        assert strict.accepted == []
        pass_time(Alert.objects.get(), hours=1)
        monkeypatch.setenv("SSL_CERT_FILE", str(chain))
        assert mail_due() == 1
        assert len(strict.accepted) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_wrong_password_is_in_no_log_and_the_right_one_mails(
    relay: ScriptedRelay, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = USERNAME, "wrong-secret"
    alert = raised()
    with serving(login=True) as strict:
        settings.EMAIL_PORT = strict.port
        assert mail_due() == 0
        assert "no way into the mail server" in caplog.text
        assert "wrong-secret" not in caplog.text
        settings.EMAIL_HOST_PASSWORD = PASSWORD
        pass_time(alert, hours=1)
        assert mail_due() == 1
        assert len(strict.accepted) == 1


def test_the_task_mails(relay: ScriptedRelay) -> None:
    raised()
    worker.mail()
    assert len(relay.accepted) == 1
