"""What posting will cost, reckoned from what each live blog does at present."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Min

from syndicator.channels.base import Message
from syndicator.channels.registry import UnknownChannel
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.entries.models import Entry, LiveBlog
from syndicator.posts.models import Action, Post

#: Over how much of the past the pace of a live blog is measured; of a young one, over its life.
SPAN = timedelta(hours=24)
SHORTEST = timedelta(hours=1)
#: How many of the latest posts tell the price of the next.
LATEST = 50
#: Days.
MONTH = 30


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one live blog will cost on one destination, in US dollars, if it goes on as it does.

    *entries* is the number a day; *price* what one post costs on average.
    """

    blog: LiveBlog
    destination: Destination
    entries: float
    price: Decimal

    @property
    def a_day(self) -> Decimal:
        return self.price * Decimal(str(self.entries))

    @property
    def a_month(self) -> Decimal:
        """Of 30 days."""
        return self.a_day * MONTH


def forecasts(now: datetime) -> list[Forecast]:
    """One for each route that costs something."""
    routes = Route.objects.exclude(policy=Policy.OFF).select_related("blog", "destination")
    paces: dict[int, float] = {}
    found = []
    for route in routes.order_by("blog__title", "destination__name"):
        if not (price := _price(route)):
            continue
        if route.blog_id not in paces:
            paces[route.blog_id] = _entries_a_day(route.blog, now)
        found.append(Forecast(route.blog, route.destination, paces[route.blog_id], price))
    return found


def _entries_a_day(blog: LiveBlog, now: datetime) -> float:
    recent = Entry.objects.filter(
        blog=blog, from_before=False, received_at__gt=now - SPAN, received_at__lte=now
    )
    count = recent.count()
    first = Entry.objects.filter(blog=blog, from_before=False).aggregate(first=Min("received_at"))[
        "first"
    ]
    if not count or first is None:
        return 0.0
    lived = min(max(now - first, SHORTEST), SPAN)
    pace: float = timedelta(days=1) / lived
    return count * pace


def _price(route: Route) -> Decimal:
    """Of the next post: as the latest ones did, or as one with nothing but its permalink."""
    latest = list(
        Post.objects.filter(
            entry__blog=route.blog_id, destination=route.destination_id, action=Action.PUBLISH
        )
        .exclude(payload_hash="")
        .order_by("-pk")
        .values_list("cost", flat=True)[:LATEST]
    )
    if latest:
        return sum(latest, Decimal(0)) / len(latest)
    url = route.blog.canonical_url
    try:
        return route.destination.channel.cost(Message(url, url))
    except UnknownChannel:
        return Decimal(0)
