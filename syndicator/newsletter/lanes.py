"""Which mailing goes first: breaking news before entries, entries before digests.

Breaking news has a queue, workers and connections of its own. What else runs beside it gives way
while it is sent: on this machine at the next mail, on others at their next look at the database.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import DateTimeField, Exists, OuterRef, QuerySet, Subquery

from syndicator import queue
from syndicator.clock import database_now
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.announcement import announce
from syndicator.newsletter.claiming import are_due, due_of
from syndicator.newsletter.journal import journals
from syndicator.newsletter.models import Lane, Mailing, MailingState, Sender
from syndicator.statements import Gap, Prepared

TASKS = {
    Lane.BREAKING: queue.SEND_BREAKING,
    Lane.ENTRY: queue.SEND_MAILING,
    Lane.DIGEST: queue.SEND_MAILING,
}
#: A mailing gets another sender for so many mails.
MAILS_PER_SENDER = 1000
MOST_SENDERS = 4
#: So long a free worker may take to answer a ring.
PICKED_UP = timedelta(seconds=0.3)
#: So long others give way to a breaking mailing; then it may be its relay that is slow.
GIVING_WAY = timedelta(seconds=30)


def lane_of(blog: LiveBlog, permalink: str) -> Lane:
    """That of an entry's mail: breaking if the entry bears one of the live blog's tags for it."""
    entry = blog.entries.filter(permalink=permalink).only("tags").first()
    return Lane.BREAKING if entry and blog.is_breaking(entry.tags) else Lane.ENTRY


def senders_for(mails: int) -> int:
    """How many workers should send so many mails at once. On SQLite all are in one process, whose
    event loop one of them keeps busy."""
    most = 1 if connection.vendor == "sqlite" else MOST_SENDERS
    return max(1, min(most, -(-mails // MAILS_PER_SENDER)))


def senders_wanted(mailing: Mailing) -> int:
    """The same for the mails of *mailing* that are due; 0 if none are."""
    mails = due_of(mailing.pk)[: MAILS_PER_SENDER * MOST_SENDERS].count()
    return senders_for(mails) if mails else 0


def signing_processes(mailing: Mailing) -> int:
    """How many processes should sign the mails of *mailing* beside its sender; 0: only it does."""
    if not are_due(mailing.pk, more_than=MAILS_PER_SENDER):
        return 0
    here = {path.stem for path in journals()}
    if mailing.lane == Lane.BREAKING:  # the others give way
        first = Sender.objects.filter(token__in=here, mailing__lane=Lane.BREAKING)
        here = set(first.values_list("token", flat=True))
    return spare_cores(len(here))


def spare_cores(senders: int) -> int:
    """How many processes each of so many senders on this machine may keep busy beside itself."""
    return max(0, min(MOST_SENDERS, _cores() // max(1, senders)) - 1)


def _cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ring(mailing: Mailing, senders: int = 1) -> None:
    """Call so many workers to a mailing, once the current transaction has committed."""
    if mailing.lane == Lane.BREAKING and senders:
        transaction.on_commit(announce, robust=True)
    for _ in range(senders):
        queue.after_commit(TASKS[Lane(mailing.lane)], mailing.pk)


def gives_way(mailing: Mailing, now: datetime) -> bool:
    """Whether breaking news is being sent that this mailing must not slow down; *now* is the
    database's time, within a second or so."""
    if mailing.lane == Lane.BREAKING:
        return False
    return _BREAKING.first(since=now - GIVING_WAY) is not None


_BREAKING = Prepared(
    lambda: Mailing.objects.filter(
        lane=Lane.BREAKING,
        state=MailingState.SENDING,
        paused_until=None,
        created_at__gt=Gap("since", DateTimeField()),
    ).values_list("pk")[:1]
)


def others_wait(mailing: Mailing) -> bool:
    """Whether another mailing is due that no worker was free for."""
    rung_before = database_now() - PICKED_UP
    return unattended().filter(created_at__lte=rung_before).exclude(pk=mailing.pk).exists()


def unattended() -> QuerySet[Mailing]:
    """The mailings of which mails are due, and which nobody is sending."""
    at_work = Sender.objects.filter(mailing=OuterRef("pk"), until__gt=database_now())
    # Not `Exists`: PostgreSQL makes a join of that, for which it may look through all that wait.
    one_due = due_of(OuterRef("pk")).values("pk")[:1]
    return Mailing.objects.alias(one_due=Subquery(one_due)).filter(
        ~Exists(at_work), one_due__isnull=False, state=MailingState.SENDING
    )


class _Precedence:
    """How many breaking mailings this process sends at present."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            self._number += 1
        try:
            yield
        finally:
            with self._lock:
                self._number -= 1

    @property
    def claimed(self) -> bool:
        return self._number > 0


precedence = _Precedence()
