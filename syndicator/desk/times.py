"""Times as the newsroom says them: in the live blog's zone, and only as long as needed."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import pgettext

from syndicator.entries.models import LiveBlog


def clock(moment: datetime, zone: str) -> str:
    """The time of day; with the date if that is not today, and the year if not this one."""
    local = timezone.localtime(moment, ZoneInfo(zone))
    today = timezone.localtime(timezone=ZoneInfo(zone))
    if local.date() == today.date():
        form = "H:i"
    elif local.year == today.year:
        form = pgettext("Django date format", "j M, H:i")
    else:
        form = pgettext("Django date format", "j M Y, H:i")
    return date_format(local, form, use_l10n=False)


def full(moment: datetime, zone: str) -> str:
    """Date, time to the second, and the zone's name."""
    local = timezone.localtime(moment, ZoneInfo(zone))
    return date_format(local, pgettext("Django date format", "j F Y, H:i:s T"), use_l10n=False)


def desk_zone() -> str:
    """The zone for pages that belong to no live blog: that of the newest one."""
    zones = LiveBlog.objects.order_by("-pk").values_list("time_zone", flat=True)
    return zones.first() or settings.TIME_ZONE
