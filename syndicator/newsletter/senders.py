"""Who is sending a mailing at present, and how many connections each may open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.db.models import Sum

from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.newsletter.journal import Journal
from syndicator.newsletter.lanes import senders_wanted
from syndicator.newsletter.limits import Limits
from syndicator.newsletter.models import Lane, Mailing, Sender

#: How long a sender counts that has said nothing; a journal on this machine tells sooner.
SILENCE = timedelta(seconds=30)
#: Where nothing else is set.
CONNECTIONS = 20


@contextmanager
def at_work(mailing: Mailing, limits: Limits) -> Iterator[tuple[Sender, Journal] | None]:
    """Join those who send *mailing*; None if there are enough, or no connection is free."""
    journal = Journal()
    try:
        sender = _joined(mailing, limits, journal.token)
        if sender is None:
            yield None
        else:
            yield sender, journal
            sender.delete()
    except BaseException:
        journal.leave()
        raise
    journal.end()


def still_here(sender: Sender, rate: float) -> None:
    """Say that *sender* lives, and hands in *rate* mails a second."""
    Sender.objects.filter(pk=sender.token).update(rate=rate, until=database_now() + SILENCE)


def _joined(mailing: Mailing, limits: Limits, token: str) -> Sender | None:
    with transaction.atomic(durable=True):
        # One at a time: they share the relay's connections.
        Destination.objects.select_for_update(no_key=True).only("pk").get(pk=mailing.destination_id)
        now = database_now()
        living = Sender.objects.filter(mailing__destination=mailing.destination_id, until__gt=now)
        wanted = senders_wanted(mailing)
        if living.filter(mailing=mailing.pk).count() >= wanted:
            return None
        connections = CONNECTIONS
        if limits.connections:
            taken = living.aggregate(taken=Sum("connections"))["taken"] or 0
            free = limits.connections - taken
            if mailing.lane != Lane.BREAKING:
                free -= limits.reserved
            connections = min(free, -(-limits.connections // wanted))
        if connections < 1:
            return None
        return Sender.objects.create(
            token=token, mailing=mailing, connections=connections, until=now + SILENCE
        )
