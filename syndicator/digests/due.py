"""Which readers are due a digest, in groups that are told the same.

A group has had the same digests before; those that had none yet miss the same entries. Its readers
are never loaded: what is read is how many there are of each kind, and a condition on rows says who
belongs to a group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Coalesce, TruncHour

from syndicator.destinations.models import Policy, Route
from syndicator.digests.news import Newsroom
from syndicator.digests.schedule import beginning_of_day, last_daily, last_hour
from syndicator.newsletter.models import Pace, Subscription, SubscriptionState
from syndicator.newsletter.pacing import AT_ONCE, DIGESTS, awaits_last_digest

HOUR = timedelta(hours=1)
#: Kinds of readers in one group: a database takes only so many alternatives in a condition. After
#: a long standstill those beyond it get a digest of their own.
MOST_KINDS = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """So many readers who chose and heard the same. *due_at* is when they are due, *pace* how."""

    pace: Pace
    chosen: Pace
    daily_hour: int
    zone: str
    follows: int | None
    digests_from: datetime | None
    joined: datetime
    until: datetime | None
    due_at: datetime
    number: int

    @property
    def place(self) -> tuple[object, ...]:
        """Kinds with the same one differ only in when their digests began."""
        daily = (self.daily_hour, self.zone) if self.chosen == Pace.DAILY else ()
        return (self.chosen, self.follows, self.digests_from is None, self.due_at, *daily)

    def begins(self, zone: str) -> datetime | None:
        """Since when they are told what comes in; None: since the live blog began. *zone* is the
        live blog's. Who joins is told what came in since the hour, or since the day began."""
        if self.digests_from or self.pace == Pace.AT_CLOSE:
            return self.digests_from
        return beginning_of_day(self.joined, zone) if self.pace == Pace.DAILY else self.joined


@dataclass(frozen=True, slots=True)
class Group:
    """Readers of one blog who are told the same in one digest, at *due_at*.

    *follows* is the mailing of the last one they had. If they had none, their digests begin at
    *begins* (None: with the live blog). What comes in from *until* on reaches them at once. *name*
    stays the same until they are told.
    """

    pace: Pace
    follows: int | None
    begins: datetime | None
    until: datetime | None
    due_at: datetime
    name: str
    kinds: tuple[Kind, ...]

    @property
    def number(self) -> int:
        return sum(kind.number for kind in self.kinds)

    def readers(self, blog_id: int) -> QuerySet[Subscription]:
        """Its subscriptions, as they are when this is asked of the database."""
        heard = Coalesce("told_until", "confirmed_at")
        alike: dict[tuple[object, ...], list[Kind]] = {}
        for kind in self.kinds:
            alike.setdefault(kind.place, []).append(kind)
        return (
            _active(blog_id)
            .alias(heard=heard)
            .filter(reduce(or_, (_condition(kinds) for kinds in alike.values())))
        )


def groups(route: Route, newsroom: Newsroom, kinds: Iterable[Kind]) -> list[Group]:
    """*kinds* of readers of the route's live blog as groups, in a stable order."""
    zone = route.blog.time_zone
    found: dict[str, list[Kind]] = {}
    for kind in kinds:
        after = f"after {kind.follows}"
        if kind.follows is None:
            after = f"from {_iso(newsroom.first_since(kind.begins(zone)))}"
        until = f" until {_iso(kind.until)}" if kind.until else ""
        found.setdefault(f"{kind.pace} {after}{until}", []).append(kind)
    return [
        _group(f"{name} {part}" if part else name, several, zone)
        for name, alike in found.items()
        for part, several in enumerate(_in_parts(alike))
    ]


def _in_parts(kinds: list[Kind]) -> Iterator[tuple[Kind, ...]]:
    in_order = sorted(kinds, key=lambda kind: repr(kind.place))
    for start in range(0, len(in_order), MOST_KINDS):
        yield tuple(in_order[start : start + MOST_KINDS])


def _group(name: str, kinds: tuple[Kind, ...], zone: str) -> Group:
    one = kinds[0]
    begins = [kind.begins(zone) for kind in kinds]
    return Group(
        pace=one.pace,
        follows=one.follows,
        begins=None if None in begins else min(filter(None, begins)),
        until=one.until,
        due_at=max(kind.due_at for kind in kinds),
        name=name,
        kinds=kinds,
    )


def due_now(route: Route, now: datetime) -> list[Kind]:
    """The kinds of readers of the route's live blog whose digest is due at *now*; one query."""
    blog = route.blog

    def due_at(pace: Pace, hour: int, zone: str) -> datetime | None:
        match pace:
            case Pace.DAILY:
                return last_daily(now, hour, zone or blog.time_zone)
            case Pace.AT_CLOSE:
                return blog.closed_at
            case _:
                return last_hour(now, blog.time_zone)

    return _kinds(route, due_at)


def all_of(route: Route, now: datetime, pace: Pace | None = None) -> list[Kind]:
    """All kinds of readers who get digests (at *pace*), as if they were due at *now*; one query."""
    return _kinds(route, lambda its, _hour, _zone: now if pace in (None, its) else None)


def _kinds(route: Route, due_at: Callable[[Pace, int, str], datetime | None]) -> list[Kind]:
    blog = route.blog
    instead = route.policy == Policy.DIGEST
    wanted = Q() if instead else Q(pace__in=DIGESTS) | awaits_last_digest()
    rows = (
        _active(blog.pk)
        .filter(wanted)
        .annotate(joined=TruncHour("confirmed_at", tzinfo=ZoneInfo(blog.time_zone)))
        .values_list(
            *("pace", "daily_hour", "subscriber__time_zone", "told_by", "told_until"),
            *("digests_from", "at_once_from", "joined"),
        )
        .annotate(first=Min("confirmed_at"), number=Count("pk"))
        .order_by()
    )
    found = []
    for chosen, hour, zone, follows, told, begins, at_once, joined, first, number in rows:
        heard, last = told or first, None
        pace = Pace(chosen)
        if chosen in AT_ONCE:
            pace = Pace.HOURLY
            # Where nothing goes out at once there is no last digest.
            last = at_once if not instead and at_once and at_once > heard else None
        due = last or due_at(pace, hour, zone)
        if due is not None and heard < due:
            found.append(
                Kind(
                    pace,
                    Pace(chosen),
                    hour,
                    zone,
                    follows,
                    None if follows else begins,
                    joined,
                    last,
                    due,
                    number,
                )
            )
    return found


def _condition(kinds: list[Kind]) -> Q:
    """The rows of *kinds*, which differ only in when their digests began: from the first of them
    to the last, all are told the same."""
    one = kinds[0]
    rows = Q(pace=one.chosen, told_by=one.follows, heard__lt=one.due_at)
    if one.chosen == Pace.DAILY:
        rows &= Q(daily_hour=one.daily_hour, subscriber__time_zone=one.zone)
    if one.until:
        rows &= Q(at_once_from=one.until)
    if one.follows is not None:
        return rows
    begun = [kind.digests_from for kind in kinds if kind.digests_from]
    if begun:
        return rows & Q(digests_from__range=(min(begun), max(begun)))
    joined = [kind.joined for kind in kinds]
    return rows & Q(
        digests_from=None, confirmed_at__gte=min(joined), confirmed_at__lt=max(joined) + HOUR
    )


def _active(blog_id: int) -> QuerySet[Subscription]:
    return Subscription.objects.filter(blog=blog_id, state=SubscriptionState.ACTIVE)


def _iso(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else "nothing"
