"""Changing how often somebody gets mail, so that nothing reaches them twice."""

from __future__ import annotations

from django.db import transaction

from syndicator.clock import database_now
from syndicator.newsletter.models import Pace, Subscription, SubscriptionState

#: These get an entry's own mail; all others get digests.
AT_ONCE = (Pace.EVERY_ENTRY, Pace.KEY_EVENTS)


def set_pace(subscription_id: int, pace: Pace, daily_hour: int) -> None:
    """Set both, if the person is still subscribed.

    From one digest to another *told_until* stays, so that the next one begins where the last one
    ended. Who had every mail at once has been told until now: their first digest starts from here.
    """
    with transaction.atomic():
        row = (
            Subscription.objects.select_for_update()
            .filter(pk=subscription_id, state=SubscriptionState.ACTIVE)
            .first()
        )
        if row is None:
            return
        if row.pace in AT_ONCE and pace not in AT_ONCE:
            row.told_until = database_now()
        row.pace, row.daily_hour = pace, daily_hour
        row.save(update_fields=["pace", "daily_hour", "told_until"])
