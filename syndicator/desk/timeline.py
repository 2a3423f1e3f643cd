"""A day on each destination, hour by hour: what went out, what failed, what was taken back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, Sum

from syndicator.desk.days import Day
from syndicator.entries.models import LiveBlog
from syndicator.posts.models import Action, Attempt, Post, PostState

#: The chart's own units; the sheet stretches it to the width there is.
HEIGHT = 48
COLUMN = 20
BAR = 14
#: A chart with fewer posts in an hour than this does not fill its height.
LEAST_TOP = 4


@dataclass
class Hour:
    """What happened on one destination in one hour."""

    began: datetime
    sent: int = 0
    failed: int = 0
    taken_back: int = 0

    @property
    def total(self) -> int:
        return self.sent + self.failed + self.taken_back


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    y: float
    height: float
    kind: str


@dataclass
class Chart:
    """One destination's day."""

    hours: list[Hour]
    spent: Decimal = field(default=Decimal(0))

    @property
    def sent(self) -> int:
        return sum(hour.sent for hour in self.hours)

    @property
    def failed(self) -> int:
        return sum(hour.failed for hour in self.hours)

    @property
    def taken_back(self) -> int:
        return sum(hour.taken_back for hour in self.hours)

    @property
    def busy_hours(self) -> list[Hour]:
        return [hour for hour in self.hours if hour.total]

    @property
    def width(self) -> int:
        return len(self.hours) * COLUMN

    @property
    def height(self) -> int:
        return HEIGHT

    @property
    def bar(self) -> int:
        return BAR

    @property
    def bars(self) -> list[Bar]:
        """The hours as columns: what went out at the bottom, what failed on top."""
        top = max(LEAST_TOP, *(hour.total for hour in self.hours))
        bars = []
        for index, hour in enumerate(self.hours):
            y = float(HEIGHT)
            for kind in ("sent", "taken_back", "failed"):
                count = getattr(hour, kind)
                if count:
                    height = round(count / top * HEIGHT, 1)
                    y = round(y - height, 1)
                    bars.append(Bar(index * COLUMN + (COLUMN - BAR) // 2, y, height, kind))
        return bars


def charts(day: Day, blog: LiveBlog | None) -> dict[int, Chart]:
    """For each destination with anything in it its day; a fixed number of queries."""
    found: dict[int, Chart] = defaultdict(lambda: Chart([Hour(began=began) for began in day.hours]))
    for destination, action, state, at in _acts(day, blog):
        hour = found[destination].hours[day.hour_of(at)]
        if state == PostState.FAILED:
            hour.failed += 1
        elif action == Action.DELETE:
            hour.taken_back += 1
        else:
            hour.sent += 1
    for destination, cost in _spent(day, blog):
        found[destination].spent = cost
    return dict(found)


def _acts(day: Day, blog: LiveBlog | None) -> list[tuple[int, str, str, datetime]]:
    """What went out, was corrected or deleted in the day, and what failed in it and still has."""
    within = {"gte": day.start, "lt": day.end}
    went_out = Q(
        # What went out was changed then or later; this much has an index.
        state__in=(PostState.SENT, PostState.DELETED),
        changed_at__gte=day.start,
        **{f"sent_at__{side}": limit for side, limit in within.items()},
    )
    failed = Q(
        state=PostState.FAILED,
        **{f"changed_at__{side}": limit for side, limit in within.items()},
    )
    posts = Post.objects.filter(went_out | failed)
    if blog:
        posts = posts.filter(entry__blog=blog)
    found = posts.values_list("destination", "action", "state", "sent_at", "changed_at")
    return [
        (
            destination,
            action,
            state,
            sent_at if sent_at and state != PostState.FAILED else changed_at,
        )
        for destination, action, state, sent_at, changed_at in found
    ]


def _spent(day: Day, blog: LiveBlog | None) -> list[tuple[int, Decimal]]:
    tries = Attempt.objects.filter(started_at__gte=day.start, started_at__lt=day.end, cost__gt=0)
    if blog:
        tries = tries.filter(post__entry__blog=blog)
    return list(tries.values_list("post__destination").annotate(sum=Sum("cost")))
