"""Who is told of an entry at once, who by a digest, and what happens between when they change it.

Each entry reaches a reader by one of the two ways. Where a reader changes from one to the other,
the time an entry came in decides, not the time its mail is made: it may wait for an editor
meanwhile.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from syndicator.clock import database_now
from syndicator.entries.models import Entry, LiveBlog
from syndicator.newsletter.models import Pace, Subscription, SubscriptionState

AT_ONCE = (Pace.EVERY_ENTRY, Pace.KEY_EVENTS)
DIGESTS = (Pace.HOURLY, Pace.DAILY, Pace.AT_CLOSE)


def told_at_once(blog: LiveBlog, permalink: str, *, urgent: bool) -> QuerySet[Subscription]:
    """Who gets the mail of the entry at *permalink* by itself. *urgent*: a key event or breaking
    news."""
    paces = AT_ONCE if urgent else (Pace.EVERY_ENTRY,)
    active = Subscription.objects.filter(blog=blog, state=SubscriptionState.ACTIVE)
    entry = Entry.objects.filter(blog=blog, permalink=permalink).order_by("-pk").first()
    if entry is None:
        return active.filter(pace__in=paces)
    came = entry.in_force_at
    asked = Q(pace__in=paces) & (Q(at_once_from=None) | Q(at_once_from__lte=came))
    # They changed to digests, which begin behind it, while it waited.
    changed = Q(pace__in=DIGESTS, digests_from__gt=came) & Q(told_by=None)
    return active.filter(asked | changed)


def set_pace(subscription_id: int, pace: Pace, daily_hour: int | None = None) -> None:
    """Let a reader who is still subscribed have mail at *pace* from now on.

    Nothing is told twice, and nothing left out: who changes from digests to mail at once gets one
    last digest of what came in until now.
    """
    with transaction.atomic():
        chosen = (
            Subscription.objects.select_for_update()
            .filter(pk=subscription_id, state=SubscriptionState.ACTIVE)
            .first()
        )
        if chosen is None:
            return
        before, now = Pace(chosen.pace), database_now()
        chosen.pace = pace
        if daily_hour is not None:
            chosen.daily_hour = daily_hour
        if before in AT_ONCE and pace in DIGESTS:
            _to_digests(chosen, now)
        elif before in DIGESTS and pace in AT_ONCE:
            chosen.at_once_from = now
        chosen.save()


def awaits_last_digest() -> Q:
    """A condition on subscriptions: mail at once after digests, of which the last is to come."""
    heard = Coalesce("told_until", "confirmed_at")
    return Q(pace__in=AT_ONCE, at_once_from__isnull=False) & Q(at_once_from__gt=heard)


def begin_digests(blog: LiveBlog, now: datetime) -> None:
    """The blog's mails stop, and its digests begin for those who had mail at once."""
    _at_once(blog).update(digests_from=now, told_until=now, told_by=None, at_once_from=None)


def end_digests(blog: LiveBlog, now: datetime) -> None:
    """The blog's mails begin again for those who had digests instead of them."""
    _at_once(blog).filter(digests_from__isnull=False).update(at_once_from=now)


def _to_digests(chosen: Subscription, now: datetime) -> None:
    heard = chosen.told_until or chosen.confirmed_at
    if chosen.at_once_from and chosen.at_once_from > heard:
        # They have changed their mind before the last digest was made: it is not the last.
        chosen.at_once_from = None
        return
    chosen.digests_from, chosen.told_until, chosen.told_by = now, now, None


def _at_once(blog: LiveBlog) -> QuerySet[Subscription]:
    return Subscription.objects.filter(blog=blog, pace__in=AT_ONCE)
