"""Asks for a page that permalinks lead to: claim, look, settle all that wait for it.

The claim is committed, under a lease, before anything is asked; the outcome is fenced by its epoch.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, Q, QuerySet

from syndicator import queue
from syndicator.clock import database_now
from syndicator.entries.ingest import Change, withdraw
from syndicator.entries.models import EntryState
from syndicator.following.robots import USER_AGENT, leave_for
from syndicator.outbound.fetch import TOO_LARGE, TOO_SLOW, FetchRefused, fetch
from syndicator.probing.asking import MISSING_AGAIN
from syndicator.probing.judging import Seen, fragments_on, judge, notes_on
from syndicator.probing.models import Answer, Permalink, ProbedPage
from syndicator.probing.page import read_page

log = structlog.get_logger(__name__)

TOTAL_TIME = timedelta(seconds=10)
LARGEST = 8 * 1024 * 1024
#: Longer than a look may take, robots.txt included.
LEASE = timedelta(seconds=60)
#: Between two requests to one site.
HOST_GAP = timedelta(seconds=1)
#: A page may be published a little later than its entry: what is broken is looked at again.
AGAIN = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
#: A page that is gone is gone if it still is so much later.
GONE_FOR = timedelta(minutes=1)
#: What a look writes of a permalink.
WRITTEN = (
    *("due_at", "tries", "answer", "why", "notes", "probed_at"),
    *("gone_at", "withdrawn_at"),
)
#: Permalinks settled in one transaction.
_AT_ONCE = 500


def due(now: datetime) -> QuerySet[ProbedPage]:
    """The pages to ask for now."""
    free = Q(leased_until=None) | Q(leased_until__lte=now) | Q(leased_until__gt=now + LEASE)
    return ProbedPage.objects.filter(free, due_at__lte=now)


def ring_for_due() -> int:
    """Ring for the page of each site that waits longest; how many."""
    firsts = due(database_now()).values("host").annotate(first=Min("due_at"), page=Min("pk"))
    pages = list(firsts.order_by("first").values_list("page", flat=True))
    for pk in pages:
        queue.ring(queue.PROBE_PAGE, pk)
    return len(pages)


def probe(page_id: int) -> bool:
    """Ask for a page once; False if that is not due, or somebody is at it, or at its site."""
    page = _claim(page_id)
    if page is None:
        return False
    _settle(page, _look(page.url))
    return True


def _claim(page_id: int) -> ProbedPage | None:
    with transaction.atomic():
        page = ProbedPage.objects.select_for_update().filter(pk=page_id).first()
        now = database_now()
        if page is None or not due(now).filter(pk=page_id).exists() or _is_busy(page.host, now):
            return None
        ProbedPage.objects.filter(pk=page_id).update(
            epoch=F("epoch") + 1, leased_until=now + LEASE, claimed_at=now
        )
        return ProbedPage.objects.get(pk=page_id)


def _is_busy(host: str, now: datetime) -> bool:
    lately = ProbedPage.objects.filter(host=host, claimed_at__gt=now - HOST_GAP)
    return lately.filter(claimed_at__lte=now).exists()


def _look(url: str) -> Seen:
    if not url.startswith(("http://", "https://")):
        return Seen(url)
    if not leave_for(url).is_given:
        return Seen(url, unclear=True)
    try:
        fetched = fetch(
            url,
            allow_private_addresses=settings.ALLOW_PRIVATE_ADDRESSES,
            total_time=TOTAL_TIME,
            largest=LARGEST,
            user_agent=USER_AGENT,
        )
    except FetchRefused as refused:
        unclear = refused.reason.sentence in (TOO_LARGE.sentence, TOO_SLOW.sentence)
        return Seen(url, refused.status, why=refused.reason, unclear=unclear)
    return Seen(fetched.url, 200, read_page(fetched.url, fetched.content or b""))


def _settle(claimed: ProbedPage, seen: Seen) -> None:
    with transaction.atomic():
        page = ProbedPage.objects.select_for_update().get(pk=claimed.pk)
        if page.epoch != claimed.epoch:
            return
        now = database_now()
        notes = [note.to_json() for note in notes_on(page.url, seen)]
        waiting = Permalink.objects.select_related("entry__source").filter(page=page)
        # Who asked later may stand on a newer version of the page.
        mine = waiting.filter(due_at__lte=now, asked_at__lte=claimed.claimed_at)
        mine = mine.select_for_update(of=("self",))
        links = list(mine.order_by("due_at")[:_AT_ONCE])
        blogs = {link.entry.blog_id for link in links if link.fragment and seen.page}
        others = {blog: fragments_on(page, blog) for blog in blogs}
        for link in links:
            _answer(link, seen, others.get(link.entry.blog_id, set()), now)
            link.notes = notes
            link.save(update_fields=WRITTEN)
            if not link.entry.from_before:
                queue.after_commit(queue.RENDER_ENTRY, link.entry_id)
        _remember(page, seen, notes, now)


def _remember(page: ProbedPage, seen: Seen, notes: list[dict[str, object]], now: datetime) -> None:
    """Keep what was seen, and when to look next."""
    links = Permalink.objects.filter(page=page)
    has_places = seen.page is not None and links.exclude(fragment="").exists()
    page.places = sorted(seen.page.places) if seen.page and has_places else []
    page.status, page.notes, page.fetched_at = seen.status, notes, now
    page.leased_until = None
    next_due = links.aggregate(next=Min("due_at"))["next"]
    page.due_at = max(next_due, page.may_be_asked_at(now)) if next_due else None
    page.save()


def _answer(link: Permalink, seen: Seen, others: Collection[str], now: datetime) -> None:
    verdict = judge(link.fragment, seen, others)
    link.answer, link.probed_at = verdict.answer, now
    link.why = verdict.why.to_json() if verdict.why else None
    link.due_at = None
    if link.is_broken and link.tries < len(AGAIN):
        link.due_at = now + AGAIN[link.tries]
    link.tries += 1
    if link.missing_at is not None:
        _heed_missing(link, link.missing_at, now)


def _heed_missing(link: Permalink, missing_at: datetime, now: datetime) -> None:
    """*link*'s entry is missing from its source's document: what its page says of that.

    Only while that is lately: a page that fails long after may do so for any reason.
    """
    is_lately = missing_at <= now < missing_at + MISSING_AGAIN
    if link.answer != Answer.GONE or link.fragment or not is_lately:
        link.gone_at = None
        return
    if link.gone_at is None or link.gone_at > now:
        link.gone_at, link.due_at = now, now + GONE_FOR
    elif now - link.gone_at < GONE_FOR:
        link.due_at = link.gone_at + GONE_FOR
    elif link.entry.state == EntryState.LIVE:
        found = withdraw(link.entry.source, link.entry.external_id)
        link.due_at = None
        if found.change == Change.WITHDRAWN:
            link.withdrawn_at = now
            log.warning("an entry is gone from its site", entry=link.entry.external_id)
