"""Deletes what is known of a person, and remembers of their address only that no import counts."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from django.db import transaction
from django.utils.crypto import salted_hmac

from syndicator.clock import database_now
from syndicator.newsletter.models import (
    ErasedAddress,
    MailingRecipient,
    RecipientState,
    Subscriber,
    Subscription,
    SubscriptionState,
)

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
        ErasedAddress.objects.get_or_create(
            key=_key(subscriber.email), defaults={"erased_at": database_now()}
        )
        subscriber.delete()
    log.info("subscriber erased", subscriptions=len(pks))


def erased_among(addresses: Iterable[str]) -> set[str]:
    """Those of *addresses*, in the form `subscribing.normalise` gives them, that were erased."""
    by_key = {_key(address): address for address in addresses}
    keys = ErasedAddress.objects.filter(key__in=by_key).values_list("key", flat=True)
    return {by_key[key] for key in keys}


def welcome_back(address: str) -> None:
    """The person of *address* has asked for mail again, and proved that it is theirs."""
    ErasedAddress.objects.filter(key=_key(address)).delete()


def _key(address: str) -> str:
    return salted_hmac("syndicator.newsletter.erased", address, algorithm="sha256").hexdigest()
