"""Has a permalink probed: before it is first used, again, or because its entry is missing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Q, QuerySet

from syndicator import queue
from syndicator.clock import database_now
from syndicator.entries.models import Entry, EntryState
from syndicator.pictures.models import url_hash
from syndicator.probing.judging import judge_by_page
from syndicator.probing.models import Answer, Permalink, ProbedPage, parted

#: An entry that a document lacks is looked after no more often.
MISSING_AGAIN = timedelta(hours=1)


def permalink_of(entry: Entry) -> Permalink | None:
    """What is known of the permalink that *entry* has now."""
    return Permalink.objects.filter(entry=entry, url_hash=url_hash(entry.permalink)).first()


def permalinks_of(entries: Iterable[Entry]) -> dict[int, Permalink]:
    """The same of many, by the entries' pks; without those that nobody has asked for."""
    hashes = {entry.pk: url_hash(entry.permalink) for entry in entries}
    rows = Permalink.objects.filter(entry__in=list(hashes))
    return {row.entry_id: row for row in rows if row.url_hash == hashes[row.entry_id]}


def ask(entry: Entry) -> Permalink:
    """Have *entry*'s permalink probed, unless it was. Answered at once where its page was seen just
    now and the entry was on it."""
    known = permalink_of(entry)
    if known is not None and known.withdrawn_at is None:
        return known
    if known is not None:
        # It was gone, and its source tells it again.
        return ask_again(entry)
    link, created = _row(entry, database_now())
    if created and not judge_by_page(link):
        _have_looked_at(link)
    return link


def ask_again(entry: Entry) -> Permalink:
    """Have it probed anew, whatever came of it before."""
    now = database_now()
    link, _created = _row(entry, now)
    known = Permalink.objects.filter(pk=link.pk)
    known.update(asked_at=now, due_at=now, tries=0)
    came_back = known.filter(withdrawn_at__isnull=False)
    came_back.update(answer="", why=None, missing_at=None, gone_at=None, withdrawn_at=None)
    _have_looked_at(link)
    link.refresh_from_db()
    return link


def places_gone() -> QuerySet[Permalink]:
    """Of entries that are neither in their source's document nor on their page, and of which nobody
    has said what is to become of them; the latest first."""
    found = Permalink.objects.filter(
        missing_at__isnull=False, kept_at=None, answer=Answer.NO_PLACE, entry__state=EntryState.LIVE
    )
    return found.order_by("-missing_at").select_related("entry__blog")


def keep(entry: Entry) -> bool:
    """The entry stays although its place on the page is gone; False if that was not asked."""
    asked = places_gone().filter(entry=entry)
    pks = list(asked.values_list("pk", flat=True))
    return bool(Permalink.objects.filter(pk__in=pks).update(kept_at=database_now()))


def look_for_missing(entry_id: int) -> bool:
    """The document of *entry_id*'s source lacks it; False if there is nothing to look after."""
    entry = Entry.objects.filter(pk=entry_id, state=EntryState.LIVE).first()
    if entry is None:
        return False
    now = database_now()
    link, _created = _row(entry, now)
    due = Permalink.objects.filter(pk=link.pk).filter(
        Q(missing_at=None) | Q(missing_at__lte=now - MISSING_AGAIN) | Q(missing_at__gt=now)
    )
    if not due.update(missing_at=now, gone_at=None, asked_at=now, due_at=now, tries=0):
        return False
    _have_looked_at(link)
    return True


def _row(entry: Entry, now: datetime) -> tuple[Permalink, bool]:
    address, fragment = parted(entry.permalink)
    page, _created = ProbedPage.objects.get_or_create(
        url_hash=url_hash(address),
        defaults={"url": address, "host": _host(address)},
    )
    return Permalink.objects.select_related("page").get_or_create(
        entry=entry,
        url_hash=url_hash(entry.permalink),
        defaults={"page": page, "fragment": fragment[:2000], "asked_at": now, "due_at": now},
    )


def _have_looked_at(link: Permalink) -> None:
    with transaction.atomic():
        page = ProbedPage.objects.select_for_update().get(pk=link.page_id)
        now = database_now()
        soonest = page.may_be_asked_at(now)
        page.due_at = min(page.due_at or soonest, soonest)
        page.save(update_fields=["due_at"])
        if soonest <= now:
            queue.after_commit(queue.PROBE_PAGE, page.pk)


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "")[:260]
    except ValueError:
        return ""
