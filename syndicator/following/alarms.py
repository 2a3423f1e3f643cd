"""What may have been missed at a source, told to people. Within the caller's transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from syndicator.alerts.raising import end_alert, raise_alert
from syndicator.entries.models import Entry
from syndicator.following.models import Following
from syndicator.wording import Wording, gettext_noop

#: Looks that fail in a row, and for how long, before people are told.
FAILURES = 3
FAILING = timedelta(minutes=2)
#: News is late when nothing came for so many times the usual gap between two entries.
LATE = 4
_GAPS = 20

FAILS = gettext_noop("“%(blog)s” is not followed any more: its source fails")
FAILS_WHY = gettext_noop("%(why)s New entries are not seen until that works again.")
MISSED = gettext_noop("Entries of “%(blog)s” may have been missed")
MISSED_WHY = gettext_noop(
    "The source “%(source)s” shows only entries that were not known before: between them and the "
    "last known one there may have been more. Compare its page with the entries here."
)
SILENT = gettext_noop("Nothing new from “%(blog)s” for %(minutes)s minutes")
SILENT_WHY = gettext_noop(
    "The page of the source “%(source)s” changes, but no entry does. Perhaps there is no news; "
    "perhaps the page was rebuilt and its entries are not found any more."
)


def failed(following: Following, why: Wording, now: datetime) -> None:
    """A look failed; *following* counts it already."""
    since = following.answered_at or following.began_at
    if following.failures < FAILURES or (since and now - since < FAILING):
        return
    blog = following.source.blog
    raise_alert(
        key(following, "failing"),
        Wording(FAILS, {"blog": str(blog)}),
        Wording(FAILS_WHY, {"why": why}),
        now,
    )


def answered(following: Following, now: datetime) -> None:
    """A look was answered, and *following* says what was found."""
    end_alert(key(following, "failing"), now)
    least = timedelta(minutes=following.silence_minutes)
    quiet_since = following.news_at or following.began_at
    is_over = following.source.blog.closed_at is not None
    if not least or is_over or quiet_since is None or now - quiet_since < least:
        end_alert(key(following, "silent"), now)
        return
    late = max(least, LATE * _usual_gap(following))
    if now - quiet_since < late:
        end_alert(key(following, "silent"), now)
        return
    if following.page_changed_at is None or following.page_changed_at <= quiet_since:
        return
    said: dict[str, str | int | Wording] = {
        "blog": str(following.source.blog),
        "source": following.source.name,
    }
    minutes = int(late.total_seconds() // 60)
    raise_alert(
        key(following, "silent"),
        Wording(SILENT, {**said, "minutes": minutes}),
        Wording(SILENT_WHY, said),
        now,
    )


def missed(following: Following, now: datetime) -> None:
    """A document showed none of the entries that were known, and more of them than it may hold."""
    said: dict[str, str | int | Wording] = {
        "blog": str(following.source.blog),
        "source": following.source.name,
    }
    raise_alert(key(following, "missed"), Wording(MISSED, said), Wording(MISSED_WHY, said), now)


def joined_up(following: Following, now: datetime) -> None:
    """A person has compared, or the source is not followed any more."""
    end_alert(key(following, "missed"), now)


def end_all(following: Following, now: datetime) -> None:
    for what in ("failing", "silent", "missed"):
        end_alert(key(following, what), now)


def _usual_gap(following: Following) -> timedelta:
    times = list(
        Entry.objects.filter(source=following.source_id)
        .order_by("-published_at")
        .values_list("published_at", flat=True)[:_GAPS]
    )
    gaps = [(newer - older).total_seconds() for newer, older in pairwise(times)]
    return timedelta(seconds=median(gaps)) if gaps else timedelta(0)


def key(following: Following, what: str) -> str:
    """The key of an alert about a source: it is ``failing``, ``silent``, or ``missed`` some."""
    return f"following.{what}.{following.pk}"
