"""Live blogs that are followed, and whether they are."""

from __future__ import annotations

from syndicator.clock import database_now
from syndicator.diagnosis.findings import Finding, Severity, problem
from syndicator.following.follow import due
from syndicator.following.models import Following
from syndicator.following.standings import OVERDUE, Kind, standing
from syndicator.wording import TimedWording, Wording, gettext_noop

#: So many looks in a row may fail before it is worth a word.
FEW_FAILURES = 3
SHOWN = 10

NOT_READ = gettext_noop("The source “%(name)s” of “%(blog)s” cannot be read.")
ASKED_TO_WAIT = gettext_noop("The source “%(name)s” of “%(blog)s” asked us to wait until %(next)s.")
LOOK_AT_THE_PAGE = Wording(
    gettext_noop("Look whether its address still shows the live blog. It is tried again by itself.")
)
NOT_LOOKED_AT = gettext_noop("Sources that are due and that no worker looks at: %(count)s.")
START_FOLLOWING = Wording(gettext_noop("Start the worker of the queue “source”."))


def sources_are_looked_at() -> list[Finding]:
    late = due(database_now() - OVERDUE).order_by("due_at")
    count = late.count()
    if not count:
        return []
    oldest = late.values_list("due_at", flat=True).first()
    return [problem(TimedWording(NOT_LOOKED_AT, {"count": count}), START_FOLLOWING, oldest)]


def sources_are_read() -> list[Finding]:
    now = database_now()
    failing = (
        Following.objects.filter(due_at__isnull=False, failures__gte=FEW_FAILURES)
        .select_related("source__blog")
        .order_by("answered_at", "pk")
    )
    return [
        _failing(following, standing(following, now).kind == Kind.WAITS)
        for following in failing[:SHOWN]
    ]


def _failing(following: Following, waits: bool) -> Finding:
    why = following.problem_wording
    said = {"name": following.source.name, "blog": str(following.source.blog)}
    return Finding(
        Severity.NOTE if waits else Severity.PROBLEM,
        TimedWording(ASKED_TO_WAIT, {**said, "next": following.due_at})
        if waits and following.due_at
        else TimedWording(NOT_READ, said),
        following.answered_at,
        TimedWording(why.sentence, why.gaps) if why else None,
        None if waits else LOOK_AT_THE_PAGE,
    )
