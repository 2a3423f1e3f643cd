"""The second of the two opt-ins: whoever has the mail's link subscribes, and the proof is kept."""

from __future__ import annotations

import structlog
from django.db import transaction

from syndicator.clock import database_now
from syndicator.entrance.places import network
from syndicator.newsletter.models import Pace, Subscriber, Subscription
from syndicator.newsletter.subscribing import subscribe
from syndicator.signup import links
from syndicator.signup.models import Ask, AskKind, Consent

log = structlog.get_logger(__name__)


def confirm(token: str, from_address: str) -> Subscription | None:
    """Subscribe as was asked; None if the link was used before: it does nothing a second time,
    whatever has become of the subscription. `links.UnknownLink` if it is not good."""
    with transaction.atomic():
        ask = links.find(token, AskKind.SUBSCRIBE)
        now = database_now()
        # By one of all who press at once.
        if not Ask.objects.filter(pk=ask.pk, confirmed_at=None).update(confirmed_at=now):
            return None
        assert ask.blog is not None
        assert ask.consent is not None
        subscription = subscribe(
            ask.address,
            ask.blog,
            by_own_wish=True,
            pace=Pace(ask.pace),
            daily_hour=ask.daily_hour,
        )
        if ask.time_zone:
            Subscriber.objects.filter(pk=subscription.subscriber_id).update(time_zone=ask.time_zone)
        Consent.objects.create(
            subscription=subscription,
            text=ask.consent,
            asked_at=ask.asked_at,
            asked_from=ask.asked_from,
            confirmed_at=now,
            confirmed_from=network(from_address),
        )
        # Other mails about the same wish would bring them back after they have left.
        Ask.objects.filter(
            kind=AskKind.SUBSCRIBE, address=ask.address, blog=ask.blog, confirmed_at=None
        ).delete()
    log.info("subscription confirmed", subscription=subscription.pk, blog=ask.blog.pk)
    return subscription
