"""Picks up what a lost worker or ring left behind. Idempotent: it may run at any time, often."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from syndicator.clock import database_now
from syndicator.newsletter.claiming import LEASE, tried
from syndicator.newsletter.fanout import RELAY_PAUSE, close_finished
from syndicator.newsletter.lanes import ring, senders_wanted, unattended
from syndicator.newsletter.models import (
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientState,
    Sender,
)
from syndicator.newsletter.recording import BACKOFF
from syndicator.newsletter.senders import SILENCE
from syndicator.newsletter.settling import settle
from syndicator.newsletter.taking_back import stop_cancelled, stop_withdrawn
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: Clocks are set by less all the time.
TRIFLE = timedelta(seconds=2)
#: Older mail is not sent again by itself.
STILL_NEWS = timedelta(days=1)

LEASE_OVER = Wording(
    gettext_noop("The worker that was sending this mail did not come back; it may be out.")
)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep found: mails that became uncertain; mailings rung again; mailings done."""

    abandoned: int
    rung: int
    finished: int

    def __bool__(self) -> bool:
        return any((self.abandoned, self.rung, self.finished))


def mark_abandoned(now: datetime, *, senders_are_dead: bool = False) -> int:
    """Make mails uncertain whose sender's lease is over; the number of them.

    With *senders_are_dead*, known from elsewhere, leases that still run are not waited for. What
    the senders' journals tell is heeded first.
    """
    settle()
    senders = Sender.objects.all() if senders_are_dead else Sender.objects.filter(until__lte=now)
    senders.delete()
    in_flight = tried().filter(state=RecipientState.IN_FLIGHT)
    if not senders_are_dead:
        in_flight = in_flight.filter(due_at__lte=now)
    return in_flight.update(
        state=RecipientState.UNCERTAIN, due_at=None, reason=LEASE_OVER.to_json()
    )


def bring_times_into_line(now: datetime) -> int:
    """End waits that no right clock can have written: it was ahead, and has been set back since.

    The number of mails and mailings that would have waited for as long as it was wrong.
    """
    in_flight = tried().filter(state=RecipientState.IN_FLIGHT, due_at__gt=now + LEASE + TRIFLE)
    sending = Mailing.objects.filter(state=MailingState.SENDING).values_list("pk", flat=True)
    untried = MailingRecipient.objects.filter(
        mailing__in=list(sending), state=RecipientState.QUEUED, attempts=0
    )
    waiting = tried().filter(state=RecipientState.QUEUED)
    paused = Mailing.objects.filter(
        state=MailingState.SENDING, paused_until__gt=now + RELAY_PAUSE + TRIFLE
    )
    # To the longest wait that is possible, not to none: this process may have been stopped since
    # it read the clock, and then true waits seem too long by that.
    shortened = sum(
        waiting.filter(
            # An editor may have had more tries made.
            **{"attempts__gte" if wait == BACKOFF[-1] else "attempts": attempts},
            due_at__gt=now + wait + TRIFLE,
        ).update(due_at=now + wait)
        for attempts, wait in enumerate(BACKOFF, start=1)
    )
    return (
        untried.filter(due_at__gt=now + TRIFLE).update(due_at=now)
        + shortened
        + in_flight.update(due_at=now + LEASE)
        + paused.update(paused_until=now + RELAY_PAUSE)
        + Sender.objects.filter(until__gt=now + SILENCE + TRIFLE).update(until=now + SILENCE)
    )


def send_again(now: datetime) -> int:
    """Put uncertain mails in line once more where that is wished for; the number of them.

    Once: whoever had it twice already must not get it a third time.
    """
    mailings = Mailing.objects.filter(
        state__in=(MailingState.SENDING, MailingState.DONE),
        created_at__gt=now - STILL_NEWS,
        destination__settings__uncertain="again",
    )
    again = MailingRecipient.objects.filter(
        mailing__in=list(mailings.values_list("pk", flat=True)),
        state=RecipientState.UNCERTAIN,
        attempts__lt=2,
    )
    with transaction.atomic():
        of = set(again.values_list("mailing", flat=True))
        number = again.update(state=RecipientState.QUEUED, due_at=now)
        mailings.filter(pk__in=of, state=MailingState.DONE).update(state=MailingState.SENDING)
    return number


def sweep() -> Swept:
    now = database_now()
    if ahead := bring_times_into_line(now):
        log.error("the database's clock was set back", rows=ahead)
    abandoned = mark_abandoned(now)
    if again := send_again(now):
        log.warning("uncertain mails are sent again", mails=again)
    if stopped := stop_withdrawn():
        log.info("stopped mails of withdrawn entries", mails=stopped)
    if stopped := stop_cancelled():
        log.info("stopped mails of cancelled mailings", mails=stopped)
    # Where somebody is at it they will go on with the rest.
    waiting = list(unattended())
    for mailing in waiting:
        ring(mailing, senders_wanted(mailing))
    swept = Swept(abandoned, len(waiting), close_finished())
    if swept:
        log.info("swept mailings", **asdict(swept))
    return swept
