"""The red button: stopping everything, one live blog or one platform, and going on again.

A stop holds from the moment it is committed: what is being sent at that moment cannot be called
back, and nothing else starts. What waits is kept; what went stale meanwhile goes to an editor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from syndicator.accounts.models import User
from syndicator.destinations.models import Destination, Stop
from syndicator.entries.models import LiveBlog


def press(
    user: User,
    reason: str,
    now: datetime,
    *,
    blog: LiveBlog | None = None,
    channel_name: str = "",
) -> tuple[Stop, bool]:
    """Stop everything, or one blog, or one platform. The stop, and whether it is a new one."""
    return Stop.objects.get_or_create(
        blog=blog,
        channel_name=channel_name,
        lifted_at=None,
        defaults={"reason": reason, "pressed_by": user, "pressed_at": now},
    )


def lift(pk: int, user: User, now: datetime) -> bool:
    """Let it go on; False if it was lifted before."""
    return bool(standing().filter(pk=pk).update(lifted_by=user, lifted_at=now))


def standing() -> QuerySet[Stop]:
    """The stops that hold, the latest first."""
    return Stop.objects.filter(lifted_at=None).order_by("-pressed_at", "-pk")


@dataclass(frozen=True, slots=True)
class Held:
    """Where nothing may go out at present: *channels* by name, *blogs* by primary key."""

    everything: bool
    channels: frozenset[str]
    blogs: frozenset[int]

    def covers(self, destination: Destination) -> bool:
        """Whether nothing at all goes out to *destination*."""
        return self.everything or destination.channel_name in self.channels

    def allows(self, *, channel: str, blog: str) -> Q:
        """A condition on rows: no stop holds for them. *channel* and *blog* name the look-ups
        from the row to its channel's name and its live blog."""
        if self.everything:
            return Q(pk__in=())
        allowed = Q()
        if self.channels:
            allowed &= ~Q(**{f"{channel}__in": self.channels})
        if self.blogs:
            allowed &= ~Q(**{f"{blog}__in": self.blogs})
        return allowed


def held() -> Held:
    """What the standing stops hold, in one query."""
    stops = standing().values_list("blog", "channel_name")
    return Held(
        everything=(None, "") in stops,
        channels=frozenset(channel for blog, channel in stops if blog is None),
        blogs=frozenset(blog for blog, _ in stops if blog is not None),
    )
