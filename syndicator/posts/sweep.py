"""Rings again for everything that is due and not done: what a lost broker or worker left behind.

Idempotent: it only rings, and ringing twice does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import Min, Q

from syndicator import queue
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState
from syndicator.entries.models import Entry
from syndicator.posts.models import Post, PostState
from syndicator.posts.reconcile import mark_abandoned

log = structlog.get_logger(__name__)

#: Rows of one kind rung for in one sweep, the oldest first.
LIMIT = 500
#: Rendering takes milliseconds; what waits longer than this has no worker.
STALLED = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep found: counts of posts, entries, destinations and posts again."""

    abandoned: int
    to_render: int
    to_deliver: int
    to_reconcile: int

    def __bool__(self) -> bool:
        return any((self.abandoned, self.to_render, self.to_deliver, self.to_reconcile))


def stalled_since(now: datetime) -> datetime | None:
    """Since when the oldest entry waits for a worker, if that is longer than it ever should."""
    oldest = Entry.objects.aggregate(since=Min("render_due_at"))["since"]
    return oldest if oldest and oldest < now - STALLED else None


def sweep() -> Swept:
    now = database_now()
    abandoned = mark_abandoned(now)
    entries = list(
        Entry.objects.filter(render_due_at__lte=now)
        .order_by("render_due_at")
        .values_list("pk", flat=True)[:LIMIT]
    )
    destinations = list(
        Destination.objects.filter(
            Q(next_post_at=None) | Q(next_post_at__lte=now),
            state=DestinationState.ACTIVE,
            pk__in=Post.objects.filter(state=PostState.APPROVED, due_at__lte=now).values(
                "destination"
            ),
        ).values_list("pk", flat=True)
    )
    posts = list(
        Post.objects.filter(
            state=PostState.UNCERTAIN, due_at__lte=now, destination__state=DestinationState.ACTIVE
        )
        .order_by("due_at")
        .values_list("pk", flat=True)[:LIMIT]
    )
    for task, pks in (
        (queue.RENDER_ENTRY, entries),
        (queue.DELIVER_TO_DESTINATION, destinations),
        (queue.RECONCILE_POST, posts),
    ):
        for pk in pks:
            queue.ring(task, pk)
    swept = Swept(abandoned, len(entries), len(destinations), len(posts))
    if swept:
        log.info("swept", **{name: getattr(swept, name) for name in Swept.__slots__})
    return swept
