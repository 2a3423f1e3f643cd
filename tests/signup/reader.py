"""A reader with a browser without cookies and with a mailbox on the scripted relay."""

from __future__ import annotations

import email
import re
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client

from syndicator.entrance.models import FailedTries
from syndicator.signup.mailing import mail_due
from syndicator.signup.models import Ask
from tests.channels.email.scripted_relay import ScriptedRelay

ANNA = "anna@reader.example"
PAGE = "/newsletter/subscribe/rat/"
LOST = "/newsletter/preferences/"


def fill_in(
    address: str = ANNA, *, at: str = PAGE, place: str = "192.0.2.7", **fields: str
) -> HttpResponse:
    """Send the form of another website, which has neither cookie nor token."""
    return Client(enforce_csrf_checks=True).post(
        at, {"email": address, "consent": "1", **fields}, REMOTE_ADDR=place
    )


def mailbox(relay: ScriptedRelay, address: str = ANNA) -> list[EmailMessage]:
    """What arrived at *address*, after everything due was handed in."""
    mail_due()
    return [email.message_from_bytes(raw, policy=policy.default) for raw in relay.mails_to(address)]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part
    return str(part.get_content()).replace("\r\n", "\n")


def link_in(mail: EmailMessage, page: str) -> str:
    """The path of the link to *page* (“confirm”, “preferences”, “own-data”)."""
    found = re.search(rf"^http\S+/newsletter/{page}/\S+/$", text_of(mail), re.MULTILINE)
    assert found, text_of(mail)
    return urlsplit(found[0]).path


def time_passes(by: timedelta) -> None:
    """As if all that was asked had been asked that much earlier."""
    for ask in Ask.objects.all():
        ask.asked_at -= by
        ask.ends_at -= by
        ask.due_at = ask.due_at and ask.due_at - by
        ask.save()
    for row in FailedTries.objects.all():
        row.last_at -= by
        row.wait_until = row.wait_until and row.wait_until - by
        row.save()
