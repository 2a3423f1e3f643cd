"""What the red button holds back: what waits behind a stop, what went stale, what was too late."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Q

from syndicator.destinations.models import Stop
from syndicator.posts.line import NO_LONGER_NEWS
from syndicator.posts.models import Post, PostState


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A stop, the approved posts that *waiting* behind it are, and those that went *stale* since
    it was pressed: they wait for an editor."""

    stop: Stop
    waiting: int
    stale: int


def held_back(stops: Collection[Stop]) -> list[HeldBack]:
    """What each of *stops* holds back, in one query for all of them."""
    if not stops:
        return []
    counts = {}
    for stop in stops:
        scope = _scope(stop)
        counts[f"waiting_{stop.pk}"] = Count("pk", scope & Q(state=PostState.APPROVED))
        counts[f"stale_{stop.pk}"] = Count("pk", scope & _went_stale(stop))
    counted = Post.objects.filter(
        Q(state=PostState.APPROVED) | Q(state=PostState.PENDING)
    ).aggregate(**counts)
    return [
        HeldBack(stop, counted[f"waiting_{stop.pk}"], counted[f"stale_{stop.pk}"]) for stop in stops
    ]


def gone_stale(stop: Stop) -> int:
    """Posts that were too old before *stop* was lifted, and wait for an editor now."""
    return Post.objects.filter(_scope(stop), _went_stale(stop)).count()


def on_their_way(stop: Stop) -> int:
    """Posts that are being sent at this moment, which no stop calls back."""
    return Post.objects.filter(_scope(stop), state=PostState.SENDING).count()


def _scope(stop: Stop) -> Q:
    if stop.blog_id is not None:
        return Q(entry__blog=stop.blog_id)
    if stop.channel_name:
        return Q(destination__channel_name=stop.channel_name)
    return Q()


def _went_stale(stop: Stop) -> Q:
    return Q(
        state=PostState.PENDING,
        reason__sentence=NO_LONGER_NEWS.sentence,
        changed_at__gte=stop.pressed_at,
    )
