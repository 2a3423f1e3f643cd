"""What happened in a night: what went out, failed, waits, was taken back, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet, Sum

from syndicator.entries.models import LiveBlog, Retraction
from syndicator.posts.models import WAITING, Action, Attempt, Post, PostState

#: When a night begins, by the clock of the evening before.
EVENING = time(18)
#: Of each kind so many are named, the rest counted.
MOST = 20


@dataclass(frozen=True, slots=True)
class Night:
    """From the evening before *day* until *hour* on it."""

    day: date
    hour: int
    zone: str

    @property
    def start(self) -> datetime:
        return datetime.combine(self.day - timedelta(days=1), EVENING, ZoneInfo(self.zone))

    @property
    def end(self) -> datetime:
        return datetime.combine(self.day, time(self.hour), ZoneInfo(self.zone))


@dataclass(frozen=True, slots=True)
class OfDestination:
    name: str
    sent: int
    spent: Decimal


@dataclass(frozen=True, slots=True)
class Report:
    """*went_out* is the number of posts that did, *corrected* and *deleted* of acts on them.

    *waiting* is the number that waits for a person now; of what is listed there may be more.
    """

    went_out: int
    corrected: int
    deleted: int
    destinations: list[OfDestination]
    failed: list[Post]
    failures: int
    waiting: int
    longest_waiting: list[Post]
    retracted: list[Retraction]
    spent: Decimal


def report(night: Night, blog: LiveBlog | None) -> Report:
    """What happened in *night* on *blog*, or on all; in a fixed number of queries."""
    posts = Post.objects.filter(**({"entry__blog": blog} if blog else {}))
    sent = posts.filter(
        # What went out was changed then or later; this much has an index.
        state__in=(PostState.SENT, PostState.DELETED),
        changed_at__gte=night.start,
        sent_at__gte=night.start,
        sent_at__lt=night.end,
    )
    counts = sent.aggregate(
        went_out=Count("pk", Q(action=Action.PUBLISH)),
        corrected=Count("pk", Q(action__in=(Action.EDIT, Action.CORRECT))),
        deleted=Count("pk", Q(action=Action.DELETE)),
    )
    by_name = sent.filter(action=Action.PUBLISH).values_list("destination__name")
    of_name = dict(by_name.annotate(count=Count("pk")))
    spent = dict(_tries(night, blog).annotate(sum=Sum("cost")))
    failed = posts.filter(
        Q(state=PostState.FAILED) | Q(state=PostState.UNCERTAIN),
        changed_at__gte=night.start,
        changed_at__lt=night.end,
    )
    waiting = posts.filter(WAITING)
    retracted = Retraction.objects.filter(made_at__gte=night.start, made_at__lt=night.end)
    if blog:
        retracted = retracted.filter(entry__blog=blog)
    return Report(
        **counts,
        destinations=[
            OfDestination(name, of_name.get(name, 0), spent.get(name, Decimal(0)))
            for name in sorted({*of_name, *spent})
        ],
        failed=list(_named(failed.order_by("changed_at", "id"))),
        failures=failed.count(),
        waiting=waiting.count(),
        longest_waiting=list(_named(waiting.order_by("changed_at", "id"))),
        retracted=list(retracted.select_related("entry", "made_by").order_by("made_at")[:MOST]),
        spent=sum(spent.values(), Decimal(0)),
    )


def _named(posts: QuerySet[Post]) -> QuerySet[Post]:
    return posts.select_related("entry__blog", "destination").defer("payload")[:MOST]


def _tries(night: Night, blog: LiveBlog | None) -> QuerySet[Attempt, tuple[str]]:
    tries = Attempt.objects.filter(
        started_at__gte=night.start, started_at__lt=night.end, cost__gt=0
    ).order_by()
    if blog:
        tries = tries.filter(post__entry__blog=blog)
    return tries.values_list(F("post__destination__name"))
