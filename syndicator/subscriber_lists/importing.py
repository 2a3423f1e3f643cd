"""Takes a file of people in: cut into parts when it arrives, worked off part by part.

A part is one short transaction of a few statements, so that a long list neither needs memory nor
keeps posts waiting, and goes on where it was when a worker dies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import BinaryIO

import structlog
from django.db import models, transaction

from syndicator import queue
from syndicator.accounts import audit
from syndicator.accounts.models import User
from syndicator.clock import database_now
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace
from syndicator.subscriber_lists.columns import Columns, Origin, Person, UnusableLine, columns_of
from syndicator.subscriber_lists.enrolling import enrol
from syndicator.subscriber_lists.files import EMPTY, UnreadableFile, records
from syndicator.subscriber_lists.models import ImportPart, ImportState, SubscriberImport
from syndicator.subscriber_lists.outcomes import Fate, Outcome
from syndicator.uptime import uptime

log = structlog.get_logger(__name__)

PART = 500
#: After so long a task rings again and ends: a worker that is told to stop must not wait longer.
SPAN = timedelta(seconds=10)

Line = tuple[int, list[str]]


def begin(
    file: BinaryIO, blog: LiveBlog, *, name: str, consent: str, pace: Pace, who: User | None
) -> SubscriberImport:
    """Take *file* up and have it worked off. `UnreadableFile` if it cannot be; then nothing was.

    *consent* says how these people agreed. What the file holds of them beyond what a subscription
    needs is not kept.
    """
    lines = records(file)
    number, first = next(lines)
    columns = columns_of(first)
    batch = SubscriberImport.objects.create(
        blog=blog,
        file_name=name[-200:],
        origin=columns.origin,
        places=list(columns.places.items()),
        pace=pace,
        consent=consent,
        made_by=who,
        created_at=database_now(),
    )
    try:
        before = () if columns.has_header else ((number, columns.used(first)),)
        count = _store(batch, before, ((line, columns.used(cells)) for line, cells in lines))
        if not count:
            raise UnreadableFile(EMPTY)
    except BaseException:
        batch.delete()
        raise
    with transaction.atomic():
        batch.lines, batch.state = count, ImportState.RUNNING
        batch.save(update_fields=["lines", "state"])
        audit.record(who, "subscribers imported", blog, after={"file": name, "consent": consent})
        queue.after_commit(queue.IMPORT_SUBSCRIBERS, batch.pk)
    return batch


def work_off(batch_id: int, span: timedelta = SPAN) -> None:
    """Take in what is left of an import, for as long as one task may."""
    end = uptime() + span.total_seconds()
    while (part := _next(batch_id)) is not None:
        _take_in(part)
        if uptime() >= end:
            queue.ring(queue.IMPORT_SUBSCRIBERS, batch_id)
            return
    _close(batch_id)


def _store(batch: SubscriberImport, before: Sequence[Line], rest: Iterator[Line]) -> int:
    """Keep the lines in parts, a few at a time; their number."""
    count = number = 0
    part = [*before, *islice(rest, PART - len(before))]
    while part:
        ImportPart.objects.create(batch=batch, number=number, lines=part)
        count, number = count + len(part), number + 1
        part = list(islice(rest, PART))
    return count


def _next(batch_id: int) -> ImportPart | None:
    return (
        ImportPart.objects.filter(
            batch=batch_id, outcomes__isnull=True, batch__state=ImportState.RUNNING
        )
        .select_related("batch__blog")
        .order_by("number")
        .first()
    )


def _take_in(part: ImportPart) -> None:
    batch = part.batch
    columns = Columns(Origin(batch.origin), dict(batch.places))
    people: dict[int, Person] = {}
    outcomes: list[Outcome] = []
    for line, used in part.lines:
        try:
            people[line] = columns.person(used)
        except UnusableLine as error:
            outcomes.append(Outcome(line, Fate.REFUSED, used[_email(columns)][:254], error.reason))
    with transaction.atomic():
        # Two workers may have read it; the second finds it worked off.
        held = (
            ImportPart.objects.select_for_update().filter(pk=part.pk, outcomes__isnull=True).first()
        )
        if held is None:
            return
        outcomes += enrol(people, batch.blog, Pace(batch.pace), batch.created_at)
        outcomes.sort(key=lambda one: one.line)
        held.outcomes = [one.to_json() for one in outcomes]
        held.tally = {fate: sum(one.fate == fate for one in outcomes) for fate in Fate}
        held.lines = []
        held.save(update_fields=["outcomes", "tally", "lines"])


def _email(columns: Columns) -> int:
    return list(columns.places).index("email")


def _close(batch_id: int) -> None:
    waiting = ImportPart.objects.filter(batch=batch_id, outcomes__isnull=True)
    ended = SubscriberImport.objects.filter(
        ~models.Exists(waiting), pk=batch_id, state=ImportState.RUNNING
    ).update(state=ImportState.DONE, ended_at=database_now())
    if ended:
        log.info("subscribers imported", batch=batch_id)
