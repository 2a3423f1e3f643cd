"""Mails to subscribers that are held, or of which nobody knows whether they arrived."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Min

from syndicator.clock import database_now
from syndicator.diagnosis.findings import Finding, Severity, note, problem
from syndicator.newsletter.claiming import due, tried
from syndicator.newsletter.models import (
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientState,
)
from syndicator.posts.sweep import STALLED
from syndicator.wording import TimedWording, Wording, gettext_noop

#: A relay that cannot be used for longer needs somebody.
HELD_LONG = timedelta(minutes=10)
#: Older ones are history: nobody can do anything about them any more.
LATELY = timedelta(days=7)
SHOWN = 5

HELD = gettext_noop("The mailing “%(subject)s” is held; next try at %(until)s.")
SEE_TO_THE_RELAY = Wording(gettext_noop("See to the mail server. It is tried again by itself."))
NOT_TAKEN = gettext_noop("Mails that are due and that no worker takes: %(count)s.")
START_MAILING = Wording(gettext_noop("Start the worker of the queue “mailing”."))
UNCERTAIN = gettext_noop(
    "Mails of the last week that may have arrived, or not; they are not sent again: %(count)s."
)


def mailings_go_on() -> list[Finding]:
    now = database_now()
    held = Mailing.objects.filter(
        state=MailingState.SENDING, reason__isnull=False, paused_until__isnull=False
    ).order_by("pk")
    return [_held(mailing, now) for mailing in held[:SHOWN]]


def _held(mailing: Mailing, now: datetime) -> Finding:
    gaps: dict[str, str | int | datetime] = {"subject": str(mailing)}
    gaps["until"] = mailing.paused_until or now
    long = mailing.created_at < now - HELD_LONG
    why = mailing.wording
    return Finding(
        Severity.PROBLEM if long else Severity.NOTE,
        TimedWording(HELD, gaps),
        mailing.created_at,
        TimedWording(why.sentence, why.gaps) if why else None,
        SEE_TO_THE_RELAY,
    )


def mails_are_sent() -> list[Finding]:
    sending = tried().filter(state=RecipientState.IN_FLIGHT)
    late = (
        due()
        .filter(due_at__lt=database_now() - STALLED)
        .exclude(mailing__in=sending.values("mailing"))
        .aggregate(count=Count("pk"), since=Min("due_at"))
    )
    if not late["count"]:
        return []
    return [
        problem(TimedWording(NOT_TAKEN, {"count": late["count"]}), START_MAILING, late["since"])
    ]


def mails_are_certain() -> list[Finding]:
    uncertain = MailingRecipient.objects.filter(
        state=RecipientState.UNCERTAIN, mailing__created_at__gt=database_now() - LATELY
    ).aggregate(count=Count("pk"), since=Min("mailing__created_at"))
    if not uncertain["count"]:
        return []
    return [note(TimedWording(UNCERTAIN, {"count": uncertain["count"]}), uncertain["since"])]
