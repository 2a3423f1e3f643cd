"""The queue: everything that waits for a person, entry by entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from syndicator.alerts.raising import open_alerts
from syndicator.clock import database_now
from syndicator.desk.access import DeskRequest
from syndicator.desk.cards import Card, Outlook, mark_of, posts_with_history
from syndicator.desk.filters import QueueFilter
from syndicator.desk.times import desk_zone
from syndicator.destinations.models import Destination, DestinationState, Route
from syndicator.destinations.trouble import alert_key
from syndicator.digests.models import Digest, DigestState
from syndicator.entries.models import Entry, LiveBlog, Source
from syndicator.posts.models import Post, PostState
from syndicator.posts.sweep import STALLED_KEY, stalled_since
from syndicator.probing.asking import places_gone

#: Entries on one page. More would not be read, and an old phone has to carry them.
ENTRIES = 40
#: Entries of which a person is asked whether they stay, on one page.
PLACES_GONE = 5
#: States in which a card does not look again by itself.
STILL = (PostState.PENDING, PostState.FAILED, PostState.SKIPPED)
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
    wanted = QueueFilter(request.GET)
    groups = _groups(request, wanted, _waiting_entries(wanted)[:ENTRIES])
    context: dict[str, Any] = {
        "groups": groups,
        "shown": sum(len(group.cards) for group in groups),
        "filter": wanted,
        "waiting": Post.objects.filter(wanted.conditions).count(),
        "since": now.isoformat(),
        "paused": [row for row in _paused() if alert_key(row, "paused") not in told],
        "places_gone": places_gone()[:PLACES_GONE],
        "digests_waiting": Digest.objects.filter(state=DigestState.WAITING).count(),
        "stalled_since": None if STALLED_KEY in told else stalled_since(now),
        "first_steps": _first_steps() if request.user.may_configure else None,
        "zone": desk_zone(),
    }
    return render(request, "desk/queue.html", context)


@require_GET
def news(request: DeskRequest) -> HttpResponse:
    """What is another than on the page; 204 if that is nothing.

    Each ``shown`` is a `Card.mark`. Entries that belong behind all others come along and are
    added; what belongs elsewhere is only counted, so that nothing moves under a finger. Of a post
    that somebody else decided on, the buttons give way to what became of it.
    """
    shown = _marks(request.GET.getlist("shown"))
    wanted = QueueFilter(request.GET)
    fresh = _fresh(shown, wanted, _since(request) - OVERLAP)
    added = _groups(request, wanted, _to_add(fresh, shown, wanted))
    in_place = {card.post.pk for group in added for card in group.cards}
    counted = len(fresh - in_place)
    elsewhere = _decided_elsewhere(shown)
    if not added and not elsewhere and str(counted) == request.GET.get("count", "0"):
        return HttpResponse(status=204)
    outlook = Outlook(request.user)
    context = {
        "fresh": counted,
        "added": added,
        "changed": [Card(post, outlook=outlook) for post in elsewhere],
        "filter": wanted,
        "waiting": Post.objects.filter(wanted.conditions).count(),
    }
    return render(request, "desk/news.html", context)


def _fresh(shown: dict[int, str], wanted: QueueFilter, since: datetime) -> set[int]:
    """Posts that came to wait after the page was made and are not on it."""
    posts = Post.objects.filter(wanted.conditions, changed_at__gte=since)
    return set(posts.values_list("pk", flat=True)) - shown.keys()


def _to_add(fresh: set[int], shown: dict[int, str], wanted: QueueFilter) -> Iterable[Entry]:
    """Entries of *fresh* posts that come behind everything on the page, if there is room."""
    if not fresh:
        return ()
    there = set(Post.objects.filter(pk__in=shown).values_list("entry", flat=True))
    room = ENTRIES - len(there)
    if room <= 0:
        return ()
    entries = _waiting_entries(wanted).filter(
        Exists(Post.objects.filter(pk__in=fresh, entry=OuterRef("pk"))), key_event=False
    )
    return [
        entry
        for entry in entries.exclude(pk__in=there)[:room]
        if not any(post.breaking for post in entry.waiting)  # type: ignore[attr-defined]
    ]


def _decided_elsewhere(shown: dict[int, str]) -> list[Post]:
    """Posts on the page that stand otherwise by now, unless their cards look again themselves."""
    rows = Post.objects.filter(pk__in=shown).values_list("pk", "state", "epoch", "payload_hash")
    changed = [
        pk
        for pk, state, epoch, payload_hash in rows
        if mark_of(pk, state, epoch, payload_hash) != shown[pk]
        and shown[pk].partition(":")[2].startswith(STILL)
    ]
    return list(posts_with_history().filter(pk__in=changed)) if changed else []


def _groups(request: DeskRequest, wanted: QueueFilter, entries: Iterable[Entry]) -> list[Group]:
    entries = list(entries)
    outlook = Outlook(request.user, [post for entry in entries for post in entry.waiting])  # type: ignore[attr-defined]
    page = reverse("desk:queue")
    back = f"{page}?{wanted.query}" if wanted.query else page
    return [
        Group(entry, [Card(post, back=back, outlook=outlook) for post in entry.waiting])  # type: ignore[attr-defined]
        for entry in entries
    ]


def _paused() -> Iterable[Destination]:
    return Destination.objects.filter(state=DestinationState.PAUSED).order_by("name")


def _waiting_entries(wanted: QueueFilter) -> QuerySet[Entry]:
    """Entries with posts that wait: what is urgent first, then the oldest."""
    waiting = posts_with_history().filter(wanted.conditions).order_by("destination_id", "id")
    of_entry = Post.objects.filter(wanted.conditions, entry=OuterRef("pk"))
    return (
        Entry.objects.filter(Exists(of_entry))
        .annotate(breaking=Exists(of_entry.filter(breaking=True)))
        .select_related("blog")
        .order_by("-breaking", "-key_event", "published_at", "id")
        .prefetch_related(Prefetch("posts", waiting, to_attr="waiting"))
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


def _marks(values: Iterable[str]) -> dict[int, str]:
    """By the number of each post the `Card.mark` that the page has."""
    pairs = ((value.partition(":")[0], value) for value in values)
    return {int(pk): value for pk, value in pairs if pk.isdecimal() and len(pk) < 18}
