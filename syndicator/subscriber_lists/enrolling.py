"""Puts some people on the list of a live blog at once, in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from syndicator.clock import database_now
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace, Subscriber, Subscription, SubscriptionState
from syndicator.newsletter.suppressing import refusal, standing
from syndicator.subscriber_lists.columns import Person
from syndicator.subscriber_lists.outcomes import Fate, Outcome


def enrol(
    people: Mapping[int, Person], blog: LiveBlog, pace: Pace, begun: datetime
) -> list[Outcome]:
    """What becomes of each of *people*, who are called by the lines they stand on.

    Their digests begin with the hour in which the import was *begun*: the same one for all.
    Whoever has left stays away, here or in the list; who is there stays as they are. To be called
    within a transaction.
    """
    now = database_now()
    first: dict[str, int] = {}
    for line, person in people.items():
        first.setdefault(person.email, line)
    gone = standing(first, blog)
    ids = _subscribers({email: people[line] for email, line in first.items() if email not in gone})
    known = {
        subscription.subscriber_id: subscription
        for subscription in Subscription.objects.select_for_update().filter(
            blog=blog, subscriber__in=ids.values()
        )
    }
    new: list[Subscription] = []
    leaving: list[Subscription] = []
    outcomes = []
    for line, person in people.items():
        subscription = known.get(ids.get(person.email, 0))
        if person.email in gone:
            outcomes.append(Outcome(line, Fate.STAYS_AWAY, reason=refusal(gone[person.email])))
            continue
        if first[person.email] != line:
            fate = Fate.THERE
        elif subscription is None:
            new.append(_subscription(person, ids[person.email], blog, pace, now, begun))
            fate = Fate.LEFT if person.left else Fate.ADDED
        elif subscription.state != SubscriptionState.ACTIVE:
            fate = Fate.STAYS_AWAY
        elif person.left and (person.left_at or now) > subscription.confirmed_at:
            leaving.append(_ended(subscription, person.left_at or now))
            fate = Fate.LEFT
        else:
            fate = Fate.THERE
        outcomes.append(Outcome(line, fate))
    Subscription.objects.bulk_create(new, ignore_conflicts=True)
    Subscription.objects.bulk_update(leaving, ["state", "unsubscribed_at"])
    return outcomes


def _subscribers(people: Mapping[str, Person]) -> dict[str, int]:
    """The primary keys of *people* by their addresses; who is new is made."""
    Subscriber.objects.bulk_create(
        (
            Subscriber(email=person.email, name=person.name, time_zone=person.time_zone)
            for person in people.values()
        ),
        ignore_conflicts=True,
    )
    return dict(Subscriber.objects.filter(email__in=people).values_list("email", "pk"))


def _subscription(
    person: Person, subscriber_id: int, blog: LiveBlog, pace: Pace, now: datetime, begun: datetime
) -> Subscription:
    made = Subscription(
        subscriber_id=subscriber_id,
        blog=blog,
        pace=person.pace or pace,
        told_until=now,
        confirmed_at=min(person.confirmed_at or now, now),
    )
    if made.pace != Pace.AT_CLOSE:
        # They may have been readers for years, elsewhere.
        made.digests_from = begun.replace(minute=0, second=0, microsecond=0)
    if person.daily_hour is not None:
        made.daily_hour = person.daily_hour
    return _ended(made, person.left_at or now) if person.left else made


def _ended(subscription: Subscription, at: datetime) -> Subscription:
    subscription.state = SubscriptionState.UNSUBSCRIBED
    subscription.unsubscribed_at = at
    return subscription
