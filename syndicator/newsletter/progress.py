"""How far a mailing has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Sum

from syndicator.clock import database_now
from syndicator.newsletter.models import MailingRecipient, RecipientState, Sender

#: Mails a second; what is slower cannot be told from standing still.
MEASURABLE = 0.05


def progress(mailing_id: int) -> dict[RecipientState, int]:
    """The number of a mailing's recipients in each state, zeros included; one query."""
    counted = (
        MailingRecipient.objects.filter(mailing=mailing_id)
        .values_list("state")
        .annotate(number=Count("pk"))
    )
    return dict.fromkeys(RecipientState, 0) | {
        RecipientState(state): number for state, number in counted
    }


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a mailing goes out: *rate* is mails a second, by so many workers."""

    rate: float
    senders: int

    def left(self, waiting: int) -> timedelta | None:
        """How long *waiting* mails will take at that; None if that cannot be said."""
        return timedelta(seconds=waiting / self.rate) if self.rate >= MEASURABLE else None


def pace(mailing_id: int) -> Pace:
    """One query."""
    living = Sender.objects.filter(mailing=mailing_id, until__gt=database_now())
    told = living.aggregate(rate=Sum("rate"), senders=Count("pk"))
    return Pace(told["rate"] or 0.0, told["senders"])
