"""Alerts reach another program over real HTTPS, signed, whatever happens to it."""

from __future__ import annotations

import hmac
import json
import ssl
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from syndicator.accounts.models import Role
from syndicator.alerts import webhook as posting
from syndicator.alerts.mailing import mail_due
from syndicator.alerts.models import Alert, Webhook
from syndicator.alerts.raising import end_alert
from syndicator.alerts.webhook import key_of
from syndicator.clock import database_now
from syndicator.diagnosis.people import somebody_is_told
from syndicator.outbound.http import tls_context
from tests.alerts.alerts import KEY, TEXT, TITLE, pass_time, raised
from tests.channels.email.scripted_relay import ScriptedRelay, make_certificate
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


class Receiver:
    """A program that takes alerts: what it got, and what it answers next."""

    def __init__(self, context: ssl.SSLContext) -> None:
        receiver = self
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("Location", "https://127.0.0.1:9/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}/alerts"


@pytest.fixture
def receiver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> Iterator[Receiver]:
    chain, context = make_certificate(tmp_path, "127.0.0.1")
    monkeypatch.setattr("syndicator.outbound.http.AUTHORITIES", str(chain))
    tls_context.cache_clear()
    settings.ALLOW_PRIVATE_ADDRESSES = True
    settings.EMAIL_HOST = ""
    running = Receiver(context)
    thread = Thread(target=running.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()
    tls_context.cache_clear()


@pytest.fixture
def webhook(receiver: Receiver) -> Webhook:
    return Webhook.objects.create(url=receiver.url, salt="salt")


def test_an_alert_is_posted_once_signed_and_in_words(receiver: Receiver, webhook: Webhook) -> None:
    alert = raised()
    mail_due()
    mail_due()
    [(headers, body)] = receiver.got
    told = json.loads(body)
    assert told["alerts"] == [
        {
            "key": KEY,
            "title": str(TITLE),
            "text": str(TEXT),
            "since": alert.raised_at.isoformat(),
        }
    ]
    assert str(TITLE) in told["text"]
    signed = f"{headers['X-Syndicator-Timestamp']}.".encode() + body
    expected = hmac.new(key_of(webhook).encode(), signed, sha256).hexdigest()
    assert headers["X-Syndicator-Signature"] == f"sha256={expected}"
    assert abs(int(headers["X-Syndicator-Timestamp"]) - database_now().timestamp()) < 60
    alert.refresh_from_db()
    assert alert.due_at is None
    assert alert.mailed_at
    webhook.refresh_from_db()
    assert webhook.taken_at


@pytest.mark.parametrize("status", [500, 404, 301])
def test_what_is_not_taken_is_tried_again_under_the_same_name(
    receiver: Receiver, webhook: Webhook, status: int
) -> None:
    receiver.answers.append(status)
    alert = raised()
    mail_due()
    assert mail_due() == 0
    assert len(receiver.got) == 1  # no redirect is followed, and nothing is hurried
    webhook.refresh_from_db()
    assert str(webhook.problem_wording) == f"The address answered with status {status}."
    pass_time(alert, minutes=1)
    mail_due()
    first, second = (json.loads(body) for _, body in receiver.got)
    assert first["delivery"] == second["delivery"]
    alert.refresh_from_db()
    assert alert.due_at is None


def test_an_alert_that_comes_and_goes_is_posted_once_in_half_an_hour(
    receiver: Receiver, webhook: Webhook
) -> None:
    raised()
    mail_due()
    end_alert(KEY, database_now())
    again = raised()
    mail_due()
    assert len(receiver.got) == 1
    pass_time(again, minutes=31)
    mail_due()
    assert len(receiver.got) == 2


def test_a_webhook_that_is_down_does_not_keep_mail_back_nor_mail_it(
    relay: ScriptedRelay, receiver: Receiver, webhook: Webhook, settings: Settings
) -> None:
    settings.EMAIL_HOST = "127.0.0.1"
    receiver.answers.append(503)
    alert = raised()
    assert mail_due() == 1
    pass_time(alert, minutes=1)
    assert mail_due() == 0
    assert len(relay.accepted) == 1
    assert len(receiver.got) == 2
    alert.refresh_from_db()
    assert alert.due_at is None


def test_neither_private_addresses_nor_plain_http(
    receiver: Receiver, webhook: Webhook, settings: Settings
) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = False
    assert posting.post_test(webhook) == posting.NOT_REACHED
    settings.ALLOW_PRIVATE_ADDRESSES = True
    webhook.url = webhook.url.replace("https:", "http:")
    assert posting.post_test(webhook) == posting.NOT_HTTPS
    assert receiver.got == []


def test_without_mail_or_webhook_nothing_is_due(receiver: Receiver) -> None:
    assert raised().due_at is None
    assert somebody_is_told()
    Webhook.objects.create(url=receiver.url, salt="salt")
    assert raised("another").due_at
    assert somebody_is_told() == []


def test_an_administrator_sets_tests_and_removes_it(receiver: Receiver) -> None:
    browser = Browser()
    browser.force_login(make_user(Role.ADMIN))
    for wrong in ("http://example.org/", "ftp://example.org/", "nowhere"):
        page = browser.post("/settings/alerts/", {"url": wrong})
        assert "Enter an address that begins with https://." in page.text
    assert not Webhook.objects.exists()

    browser.post("/settings/alerts/", {"url": receiver.url})
    first = key_of(Webhook.objects.get())
    page = browser.post("/settings/alerts/test/", follow=True).text
    assert "The test arrived." in page
    assert first in page
    assert json.loads(receiver.got[0][1])["alerts"][0]["key"] == "test"

    receiver.answers.append(410)
    assert "answered with status 410" in browser.post("/settings/alerts/test/", follow=True).text
    browser.post("/settings/alerts/key/")
    assert key_of(Webhook.objects.get()) != first
    browser.post("/settings/alerts/", {"url": ""})
    assert not Webhook.objects.exists()
    assert not Alert.objects.exists()
