"""Rings for everything that has become due, and again for what a lost broker or worker left behind.

Idempotent: it only rings, and ringing twice does no harm. It runs every second, so that a platform
that says when to come back is taken at its word to the second; for what is due and stays due it
rings every few seconds only. Sweeps that piled up in a broker while no worker ran end at once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from syndicator import queue
from syndicator.alerts.models import Alert
from syndicator.alerts.raising import end_alert, raise_alert
from syndicator.clock import database_now
from syndicator.destinations import budget
from syndicator.destinations.models import Destination, DestinationState
from syndicator.destinations.stops import held
from syndicator.entries.models import Entry
from syndicator.posts import gathering, mended, retraction
from syndicator.posts.line import put_stale_aside
from syndicator.posts.models import Post, PostState, SweepReport
from syndicator.posts.reconcile import mark_abandoned
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: Rows of one kind rung for in one sweep, the oldest first.
LIMIT = 500
FEW = 20
#: Two sweeps are at least this far apart, whoever asks for them.
APART = timedelta(milliseconds=500)
#: How often to ring again for what is due and stays due.
AGAIN = timedelta(seconds=5)
#: A ring is answered in milliseconds; what waits longer than this has no worker.
STALLED = timedelta(minutes=2)
THE_ROW = 1
#: Clocks are set by less all the time.
TRIFLE = timedelta(seconds=2)
STALLED_KEY = "rendering-stalled"

NO_WORKER = Wording(gettext_noop("New entries are not being worked on"))
NO_WORKER_WHY = gettext_noop(
    "The oldest has waited for %(minutes)s minutes. Nothing is lost, but nothing new goes out. "
    "Check that the workers run; “syndicator doctor” says what is stuck."
)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep found: counts of posts abandoned and put aside as stale, entries to render,
    destinations to deliver to, and posts to look up."""

    abandoned: int = 0
    stale: int = 0
    to_render: int = 0
    to_deliver: int = 0
    to_reconcile: int = 0

    def __bool__(self) -> bool:
        return any(asdict(self).values())


def stalled_since(now: datetime) -> datetime | None:
    """Since when the oldest entry waits for a worker, if that is longer than it ever should."""
    oldest = Entry.objects.aggregate(since=Min("render_due_at"))["since"]
    return oldest if oldest and oldest < now - STALLED else None


def sweep_in_turn() -> Swept | None:
    """Sweep for what has become due since the last time, or for everything if that was long ago.

    None if another sweep ran just now.
    """
    with transaction.atomic():
        asked = database_now()
        report, first = SweepReport.objects.select_for_update(no_key=True).get_or_create(
            pk=THE_ROW, defaults={"swept_at": asked, "rung_at": asked}
        )
        # Only now: while this one waited for the row, another may have noted a later time there.
        now = database_now()
        if not first and now - APART < report.swept_at <= now:
            return None
        everything = first or not report.swept_at <= now < report.rung_at + AGAIN
        latest = max(report.swept_at, _latest_change(now)) if everything else report.swept_at
        # Anew: this process may have been stopped since, while others wrote.
        now = database_now()
        if latest > now + TRIFLE:
            set_back(now, latest - now)
        since = None if everything else report.swept_at
        report.swept_at = now
        if everything:
            report.rung_at = now
        report.save(update_fields=["swept_at", "rung_at"])
    swept = sweep(since)
    if everything:
        tell_if_stalled(now)
        retraction.carry_on()
        end_budget_warnings(now)
    if swept:
        SweepReport.objects.filter(pk=THE_ROW).update(found_at=now, found=asdict(swept))
    return swept


def _latest_change(now: datetime) -> datetime:
    """What shows a set-back of a clock that was ahead for too short a time to be swept in."""
    written: tuple[tuple[QuerySet[Any], str], ...] = (
        (Post.objects.filter(due_at__isnull=False), "changed_at"),
        (Entry.objects.filter(render_due_at__isnull=False), "render_due_at"),
        (Destination.objects.filter(next_post_at__gt=now), "next_post_set_at"),
    )
    found = (rows.aggregate(latest=Max(column))["latest"] for rows, column in written)
    return max((latest for latest in found if latest), default=now)


def end_budget_warnings(now: datetime) -> None:
    """A new day has begun, or somebody has raised a budget."""
    with transaction.atomic():
        budget.end_warnings(now)


def tell_if_stalled(now: datetime) -> None:
    """Alert people when nothing renders entries any more, and end that when something does."""
    with transaction.atomic():
        if since := stalled_since(now):
            minutes = round((now - since).total_seconds() / 60)
            raise_alert(STALLED_KEY, NO_WORKER, Wording(NO_WORKER_WHY, {"minutes": minutes}), now)
        else:
            end_alert(STALLED_KEY, now)


def sweep(since: datetime | None = None) -> Swept:
    """Ring for everything that is due, or only for what has become due after *since*."""
    now = database_now()
    abandoned, stale = mark_abandoned(now), put_stale_aside(now)
    gathering.put_right(now)
    mended.carry_on(now)
    stops = held()
    entries = _due(Entry.objects.all(), "render_due_at", since, now)
    if stalled_since(now):
        # Where nobody answers, a few rings show as well as many when somebody does again. Those
        # tried least, so that each is tried often enough to be given up (`line.RENDER_TRIES`).
        entries = entries.order_by("render_tries", "render_due_at")[:FEW]
    destinations = (
        Destination.objects.filter(
            Q(next_post_at=None) | Q(next_post_at__lte=now), state=DestinationState.ACTIVE
        )
        .filter(
            Exists(
                Post.objects.filter(
                    stops.allows(channel="destination__channel_name", blog="entry__blog"),
                    destination=OuterRef("pk"),
                    state=PostState.APPROVED,
                    due_at__lte=now,
                )
            )
        )
        .order_by("pk")
    )
    if since is not None:
        lately = Post.objects.filter(
            destination=OuterRef("pk"), state=PostState.APPROVED, due_at__gt=since, due_at__lte=now
        )
        destinations = destinations.filter(Q(next_post_at__gt=since) | Exists(lately))
    uncertain = Post.objects.filter(
        state=PostState.UNCERTAIN, destination__state=DestinationState.ACTIVE
    )
    posts = _due(uncertain, "due_at", since, now)
    swept = Swept(
        abandoned,
        stale,
        to_render=_ring(queue.RENDER_ENTRY, entries[:LIMIT]),
        to_deliver=_ring(queue.DELIVER_TO_DESTINATION, destinations[:LIMIT]),
        to_reconcile=_ring(queue.RECONCILE_POST, posts[:LIMIT]),
    )
    if swept:
        log.info("swept", **asdict(swept))
    return swept


def set_back(now: datetime, by: timedelta) -> None:
    """The database's clock was set back *by* so much: bring the times it wrote before into line.

    Otherwise what was due in a minute would be due in a minute and *by*.
    """
    log.error("the database's clock was set back", seconds=round(by.total_seconds()))
    # Well above what somebody may be writing at this moment.
    future = now + by / 2
    # First, as everywhere: whoever claims or records holds the destination and then wants its post.
    ahead_of_time = Destination.objects.filter(next_post_set_at__gt=future).order_by("pk")
    pks = list(ahead_of_time.select_for_update(no_key=True).values_list("pk", flat=True))
    Destination.objects.filter(pk__in=pks).update(
        next_post_at=F("next_post_at") - by, next_post_set_at=now
    )
    ahead = Post.objects.filter(changed_at__gt=future)
    fresh = Coalesce("not_after", F("fresh_until") - by)
    # *by* is a little short: what was due at once must not seem to have a hold time (`in_line`).
    at_once = ahead.filter(due_at__lte=F("changed_at"))
    # An embargo, a time that an editor set and quiet hours are times of the clock on the wall.
    bound = ahead.filter(Q(not_before__gt=now) | Q(quiet_until__gt=now), state=PostState.APPROVED)
    until = Greatest(Coalesce("not_before", "quiet_until"), Coalesce("quiet_until", "not_before"))
    bound.update(
        due_at=until,
        fresh_until=Coalesce("not_after", until + (F("fresh_until") - F("due_at"))),
        changed_at=now,
    )
    ahead.update(gathers_until=F("gathers_until") - by)
    at_once.update(due_at=now, fresh_until=fresh, changed_at=now)
    ahead.update(due_at=F("due_at") - by, fresh_until=fresh, changed_at=now)
    Entry.objects.filter(render_due_at__gt=future).update(render_due_at=now)
    Entry.objects.filter(render_tried_at__gt=future).update(render_tried_at=now)
    # Entries that came without a time of their own bear that of their arrival.
    arrived = Entry.objects.filter(received_at__gt=future)
    timed = arrived.filter(published_at=F("received_at"))
    Post.objects.filter(entry__in=timed).update(published_at=F("published_at") - by)
    timed.update(published_at=F("published_at") - by)
    arrived.update(received_at=F("received_at") - by)
    # One that the right clock wrote may come early by this, which does no harm.
    Alert.objects.filter(due_at__gt=future).update(due_at=F("due_at") - by)


def _due(rows: QuerySet[Any], column: str, since: datetime | None, now: datetime) -> QuerySet[Any]:
    """Those of *rows* whose *column* has come, the oldest first."""
    due = rows.filter(**{f"{column}__lte": now})
    if since is not None:
        due = due.filter(**{f"{column}__gt": since})
    return due.order_by(column)


def _ring(task: str, rows: QuerySet[Any]) -> int:
    pks = list(rows.values_list("pk", flat=True))
    for pk in pks:
        queue.ring(task, pk)
    return len(pks)
