"""Deletes what is known of a person, and remembers of their address only that no import counts."""

from __future__ import annotations

import structlog
from django.db import transaction

from syndicator.clock import database_now
from syndicator.newsletter.models import (
    MailingRecipient,
    RecipientState,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from syndicator.newsletter.suppressing import key_of, suppress

log = structlog.get_logger(__name__)


class MailUnderWay(Exception):
    """A mail to the person is being handed in right now: in a minute its fate is known."""


def erase(subscriber: Subscriber) -> None:
    """Delete *subscriber*, the subscriptions and whatever hangs on them.

    Mails that were sent stay as numbers, without address and answer. `MailUnderWay` if it has to
    wait; by then the person has left all lists, so that it does not have to for long.
    """
    subscriptions = Subscription.objects.filter(subscriber=subscriber)
    # Committed first: from then on no further mail of theirs is begun.
    subscriptions.filter(state=SubscriptionState.ACTIVE).update(
        state=SubscriptionState.UNSUBSCRIBED, unsubscribed_at=database_now()
    )
    with transaction.atomic():
        pks = list(subscriptions.values_list("pk", flat=True))
        received = MailingRecipient.objects.filter(subscription__in=pks)
        if received.filter(state=RecipientState.IN_FLIGHT).exists():
            raise MailUnderWay
        received.filter(state=RecipientState.QUEUED).update(
            state=RecipientState.SUPPRESSED, due_at=None
        )
        received.update(address="", answer="", reason=None, subscription=None)
        known = Suppression.objects.filter(key=key_of(subscriber.email))
        known.update(address="", detail="")
        suppress({subscriber.email: ""}, SuppressionReason.ERASED, database_now())
        subscriber.delete()
    log.info("subscriber erased", subscriptions=len(pks))
