"""Mailings to make in a test, and a client that makes them."""

from __future__ import annotations

from datetime import timedelta

from syndicator.channels.base import Message, Receipt
from syndicator.clock import database_now
from syndicator.destinations.accounts import account_of
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import (
    Mailing,
    MailingRecipient,
    RecipientState,
    Subscriber,
    Subscription,
)
from syndicator.newsletter.subscribing import subscribe
from tests.channels.email.stories import make_message

SOON = timedelta(seconds=10)


def send(destination: Destination, message: Message, key: str = "post-1") -> Receipt:
    client = destination.channel.client(account_of(destination))
    return client.send(message, key=key, deadline=SOON)


def make_mailing(destination: Destination, blog: LiveBlog, *addresses: str) -> Mailing:
    """A mailing about the usual story, just made, to *addresses*."""
    for address in addresses:
        subscribe(address, blog)
    receipt = send(destination, make_message(slug=blog.slug), key=f"post-{blog.pk}")
    return Mailing.objects.get(pk=int(receipt.remote_id.removeprefix("mailing-")))


def states(mailing: Mailing) -> dict[str, RecipientState]:
    """Each recipient's state by the address's first word."""
    return {
        recipient.address.partition("@")[0]: RecipientState(recipient.state)
        for recipient in mailing.recipients.order_by("id")
    }


def make_due(mailing: Mailing) -> None:
    """As if every wait and lease were over."""
    past = database_now() - timedelta(seconds=1)
    MailingRecipient.objects.filter(mailing=mailing, due_at__isnull=False).update(due_at=past)
    Mailing.objects.filter(pk=mailing.pk, paused_until__isnull=False).update(paused_until=past)


def subscribe_many(blog: LiveBlog, count: int) -> None:
    """So many readers, without asking each."""
    now = database_now()
    people = Subscriber.objects.bulk_create(
        [Subscriber(email=f"reader-{blog.pk}-{n}@reader.example") for n in range(count)], 1000
    )
    Subscription.objects.bulk_create(
        [Subscription(subscriber=one, blog=blog, confirmed_at=now) for one in people], 1000
    )
