"""Times as the newsroom says them: in the live blog's zone, and only as long as needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from datetime import date as date_type
from functools import partial
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import ngettext, pgettext

from syndicator.desk.texts import say
from syndicator.entries.models import LiveBlog
from syndicator.wording import TimedWording


def clock(moment: datetime, zone: str, precise: bool = False) -> str:
    """The time of day; with the date if that is not today, and the year if not this one.

    *precise* adds the seconds.
    """
    local = timezone.localtime(moment, ZoneInfo(zone))
    today = timezone.localtime(timezone=ZoneInfo(zone))
    time = date_format(local, "H:i:s" if precise else "H:i", use_l10n=False)
    if local.date() == today.date():
        return time
    form = (
        pgettext("Django date format", "j M")
        if local.year == today.year
        else (pgettext("Django date format", "j M Y"))
    )
    return f"{date_format(local, form, use_l10n=False)}, {time}"


def soon(moment: datetime, zone: str) -> str:
    """As `clock`, with the seconds if *moment* is less than a minute away."""
    return clock(moment, zone, precise=abs(moment - timezone.now()) < timedelta(minutes=1))


def duration(span: timedelta) -> str:
    """About how long, in one unit."""
    seconds = max(1, round(span.total_seconds()))
    if seconds < 100:
        return ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
    minutes = round(seconds / 60)
    if minutes < 100:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    hours = round(minutes / 60)
    return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}


def told(wording: TimedWording, zone: str) -> str:
    """A sentence in the reader's language, with its times."""
    return say(wording.wording(partial(soon, zone=zone)))


def moment_on_wall(typed: str, zone: str) -> datetime | None:
    """What a browser sends for a date and time; None if it is none, or one that the clock on the
    wall leaves out. Of an hour that comes twice it is the second: never too early."""
    try:
        local = datetime.fromisoformat(typed)
    except ValueError:
        return None
    if timezone.is_aware(local):
        return local
    moment = local.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC)
    return moment if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local else None


def full(moment: datetime, zone: str) -> str:
    """Date, time to the second, and the zone's name."""
    local = timezone.localtime(moment, ZoneInfo(zone))
    # Django leaves the zone's name out of the hour that comes twice in autumn.
    date = date_format(local, pgettext("Django date format", "j F Y, H:i:s"), use_l10n=False)
    return f"{date} {local.tzname()}"


def day(date: date_type) -> str:
    """A day without its time, with the year if it is not this one."""
    this_year = date.year == timezone.now().year
    form = (
        pgettext("Django date format", "j M")
        if this_year
        else pgettext("Django date format", "j M Y")
    )
    return date_format(date, form, use_l10n=False)


def desk_zone() -> str:
    """The zone for pages that belong to no live blog: that of the newest one."""
    zones = LiveBlog.objects.order_by("-pk").values_list("time_zone", flat=True)
    return zones.first() or settings.TIME_ZONE
