"""Follows a source, one look at a time: claim, look, take in.

The claim is committed, under a lease, before anything is asked; what was found is written in one
transaction, fenced by the claim's epoch, so that of two who look at once only one takes in.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet

from syndicator import queue
from syndicator.clock import database_now
from syndicator.content import EntryContent
from syndicator.entries.ingest import Change
from syndicator.entries.models import Entry, LiveBlog
from syndicator.following import alarms, hubs
from syndicator.following.horizon import horizon_of
from syndicator.following.looking import Look, NotAllowed, Question, look
from syndicator.following.missing import heed_left_out
from syndicator.following.models import Following, Reading, ReadPage
from syndicator.following.names import own_names
from syndicator.following.pace import LEASE, LONGEST_WAIT, wait_after_failure, wait_after_news
from syndicator.following.robots import leave_for
from syndicator.following.taking_in import CLOCKS_DIFFER, Taken, take_in
from syndicator.outbound.clocks import retry_after
from syndicator.outbound.fetch import FetchRefused, Validators
from syndicator.sources.base import ReadingContext, SourceDocument, UnreadableSource
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: A server may ask us to stay away for so long, and no longer.
LONGEST_ASKED = timedelta(hours=6)
#: What changed shortly before the last look may only be seen now: caches and clocks differ.
OVERLAP = timedelta(minutes=10)
#: An older answer than the last within this time comes from a cache.
CACHES_CATCH_UP = timedelta(minutes=10)
#: One reading is kept in this time, whatever it brought.
_KEPT_AT_LEAST = timedelta(hours=1)
#: A time to look that is later than any was set by a clock that was ahead.
_TOO_FAR = timedelta(days=2)
_JITTER = 0.1

FORBIDDEN = gettext_noop("The robots.txt of %(host)s does not allow us to read this address.")
BROKE = Wording(gettext_noop("Syndicator stumbled over what stands there; its log says where."))
UNREADABLE = gettext_noop(
    "What stands at %(host)s cannot be read as a live blog (for the technician: %(found)s)"
)


def due(now: datetime) -> QuerySet[Following]:
    """The sources to look at now."""
    return Following.objects.filter(Q(due_at__lte=now) | Q(due_at__gt=now + _TOO_FAR))


def ring_for_due() -> int:
    pks = list(due(database_now()).order_by("due_at").values_list("pk", flat=True))
    for pk in pks:
        queue.ring(queue.FOLLOW_SOURCE, pk)
    return len(pks)


def follow(pk: int) -> bool:
    """Look at the source once; False if that is not due, or somebody is at it."""
    following = _claim(pk)
    if following is None:
        return False
    try:
        _keep(following, *_look(following))
    except FetchRefused as refused:
        _fail(following, refused.reason, asked=refused)
    except UnreadableSource as error:
        host = urlsplit(following.url).hostname or following.url
        _fail(following, Wording(UNREADABLE, {"host": host, "found": error.found}))
    except NotAllowed as refused_by:
        host = urlsplit(refused_by.url).hostname or refused_by.url
        _fail(following, Wording(FORBIDDEN, {"host": host}))
    except Exception:
        # Whatever it was, people must hear of it, and the other sources go on.
        log.exception("a look failed", source=str(following.source))
        _fail(following, BROKE)
    return True


def context_of(following: Following) -> ReadingContext:
    return context_for(following.source.blog)


def context_for(blog: LiveBlog) -> ReadingContext:
    return ReadingContext(blog.canonical_url, ZoneInfo(blog.time_zone), blog.language)


def _claim(pk: int) -> Following | None:
    with transaction.atomic():
        now = database_now()
        claimed = due(now).filter(pk=pk)
        if not claimed.update(due_at=now + LEASE, epoch=F("epoch") + 1, asked_at=now):
            return None
        return Following.objects.select_related("source__blog").get(pk=pk)


def _look(following: Following) -> tuple[Look, timedelta]:
    """What is there, and how much time to leave until the next look. Raises as `look`."""
    leave = leave_for(following.url)
    if not leave.is_given:
        raise NotAllowed(following.url)
    since = following.answered_at - OVERLAP if following.answered_at else None
    question = Question(
        following.url,
        context_of(following),
        following.reader,
        since if following.began_at else None,
        Validators(following.etag, following.last_modified),
        following.digest,
    )

    def has_news(entries: Sequence[EntryContent]) -> bool:
        mine = Entry.objects.filter(source=following.source_id)
        known = set(mine.values_list("external_id", flat=True))
        known.update(following.source.likenesses.values_list("external_id", flat=True))
        named = own_names(following.source_id, entries)
        return any(entry.external_id not in known for entry in named)

    assert following.asked_at is not None
    found = look(question, following.asked_at, has_news, lambda url: leave_for(url).is_given)
    return found, leave.delay


def _keep(following: Following, found: Look, delay: timedelta) -> None:
    with transaction.atomic():
        current = _still_ours(following)
        if current is None:
            return
        now = database_now()
        before = current.answered_at
        current.failures, current.problem = 0, None
        if not _is_older(found.validators, current, now):
            current.answered_at = now
            if found.document is not None:
                _take(current, found, now)
            current.etag = found.validators.etag
            current.last_modified = found.validators.last_modified
        alarms.answered(current, now)
        local = now.astimezone(ZoneInfo(current.source.blog.time_zone))
        newest = current.news_at or current.began_at or now
        wait = wait_after_news(now - newest, current.span, local)
        wait = max(hubs.wait_with_hub(current, before, wait, now), delay)
        current.due_at = now + _spread(wait)
        current.save()


def _take(current: Following, found: Look, now: datetime) -> None:
    document = found.document
    assert document is not None
    taken = take_in(current.source, document, current.horizon, now)
    if current.began_at is not None:
        heed_left_out(current.source, taken.names, is_whole=not found.is_window)
    if taken.is_news or current.began_at is None or _is_long_ago(current, now):
        _record(current, found, document, taken, now)
    if current.began_at is not None and _may_have_missed(found, taken):
        alarms.missed(current, now)
    if taken.is_news or current.began_at is None:
        current.news_at = now
    hubs.heed(current, document, now)
    current.page_changed_at = now
    if current.began_at is None:
        current.began_at, current.horizon = now, horizon_of(document.entries, now)
    current.reader = document.reader
    current.digest = found.digest


def _is_long_ago(current: Following, now: datetime) -> bool:
    """Whether to keep what was read although it is no news: an advertisement changes any page."""
    return not current.readings.filter(read_at__gt=now - _KEPT_AT_LEAST).exists()


def _record(
    current: Following, found: Look, document: SourceDocument, taken: Taken, now: datetime
) -> None:
    reading = Reading.objects.create(
        following=current,
        read_at=now,
        reader=document.reader,
        first_run=current.began_at is None,
        entries=len(document.entries),
        created=taken.changes[Change.CREATED],
        updated=taken.changes[Change.UPDATED],
        withdrawn=taken.changes[Change.WITHDRAWN],
        held=taken.held,
        warnings=list(document.warnings),
    )
    ReadPage.objects.bulk_create(
        ReadPage(reading=reading, number=number, url=page.url, gzipped=gzip.compress(page.body, 6))
        for number, page in enumerate(found.pages, start=1)
    )


def _may_have_missed(found: Look, taken: Taken) -> bool:
    """Whether there may be entries between those that were found and those that were known."""
    if found.is_cut:
        return True
    return not found.is_window and taken.had_any and taken.unknown > 0 and not taken.knew_any


def _fail(following: Following, why: Wording, asked: FetchRefused | None = None) -> None:
    with transaction.atomic():
        current = _still_ours(following)
        if current is None:
            return
        now = database_now()
        current.failures += 1
        current.problem = why.to_json()
        wait = wait_after_failure(current.failures, current.span[0])
        if asked and asked.status in (429, 503):
            wait = max(wait, retry_after(asked.headers, now=now, longest=LONGEST_ASKED) or wait)
        elif asked is None:
            # The site forbids it, or its page is something else now: that does not pass by itself.
            wait = max(wait, min(LONGEST_WAIT, current.span[1]))
        current.due_at = now + _spread(wait)
        current.save()
        alarms.failed(current, why, now)
    log.warning("a source was not read", source=str(following.source), why=str(why))


def _still_ours(following: Following) -> Following | None:
    """The row as it is now, locked; None if it was switched off or somebody else claimed it."""
    return (
        Following.objects.select_for_update(of=("self",))
        .select_related("source__blog")
        .filter(pk=following.pk, epoch=following.epoch, due_at__isnull=False)
        .first()
    )


def _is_older(found: Validators, current: Following, now: datetime) -> bool:
    """Whether the answer is from before the one that was read last: a cache that is behind.

    Caches catch up soon; a server that was restored from a backup, or once named a time to come,
    does not.
    """
    if current.page_changed_at is None or now - current.page_changed_at > CACHES_CATCH_UP:
        return False
    try:
        was = parsedate_to_datetime(current.last_modified)
        return parsedate_to_datetime(found.last_modified) < was <= now + CLOCKS_DIFFER
    except (ValueError, TypeError, IndexError, OverflowError):
        return False


def _spread(wait: timedelta) -> timedelta:
    """Not all sources at the same moment."""
    return wait * (1 + random.uniform(0, _JITTER))
