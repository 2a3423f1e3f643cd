"""Entries that are not rendered, posts that are due and not sent, senders that vanished."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Min, OuterRef, Q, Subquery

from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.diagnosis.findings import Finding, Severity, note, problem
from syndicator.entries.models import Entry
from syndicator.posts.holdups import Holdup, Kind, Survey
from syndicator.posts.models import Attempt, Post, PostState
from syndicator.posts.review import PAUSED_BY
from syndicator.posts.stopped import held_back
from syndicator.posts.sweep import STALLED
from syndicator.wording import TimedWording, Wording, gettext_noop

#: The sweeper takes note of a lease that is over within a second.
OVERDUE = timedelta(seconds=30)
#: What holds posts up for moments while all is well.
PASSING = frozenset({Kind.SENDING, Kind.LINE, Kind.CHANGED, Kind.EARLIER_ENTRY})
#: Tries in a row after which a destination is worth a word, before its circuit opens.
SHAKY = 2

UNRENDERED = gettext_noop("Entries that wait to be prepared: %(count)s.")
START_RENDER = Wording(
    gettext_noop("Start the worker of the queue “render”, or look in its log for what it fails at.")
)
OVERDUE_LEASES = gettext_noop("Posts whose sender vanished and that nobody looks after: %(count)s.")
START_SWEEP = Wording(gettext_noop("Start beat and the worker of the queue “sweep”."))
STOPPED_ALL = gettext_noop("%(who)s stopped everything (%(why)s); posts that wait: %(count)s.")
STOPPED_BLOG = gettext_noop("%(who)s stopped %(what)s (%(why)s); posts that wait: %(count)s.")
GO_ON = Wording(gettext_noop("When it may go on, press “Lift the stop” on the desk."))
WAITING = gettext_noop("%(destination)s, posts that wait: %(count)s.")
NOT_TAKEN = gettext_noop("%(destination)s, posts that wait and that no worker takes: %(count)s.")
START_DELIVER = Wording(
    gettext_noop("Start the workers of the queue “deliver”, or start more of them.")
)
PAUSED = gettext_noop("%(destination)s is paused; posts that wait: %(count)s.")
RESUME = Wording(gettext_noop("Mend the cause, then press “Resume” on the desk's destinations."))
FAILING = gettext_noop(
    "%(destination)s does not work, tries in a row that failed: %(failures)s; next try at "
    "%(until)s. Posts that wait: %(count)s."
)
TRY_NOW = Wording(
    gettext_noop(
        "It is tried again by itself. Look at the platform's status page; "
        "“Try now” on the desk tries at once."
    )
)
SHAKES = gettext_noop("%(destination)s, tries in a row that failed: %(failures)s.")


def entries_are_rendered() -> list[Finding]:
    now = database_now()
    late = Entry.objects.filter(render_due_at__lt=now - STALLED).aggregate(
        count=Count("pk"), since=Min("render_due_at")
    )
    if not late["count"]:
        return []
    return [problem(_counted(UNRENDERED, late["count"]), START_RENDER, late["since"])]


def senders_are_alive() -> list[Finding]:
    gone = Post.objects.filter(
        state=PostState.SENDING, due_at__lt=database_now() - OVERDUE
    ).aggregate(count=Count("pk"), since=Min("due_at"))
    if not gone["count"]:
        return []
    return [problem(_counted(OVERDUE_LEASES, gone["count"]), START_SWEEP, gone["since"])]


def nothing_is_stopped() -> list[Finding]:
    return [
        problem(
            TimedWording(
                STOPPED_BLOG if row.stop.blog or row.stop.channel_name else STOPPED_ALL,
                {
                    "who": str(row.stop.pressed_by),
                    "what": str(row.stop.blog or row.stop.channel_name),
                    "why": row.stop.reason,
                    "count": row.waiting,
                },
            ),
            GO_ON,
            row.stop.pressed_at,
        )
        for row in held_back(Survey().stops)
    ]


def posts_are_sent() -> list[Finding]:
    """For each destination with posts that are due: why they do not go out."""
    survey = Survey()
    tries = Attempt.objects.filter(post__destination=OuterRef("pk")).order_by("-pk")
    due = Q(posts__state=PostState.APPROVED, posts__due_at__lte=survey.now)
    rows = Destination.objects.annotate(
        due=Count("posts", due),
        oldest=Min("posts__due_at", filter=due),
        tried_at=Subquery(tries.values("started_at")[:1]),
    ).order_by("name")
    found = (_of_destination(row, survey) for row in rows)
    return [finding for finding in found if finding is not None]


def _of_destination(row: Destination, survey: Survey) -> Finding | None:
    due: int = row.due  # type: ignore[attr-defined]
    oldest: datetime | None = row.oldest  # type: ignore[attr-defined]
    tried_at: datetime | None = row.tried_at  # type: ignore[attr-defined]
    gaps: dict[str, str | int | datetime] = {"destination": row.name, "count": due}
    held = survey.of_destination(row.pk)
    if held is not None and held.kind in (Kind.PAUSED, Kind.DISCONNECTED):
        return _paused(held, gaps, due)
    if row.circuit_opened_at:
        until = row.next_post_at or survey.now
        gaps |= {"failures": row.failures, "until": until}
        return problem(TimedWording(FAILING, gaps), TRY_NOW, row.circuit_opened_at)
    if held is not None and due:
        return _held(held, gaps, oldest, survey.now)
    if due and oldest:
        free_since = max(filter(None, (oldest, tried_at, row.next_post_at)))
        if free_since < survey.now - STALLED:
            return problem(TimedWording(NOT_TAKEN, gaps), START_DELIVER, oldest)
    if row.failures >= SHAKY:
        return note(TimedWording(SHAKES, gaps | {"failures": row.failures}))
    return None


def _paused(held: Holdup, gaps: dict[str, str | int | datetime], due: int) -> Finding:
    by_hand = held.because is not None and held.because.sentence == PAUSED_BY
    severity = Severity.NOTE if by_hand and not due else Severity.PROBLEM
    because = TimedWording(held.because.sentence, held.because.gaps) if held.because else None
    return Finding(severity, TimedWording(PAUSED, gaps), held.since, because, RESUME)


def _held(
    held: Holdup, gaps: dict[str, str | int | datetime], oldest: datetime | None, now: datetime
) -> Finding | None:
    if held.kind == Kind.STOPPED:
        # Told with the stop.
        return None
    if held.kind in PASSING and oldest and oldest > now - OVERDUE:
        return None
    return note(TimedWording(WAITING, gaps), oldest, held.what)


def _counted(sentence: str, count: int) -> TimedWording:
    return TimedWording(sentence, {"count": count})
