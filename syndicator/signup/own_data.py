"""What is kept of a reader: to be shown, taken along as a file, and deleted."""

from __future__ import annotations

from typing import Any

from syndicator.newsletter import erasing
from syndicator.newsletter.models import MailingRecipient, Subscriber, Subscription
from syndicator.signup.models import Ask


def everything_about(subscriber: Subscriber) -> dict[str, Any]:
    """All that is kept, in JSON's types but for times, which are aware."""
    subscriptions = (
        Subscription.objects.filter(subscriber=subscriber)
        .select_related("blog")
        .prefetch_related("consents__text")
        .order_by("pk")
    )
    mails = (
        MailingRecipient.objects.filter(subscription__subscriber=subscriber)
        .order_by("pk")
        .values(
            "mailing__blog__title",
            "mailing__message__subject",
            "mailing__created_at",
            "address",
            "state",
            "accepted_at",
            "answer",
        )
    )
    return {
        "address": subscriber.email,
        "name": subscriber.name,
        "time_zone": subscriber.time_zone,
        "known_since": subscriber.created_at,
        "subscriptions": [_subscription(one) for one in subscriptions],
        "mails": [
            {
                "live_blog": mail["mailing__blog__title"],
                "subject": mail["mailing__message__subject"],
                "made_at": mail["mailing__created_at"],
                "address": mail["address"],
                "state": mail["state"],
                "accepted_at": mail["accepted_at"],
                "answer": mail["answer"],
            }
            for mail in mails
        ],
        "asked_for": [
            {
                "what": ask.kind,
                "live_blog": ask.blog.title if ask.blog else "",
                "asked_at": ask.asked_at,
                "asked_from": ask.asked_from,
                "kept_until": ask.ends_at,
            }
            for ask in Ask.objects.filter(address=subscriber.email).select_related("blog")
        ],
    }


def erase(subscriber: Subscriber) -> None:
    """Delete it all, links under way included; `erasing.MailUnderWay` if it has to wait."""
    address = subscriber.email
    erasing.erase(subscriber)
    Ask.objects.filter(address=address).delete()


def _subscription(one: Subscription) -> dict[str, Any]:
    return {
        "live_blog": one.blog.title,
        "page": one.blog.canonical_url,
        "state": one.state,
        "pace": one.pace,
        "daily_hour": one.daily_hour,
        "told_until": one.told_until,
        "confirmed_at": one.confirmed_at,
        "unsubscribed_at": one.unsubscribed_at,
        "consents": [
            {
                "text": consent.text.text,
                "version": consent.text.version,
                "asked_at": consent.asked_at,
                "asked_from": consent.asked_from,
                "confirmed_at": consent.confirmed_at,
                "confirmed_from": consent.confirmed_from,
            }
            for consent in one.consents.all()
        ],
    }
