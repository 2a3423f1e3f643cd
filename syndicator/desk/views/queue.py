"""The queue: everything that waits for a person, entry by entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from syndicator.alerts.raising import open_alerts
from syndicator.clock import database_now
from syndicator.desk.access import DeskRequest
from syndicator.desk.cards import Card, Outlook, posts_with_history
from syndicator.desk.times import desk_zone
from syndicator.destinations.models import Destination, DestinationState, Route
from syndicator.destinations.trouble import alert_key
from syndicator.entries.models import Entry, LiveBlog, Source
from syndicator.posts.models import WAITING, Post
from syndicator.posts.sweep import STALLED_KEY, stalled_since

#: Entries on one page. More would not be read, and an old phone has to carry them.
ENTRIES = 40
#: A post is committed a little after the time it bears; the poll looks back this far.
OVERLAP = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Group:
    """An entry and those of its posts that are on the screen."""

    entry: Entry
    cards: list[Card]

    @property
    def breaking(self) -> bool:
        return any(card.post.breaking for card in self.cards)

    @property
    def approvable(self) -> int:
        return sum(card.can_approve for card in self.cards)


@require_GET
def queue(request: DeskRequest) -> HttpResponse:
    now = database_now()
    # The alerts stand on top of the page.
    told = set(open_alerts().values_list("key", flat=True))
    outlook = Outlook(request.user)
    groups = [
        Group(entry, [Card(post, back=request.path, outlook=outlook) for post in entry.waiting])  # type: ignore[attr-defined]
        for entry in _waiting_entries()
    ]
    context: dict[str, Any] = {
        "groups": groups,
        "shown": sum(len(group.cards) for group in groups),
        "waiting": Post.objects.filter(WAITING).count(),
        "since": now.isoformat(),
        "paused": [row for row in _paused() if alert_key(row, "paused") not in told],
        "stalled_since": None if STALLED_KEY in told else stalled_since(now),
        "first_steps": _first_steps() if request.user.may_configure else None,
        "zone": desk_zone(),
    }
    return render(request, "desk/queue.html", context)


@require_GET
def news(request: DeskRequest) -> HttpResponse:
    """How many posts have come to wait since the page was made; 204 if that is no news."""
    posts = Post.objects.filter(WAITING, changed_at__gte=_since(request) - OVERLAP)
    waiting = set(posts.values_list("pk", flat=True))
    fresh = len(waiting - set(_numbers(request.GET.getlist("shown"))))
    if str(fresh) == request.GET.get("count", "0"):
        return HttpResponse(status=204)
    return render(request, "desk/news.html", {"fresh": fresh})


def _paused() -> Iterable[Destination]:
    return Destination.objects.filter(state=DestinationState.PAUSED).order_by("name")


def _waiting_entries() -> Iterable[Entry]:
    waiting = posts_with_history().filter(WAITING).order_by("destination_id", "id")
    return (
        Entry.objects.filter(Exists(Post.objects.filter(WAITING, entry=OuterRef("pk"))))
        .select_related("blog")
        .order_by("-key_event", "published_at", "id")
        .prefetch_related(Prefetch("posts", waiting, to_attr="waiting"))[:ENTRIES]
    )


def _first_steps() -> dict[str, bool] | None:
    """What a new installation still needs, in order; None once it can work."""
    steps = {
        "destination": Destination.objects.exists(),
        "blog": LiveBlog.objects.exists(),
        "route": Route.objects.exists(),
        "token": Source.objects.exclude(token_hash="").exists(),
    }
    return None if all(steps.values()) else steps


def _since(request: DeskRequest) -> datetime:
    try:
        since = datetime.fromisoformat(request.GET.get("since", ""))
    except ValueError:
        return timezone.now()
    return since if timezone.is_aware(since) else timezone.now()


def _numbers(values: Iterable[str]) -> Iterable[int]:
    return (int(value) for value in values if value.isdecimal())
