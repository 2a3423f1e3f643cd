"""What may have been missed at a source, told to people. Within the caller's transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from syndicator.alerts.raising import end_alert, raise_alert
from syndicator.entries.models import Entry
from syndicator.following.models import Following, HubState, HubSubscription
from syndicator.wording import Wording, gettext_noop

#: Looks that fail in a row, and for how long, before people are told.
FAILURES = 3
FAILING = timedelta(minutes=2)
#: News is late when nothing came for so many times the usual gap between two entries.
LATE = 4
_GAPS = 20

#: Requests in a row that a hub did not grant, before people are told.
NOT_GRANTED = 3

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
HUB_FAILS = gettext_noop("The hub %(host)s does not tell us of news from “%(blog)s”")
HUB_FAILS_WHY = gettext_noop(
    "%(why)s Nothing is missed meanwhile: the source “%(source)s” is looked at as often as without "
    "a hub, and the hub is asked again by itself. If it lasts, have whoever runs the site look at "
    "the hub, and check that the desk's own address can be reached from outside."
)
HUB_MISSIGNS = gettext_noop("The hub %(host)s signs wrongly what it says of “%(blog)s”")
HUB_MISSIGNS_WHY = gettext_noop(
    "Its calls are not heeded: somebody may have forged them, or the hub has lost the secret that "
    "it was given. Nothing is missed meanwhile: the source “%(source)s” is looked at as often as "
    "without a hub. Switch the source off and on again, which gives the hub a new secret; if that "
    "does not help, tell whoever runs the hub."
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


def hub_did_not_grant(hub: HubSubscription, now: datetime) -> None:
    """*hub*, whose row says why, denied what it was asked for, or did not grant it once more.

    While its lease runs it still calls, and may grant the next in time.
    """
    why = hub.problem_wording
    denied = hub.state == HubState.DENIED
    lasts = hub.state in HubSubscription.CURRENT and hub.failures >= NOT_GRANTED
    if why is None or not (denied or (lasts and not hub.is_live(now))):
        return
    said = _of_hub(hub)
    raise_alert(
        key(hub.following, "hub"),
        Wording(HUB_FAILS, said),
        Wording(HUB_FAILS_WHY, {**said, "why": why}),
        now,
    )


def hub_granted(hub: HubSubscription, now: datetime) -> None:
    end_alert(key(hub.following, "hub"), now)


def hub_missigned(hub: HubSubscription, now: datetime) -> None:
    """So many calls in a row were wrongly signed that *hub* is no longer relied upon."""
    said = _of_hub(hub)
    raise_alert(
        key(hub.following, "missigned"),
        Wording(HUB_MISSIGNS, said),
        Wording(HUB_MISSIGNS_WHY, said),
        now,
    )


def hub_signed(following: Following, now: datetime) -> None:
    """A call was rightly signed, after others that were not."""
    end_alert(key(following, "missigned"), now)


def hub_left(following: Following, now: datetime) -> None:
    """Nothing is expected any more of the hub that was to call."""
    for what in ("hub", "missigned"):
        end_alert(key(following, what), now)


def end_all(following: Following, now: datetime) -> None:
    for what in ("failing", "silent", "missed"):
        end_alert(key(following, what), now)


def _of_hub(hub: HubSubscription) -> dict[str, str | int | Wording]:
    source = hub.following.source
    return {"host": hub.host, "blog": str(source.blog), "source": source.name}


def _usual_gap(following: Following) -> timedelta:
    times = list(
        Entry.objects.filter(source=following.source_id)
        .order_by("-published_at")
        .values_list("published_at", flat=True)[:_GAPS]
    )
    gaps = [(newer - older).total_seconds() for newer, older in pairwise(times)]
    return timedelta(seconds=median(gaps)) if gaps else timedelta(0)


def key(following: Following, what: str) -> str:
    """The key of an alert about a source: it is ``failing``, ``silent``, or ``missed`` some, or
    its ``hub`` does not grant what it is asked for, or ``missigned`` its calls."""
    return f"following.{what}.{following.pk}"
