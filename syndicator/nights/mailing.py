"""Mails what happened in the night: one mail for each person and day, never a second.

Claim (a row for person and day, committed), hand in (outside any transaction), record. Who dies
between handing in and recording leaves a claim that nobody takes up: a missing mail costs a look
at the page.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from syndicator.alerts.relay import Relay
from syndicator.clock import database_now
from syndicator.entries.models import LiveBlog
from syndicator.nights.letter import compose
from syndicator.nights.models import NightMail, ToldNight
from syndicator.nights.report import Night, report
from syndicator.outbound.deadline import Deadline

log = structlog.get_logger(__name__)

#: One mail is handed in within this time.
DEADLINE = timedelta(seconds=20)
#: One task claims no further mail after this.
SPAN = timedelta(seconds=25)
#: A mail that could not go out at its hour is of use for so long.
LATE = timedelta(hours=3)
AGAIN = timedelta(minutes=10)


def mail_due() -> int:
    """Hand in the mails whose hour has come; their number."""
    if not settings.EMAIL_HOST:
        return 0
    began = database_now()
    handed_in = 0
    for wish, night in list(_wanted(began)):
        if database_now() - began > SPAN:
            break
        told = _claim(wish, night)
        if told is not None:
            handed_in += _hand_in(wish, night, told)
    return handed_in


def zone_of(blog: LiveBlog | None) -> str:
    """The zone of *blog*, or of the newest one."""
    chosen = blog or LiveBlog.objects.order_by("-pk").first()
    return chosen.time_zone if chosen else settings.TIME_ZONE


def _wanted(now: datetime) -> Iterator[tuple[NightMail, Night]]:
    wishes = NightMail.objects.filter(user__is_active=True).exclude(user__email="")
    for wish in wishes.select_related("user", "blog").order_by("pk"):
        zone = zone_of(wish.blog)
        night = Night(now.astimezone(ZoneInfo(zone)).date(), wish.hour, zone)
        if night.end <= now < night.end + LATE:
            yield wish, night


def _claim(wish: NightMail, night: Night) -> ToldNight | None:
    """Take the mail for this try, and commit that; None if it is somebody else's, or done."""
    now = database_now()
    try:
        with transaction.atomic(durable=True):
            return ToldNight.objects.create(user=wish.user, day=night.day, claimed_at=now)
    except IntegrityError:
        pass
    again = ToldNight.objects.filter(user=wish.user, day=night.day, sent_at=None, due_at__lte=now)
    if not again.update(due_at=None, claimed_at=now, tries=F("tries") + 1):
        return None
    return ToldNight.objects.get(user=wish.user, day=night.day)


def _hand_in(wish: NightMail, night: Night, told: ToldNight) -> bool:
    row = ToldNight.objects.filter(pk=told.pk)
    mail = compose(wish, night, report(night, wish.blog))
    opened = False
    try:
        with Deadline(DEADLINE) as limit, Relay(limit) as relay:
            opened = True
            relay.send_messages([mail])
    except (OSError, ValueError) as error:  # ValueError: an address that cannot be written
        log.warning("the night was not mailed", to=mail.to, error=str(error))
        if not opened or _says_later(error):
            row.update(due_at=database_now() + AGAIN)
        return False
    row.update(sent_at=database_now())
    log.info("the night was mailed", to=mail.to)
    return True


def _says_later(error: Exception) -> bool:
    """Whether the mail server took nothing, and may another time (RFC 5321, 4.2.1)."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
        case smtplib.SMTPResponseException():
            codes = [error.smtp_code]
        case _:
            return False
    return all(400 <= code < 500 for code in codes)
