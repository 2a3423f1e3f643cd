"""Sorts out the mails of senders that were killed, by the journals they left on this machine.

Each was not begun (it waits again), or answered (that is recorded), or its dot was written and no
answer read: only these are uncertain, at most one for each connection that was open.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import structlog
from django.db import transaction
from django.db.models import QuerySet

from syndicator.channels.base import Outcome
from syndicator.newsletter.journal import Found, forget, journals, left_behind
from syndicator.newsletter.models import MailingRecipient, RecipientState, Sender
from syndicator.newsletter.recording import Fate, record
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

AT_ONCE = 5000

KILLED = Wording(
    gettext_noop(
        "The worker was stopped after it handed the mail over and before it read the answer; "
        "it may be out."
    )
)


def settle() -> int:
    """Settle what dead senders left behind; the number of mails whose fate is known by that."""
    settled = 0
    for path in journals():
        with left_behind(path) as found:
            if found is not None:
                settled += _settle(found)
    return settled


def _settle(found: Found) -> int:
    with transaction.atomic():
        fates = list(_answered(found))
        unsure = 0
        known = {fate.pk for fate in fates}
        for pk, epoch, attempts, state in _open(found).values_list(
            "pk", "epoch", "attempts", "state"
        ):
            in_flight = state == RecipientState.IN_FLIGHT
            if pk in known:
                continue
            if (pk, epoch) in found.begun:
                if in_flight:
                    reason = KILLED.to_json()
                    fates.append(Fate(pk, epoch, attempts, Outcome.UNKNOWN, reason=reason))
            elif found.complete:
                fates.append(Fate(pk, epoch, attempts, None))
            elif in_flight:
                unsure += 1  # until its lease is over: the sender may live on another machine
        record(fates)
        if not unsure:
            Sender.objects.filter(token=found.token).delete()
    if not unsure:
        forget(found)
    log.warning("settled what a dead sender left", mails=len(fates), unsure=unsure)
    return len(fates)


def _open(found: Found) -> QuerySet[MailingRecipient]:
    return MailingRecipient.objects.filter(
        sender=found.token, state__in=(RecipientState.IN_FLIGHT, RecipientState.UNCERTAIN)
    )


def _answered(found: Found) -> Iterator[Fate]:
    """What relays said about mails of which the database knows no more than that they wait."""
    unended = MailingRecipient.objects.filter(
        state__in=(RecipientState.QUEUED, RecipientState.IN_FLIGHT, RecipientState.UNCERTAIN)
    )
    keys = iter(found.answered)
    while some := list(islice(keys, AT_ONCE)):
        for pk, epoch, state in unended.filter(pk__in=[pk for pk, _ in some]).values_list(
            "pk", "epoch", "state"
        ):
            fate = found.answered.get((pk, epoch))
            if fate is None:
                continue
            # What waits was recorded as put off; only an end can have been missed.
            ended = fate.outcome in (Outcome.ACCEPTED, Outcome.REJECTED)
            if ended or state == RecipientState.IN_FLIGHT:
                yield fate
