"""What digests are to come, and what the next one would say if it were made now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from syndicator.channels.base import Message
from syndicator.destinations.models import Route
from syndicator.digests.composing import compose
from syndicator.digests.due import Kind, all_of, groups
from syndicator.digests.making import news_of
from syndicator.digests.models import new_public_id
from syndicator.digests.news import Newsroom
from syndicator.digests.schedule import next_daily, next_hour
from syndicator.newsletter.models import Pace


@dataclass(frozen=True, slots=True)
class Coming:
    """The next digests of one pace: how many *readers* they have, and when the first is due (None:
    when the live blog ends)."""

    pace: Pace
    readers: int
    at: datetime | None


def coming(route: Route, now: datetime) -> list[Coming]:
    """For each pace that somebody chose."""
    by_pace: dict[Pace, list[Kind]] = {}
    for kind in all_of(route, now):
        by_pace.setdefault(kind.pace, []).append(kind)
    return [
        Coming(pace, sum(kind.number for kind in kinds), _next(route, pace, kinds, now))
        for pace, kinds in sorted(by_pace.items(), key=lambda pair: list(Pace).index(pair[0]))
    ]


def preview(route: Route, pace: Pace, now: datetime) -> Message | None:
    """What most readers of *pace* would get now; None if there is nothing to tell them."""
    newsroom = Newsroom(route, now)
    found = groups(route, newsroom, all_of(route, now, pace))
    for group in sorted(found, key=lambda group: -group.number):
        if news := news_of(newsroom, group):
            return compose(route, news, now, new_public_id()).message
    return None


def _next(route: Route, pace: Pace, kinds: Iterable[Kind], now: datetime) -> datetime | None:
    zone = route.blog.time_zone
    match pace:
        case Pace.AT_CLOSE:
            return None
        case Pace.DAILY:
            return min(next_daily(now, kind.daily_hour, kind.zone or zone) for kind in kinds)
        case _:
            return next_hour(now, zone)
