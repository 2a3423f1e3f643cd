"""Whether a site lets itself be followed: its robots.txt (RFC 9309), read at most once a day.

Where it cannot be read, nothing is forbidden: a person named the address, and asking for one
document now and then is not crawling.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from protego import Protego

from syndicator.clock import database_now
from syndicator.following.models import RobotsFile
from syndicator.outbound.fetch import FetchRefused, fetch_document

#: The name that a robots.txt may address us by.
ROBOT = "Syndicator"
USER_AGENT = f"{ROBOT} (live blog reader)"
KEPT = timedelta(days=1)
#: RFC 9309, 2.5, has a reader take 500 KiB at least.
LARGEST = 500 * 1024
TOTAL_TIME = timedelta(seconds=10)
#: Nobody waits longer between two looks for a robots.txt.
LONGEST_DELAY = timedelta(hours=1)
#: A host's name has 253 characters at most (RFC 1035).
_LONGEST_ORIGIN = 300


@dataclass(frozen=True, slots=True)
class Leave:
    """Whether an address may be asked for, and how much time to leave between two requests."""

    is_given: bool
    delay: timedelta = timedelta(0)


def leave_for(url: str, total_time: timedelta = TOTAL_TIME) -> Leave:
    """What the site of *url* (http or https) says about asking for it.

    Its robots.txt may take *total_time* to come; what comes later forbids nothing.
    """
    return _leave_by(_robots_text(url, total_time), url)


def known_leave_for(url: str) -> Leave:
    """The same by what was read last, without asking for it."""
    known = RobotsFile.objects.filter(pk=_origin(url)).first()
    return _leave_by(known.text if known else "", url)


def _leave_by(text: str, url: str) -> Leave:
    if not text:
        return Leave(True)
    rules = Protego.parse(text)
    delay = rules.crawl_delay(ROBOT)
    return Leave(
        rules.can_fetch(url, ROBOT),
        min(timedelta(seconds=max(0.0, delay or 0.0)), LONGEST_DELAY),
    )


def _origin(url: str) -> str:
    """Without a name and a password, which are none of a robots.txt's; empty if it is too long to
    be any site's."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return origin if len(origin) <= _LONGEST_ORIGIN else ""


def _robots_text(url: str, total_time: timedelta) -> str:
    origin = _origin(url)
    if not origin:
        return ""
    known = RobotsFile.objects.filter(pk=origin).first()
    now = database_now()
    if known and now - KEPT < known.read_at <= now:
        return known.text
    try:
        raw = fetch_document(
            f"{origin}/robots.txt",
            allow_private_addresses=settings.ALLOW_PRIVATE_ADDRESSES,
            total_time=total_time,
            largest=LARGEST,
        )
        text = raw.decode("utf-8", "replace").replace("\0", "")
    except FetchRefused:
        if total_time < TOTAL_TIME:
            return ""  # not remembered: with more time it may come
        text = ""
    RobotsFile.objects.update_or_create(pk=origin, defaults={"text": text, "read_at": now})
    return text
