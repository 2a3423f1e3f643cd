"""A mailbox that is read, a server that is handed mail, and a provider that calls."""

from __future__ import annotations

import base64
import hmac
import json
import smtplib
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client as Browser
from django.urls import reverse

from syndicator.alerts.models import Alert
from syndicator.channels.base import Account, Unauthorised
from syndicator.channels.email.mailbox import Box
from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import MailingRecipient, RecipientState, Suppression
from syndicator.returns import listening, reading_box
from syndicator.returns.listening import Listener
from syndicator.returns.models import ReturnBox
from syndicator.returns.reading_box import boxes_due, read_box
from tests.factories import make_destination
from tests.ports import quiet_port
from tests.returns.conftest import RETURN_ADDRESS
from tests.returns.imap_server import PASSWORD, USERNAME, ImapServer, serving_imap
from tests.returns.mails import gone_out, path_of, sample

pytestmark = pytest.mark.django_db

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    with serving_imap() as server:
        yield server


@pytest.fixture
def boxed(imap: ImapServer) -> Destination:
    return make_destination(
        "email",
        "smtp://127.0.0.1:9",
        return_address=RETURN_ADDRESS,
        return_box=imap.url,
        return_username=USERNAME,
        return_password=PASSWORD,
    )


def state_of(recipient: MailingRecipient) -> str:
    recipient.refresh_from_db()
    return recipient.state


def crlf(mail: bytes) -> bytes:
    return mail.replace(b"\n", b"\r\n")


def make_box_due() -> None:
    ReturnBox.objects.update(due_at=database_now() - timedelta(seconds=1))


# --- A mailbox -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_mailbox_is_read_and_marked(imap: ImapServer, boxed: Destination, blog: LiveBlog) -> None:
    one, other = gone_out(boxed, blog, "ada@reader.example", "bob@reader.example")
    bounce = imap.put(sample("postfix", one))
    letter = imap.put(sample("letter", other))
    away = imap.put(sample("out-of-office", other))
    assert boxes_due(database_now()) == [boxed.pk]

    assert read_box(boxed.pk) == 3

    assert (state_of(one), state_of(other)) == (RecipientState.BOUNCED, RecipientState.ACCEPTED)
    assert imap.flags == {
        bounce: {r"\Seen"},
        letter: {r"\Seen", r"\Flagged"},
        away: {r"\Seen"},
    }
    assert boxes_due(database_now()) == []
    make_box_due()
    assert read_box(boxed.pk) == 0
    assert ReturnBox.objects.get().read_at is not None


@pytest.mark.django_db(transaction=True)
def test_who_is_cut_off_before_marking_reads_it_again_to_no_effect(
    imap: ImapServer, boxed: Destination, blog: LiveBlog
) -> None:
    (recipient,) = gone_out(boxed, blog, "ada@reader.example")
    number = imap.put(sample("postfix", recipient))
    imap.cut_before = {"STORE"}

    assert read_box(boxed.pk) == 0

    assert state_of(recipient) == RecipientState.BOUNCED, "committed before it is marked"
    assert imap.flags[number] == set()
    assert ReturnBox.objects.get().wording is not None
    imap.cut_before = set()
    make_box_due()
    assert read_box(boxed.pk) == 1
    assert imap.flags[number] == {r"\Seen"}
    assert Suppression.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_database_that_fails_leaves_the_mail_unmarked(
    imap: ImapServer, boxed: Destination, blog: LiveBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    (recipient,) = gone_out(boxed, blog, "ada@reader.example")
    number = imap.put(sample("postfix", recipient))

    def fail(*_: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(reading_box, "take_in", fail)
    with pytest.raises(DatabaseError):
        read_box(boxed.pk)

    assert imap.flags[number] == set()


@pytest.mark.django_db(transaction=True)
def test_one_reader_at_a_time(imap: ImapServer, boxed: Destination) -> None:
    imap.put(b"Subject: x\n\n")
    ReturnBox.objects.create(
        destination=boxed, due_at=database_now() + timedelta(minutes=3), epoch=1
    )

    assert read_box(boxed.pk) == 0
    assert imap.commands == []


@pytest.mark.django_db(transaction=True)
def test_a_wrong_password_is_told_after_a_while_and_never_repeated(
    imap: ImapServer, boxed: Destination, caplog: pytest.LogCaptureFixture
) -> None:
    boxed.configure({**boxed.settings, "return_password": "geheim-99"})
    boxed.save()

    for tries in range(3):
        assert not Alert.objects.exists(), tries
        make_box_due()
        read_box(boxed.pk)

    alert = Alert.objects.get()
    assert "refuses the mailbox's user name or password" in str(alert.text_wording)
    assert "geheim-99" not in f"{alert.text} {caplog.text} {ReturnBox.objects.values()}"
    boxed.configure({**boxed.settings, "return_password": PASSWORD})
    boxed.save()
    make_box_due()
    read_box(boxed.pk)
    alert.refresh_from_db()
    assert alert.ended_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_server_that_names_a_huge_length_is_not_waited_for(
    imap: ImapServer, boxed: Destination
) -> None:
    imap.put(b"Subject: x\n\n")
    imap.boast = 10**12

    assert read_box(boxed.pk) == 0
    assert ReturnBox.objects.get().wording is not None


@pytest.mark.parametrize(
    "url",
    [
        "imap://mail.example",
        "https://mail.example",
        "imaps://user:pass@mail.example",
        "imaps://",
        "imaps://mail.example/INBOX%0d%0aX",
        "imaps://mail.example:99999999",
    ],
)
def test_a_mailbox_that_is_none_or_read_in_the_open_is_refused(url: str) -> None:
    with pytest.raises(Unauthorised):
        Box.from_account(Account("smtp://127.0.0.1", {"return_box": url}))


# --- A mail server that hands over ---------------------------------------------------------------


@pytest.fixture(params=[True, False], ids=["lmtp", "smtp"])
def handing_over(request: pytest.FixtureRequest) -> Iterator[smtplib.SMTP]:
    lmtp, port = request.param, quiet_port()
    listener = Listener("127.0.0.1", port, lmtp=lmtp)
    listener.start()
    speaks = smtplib.LMTP if lmtp else smtplib.SMTP
    with speaks("127.0.0.1", port) as session:
        yield session
    listener.stop()


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_hands_returned_mail_over(
    handing_over: smtplib.SMTP, destination: Destination, blog: LiveBlog
) -> None:
    (recipient,) = gone_out(destination, blog, "ada@reader.example")

    # Not all that passes a report on keeps its lines short (RFC 5321, 4.5.3.1.6).
    mail = crlf(sample("qmail", recipient, "postmaster@x.y")) + b"x" * 5000
    handing_over.sendmail("", [path_of(recipient)], mail)

    assert state_of(recipient) == RecipientState.BOUNCED
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        handing_over.sendmail("", ["somebody@paper.example"], b"Subject: x\r\n\r\n")
    assert next(iter(refused.value.recipients.values()))[0] == 550


@pytest.mark.django_db(transaction=True)
def test_it_comes_again_if_the_database_did_not_take_it(
    handing_over: smtplib.SMTP,
    destination: Destination,
    blog: LiveBlog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (recipient,) = gone_out(destination, blog, "ada@reader.example")

    def fail(*_: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(listening, "take_in", fail)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        handing_over.sendmail("", [path_of(recipient)], crlf(sample("postfix", recipient)))

    assert refused.value.smtp_code == 451


# --- A provider that calls -----------------------------------------------------------------------


def sign(body: bytes, *, key: str = KEY, age: int = 0, name: str = "msg_1") -> dict[str, str]:
    stamp = int(database_now().timestamp()) - age
    secret = base64.b64decode(key.removeprefix("whsec_"))
    mac = hmac.new(secret, f"{name}.{stamp}.".encode() + body, sha256).digest()
    return {
        "webhook-id": name,
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"v1,b2xk v1,{base64.b64encode(mac).decode()}",
    }


@pytest.fixture
def provided() -> Destination:
    return make_destination("email", "smtp://127.0.0.1:9", return_webhook_key=KEY)


def call(destination: Destination, body: bytes, headers: dict[str, str], **options: Any) -> int:
    answer = Browser(enforce_csrf_checks=True).post(
        reverse("returns:event", args=[destination.pk]),
        body,
        headers=headers,
        **{"content_type": "application/json", **options},
    )
    return answer.status_code


def test_a_provider_reports_a_bounce_and_a_complaint(provided: Destination, blog: LiveBlog) -> None:
    one, other = gone_out(provided, blog, "ada@reader.example", "bob@reader.example")
    bounce = {"message_id": one.message_id, "status": "5.1.1", "answer": "550 5.1.1 no such user"}
    complaint = {"message_id": other.message_id}

    for kind, data in (("mail.bounced", bounce), ("mail.complained", complaint)):
        body = json.dumps({"type": kind, "data": data}).encode()
        assert call(provided, body, sign(body)) == 204
        assert call(provided, body, sign(body)) == 204

    assert (state_of(one), state_of(other)) == (RecipientState.BOUNCED, RecipientState.COMPLAINED)
    assert Suppression.objects.count() == 2


def test_a_provider_passes_a_returned_mail_on(provided: Destination, blog: LiveBlog) -> None:
    (recipient,) = gone_out(provided, blog, "ada@reader.example")
    mail = sample("postfix", recipient)

    assert call(provided, mail, sign(mail), content_type="message/rfc822") == 204
    assert state_of(recipient) == RecipientState.BOUNCED


def test_an_unsigned_old_or_foreign_call_does_nothing(
    provided: Destination, destination: Destination, blog: LiveBlog
) -> None:
    (recipient,) = gone_out(provided, blog, "ada@reader.example")
    data = {"message_id": recipient.message_id, "status": "5.1.1"}
    body = json.dumps({"type": "mail.bounced", "data": data}).encode()
    other = make_destination("email", "smtp://127.0.0.1:9", return_webhook_key=KEY)

    assert call(provided, body, {}) == 401
    assert call(provided, body, sign(body, age=400)) == 401
    assert call(provided, body, sign(body, key="whsec_" + "A" * 32)) == 401
    assert call(provided, body + b" ", sign(body)) == 401
    assert call(destination, body, sign(body)) == 401, "no key, so nobody may call"
    assert call(other, body, sign(body)) == 204, "signed, but it is not that destination's mail"
    assert state_of(recipient) == RecipientState.ACCEPTED


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"type": 1, "data": {}}', 400),
        (b'{"type": "mail.bounced", "data": []}', 400),
        (b"[" * 100_000, 400),
        (b'{"type": "mail.opened", "data": {}}', 204),
        (b'{"type": "mail.bounced", "data": {"message_id": 7, "return_path": "\\ud800@x"}}', 204),
        (b'{"type": "mail.bounced", "data": {"message_id": "a\\u0000b"}}', 204),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_a_provider_says_is_not_trusted_to_make_sense(
    body: bytes, status: int, provided: Destination
) -> None:
    assert call(provided, body, sign(body)) == status
