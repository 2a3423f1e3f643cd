"""Counts how often share pages are opened: nothing about who opened them is kept, or even read.

A page that goes around is opened by thousands within a minute. So each process counts in memory
and writes what came together every few seconds: a row is never fought over. What a process that is
killed had not written is lost; a count is a figure for editors, no evidence.
"""

from __future__ import annotations

import atexit
import re
import threading
from collections import Counter
from collections.abc import Callable
from datetime import date

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.http import HttpRequest

from syndicator.clock import database_now
from syndicator.entries.models import Entry
from syndicator.share.models import Clicks

log = structlog.get_logger(__name__)

#: Seconds from the first of some clicks until they are written.
PERIOD = 3.0

#: Programs that read pages for previews, search engines and the like name themselves.
CARD_READERS = re.compile(
    r"bot\b|bots?/|crawl|spider|facebookexternalhit|facebookcatalog|meta-external|whatsapp|telegram"
    r"|slack|linkedin|embedly|preview|fetch|mastodon|pleroma|misskey|akkoma|bluesky|cardyb|iframely"
    r"|discord|skype|teams|vkshare|pinterest|flipboard|feed|rss|monitor|validator|scanner|archive",
    re.IGNORECASE,
)
_PROGRAMS = re.compile(
    r"curl|wget|python|java/|okhttp|go-http|libwww|perl|ruby|axios|httpx|headless|phantom|lighthouse",
    re.IGNORECASE,
)


def is_card_reader(request: HttpRequest) -> bool:
    """Whether a program asks that makes a card of the page, or lists it."""
    return bool(CARD_READERS.search(request.headers.get("User-Agent", "")))


def is_reader(request: HttpRequest) -> bool:
    """Whether a person seems to open the page now: no program, and no browser loading ahead."""
    browser = request.headers.get("User-Agent", "")
    ahead = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return (
        request.method == "GET"
        and browser.startswith("Mozilla/")
        and not CARD_READERS.search(browser)
        and not _PROGRAMS.search(browser)
        and "prefetch" not in ahead
    )


class Counting:
    """Clicks that are not written yet; *later* is called with what writes them."""

    def __init__(self, later: Callable[[Callable[[], None]], None]) -> None:
        self._later = later
        self._lock = threading.Lock()
        self._clicks = Counter[int]()

    def count(self, entry_id: int) -> None:
        with self._lock:
            is_first = not self._clicks
            self._clicks[entry_id] += 1
        if is_first:
            self._later(self.write)

    def write(self) -> None:
        """Write what has come together; what the database does not take, later."""
        if not self.write_now():
            self._later(self.write)

    def write_now(self) -> bool:
        """The same; False if the database did not take it."""
        with self._lock:
            clicks, self._clicks = self._clicks, Counter()
        if not clicks:
            return True
        try:
            _add(clicks, database_now().date())
        except DatabaseError:
            log.warning("clicks not written", exc_info=True)
            with self._lock:
                self._clicks.update(clicks)
            return False
        return True


def _add(clicks: Counter[int], day: date) -> None:
    with transaction.atomic():
        known = Clicks.objects.filter(entry__in=list(clicks), day=day)
        missing = set(clicks) - set(known.values_list("entry", flat=True))
        # An entry that is gone, with its live blog, must not keep the others from being counted.
        there = Entry.objects.filter(pk__in=missing).order_by("pk").values_list("pk", flat=True)
        Clicks.objects.bulk_create(
            [Clicks(entry_id=entry_id, day=day) for entry_id in there], ignore_conflicts=True
        )
        # In one order, so that two processes never wait for each other.
        for entry_id in sorted(clicks):
            Clicks.objects.filter(entry=entry_id, day=day).update(
                count=F("count") + clicks[entry_id]
            )


def _in_background(write: Callable[[], None]) -> None:
    def run() -> None:
        try:
            write()
        finally:
            connection.close()

    timer = threading.Timer(PERIOD, run)
    timer.daemon = True
    timer.start()


counting = Counting(_in_background)
atexit.register(counting.write_now)
