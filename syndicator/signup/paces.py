"""How a pace is said to a reader."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from syndicator.newsletter.models import Pace

#: What somebody chooses from: said of oneself, without the newsroom's words.
CHOICES = {
    Pace.EVERY_ENTRY: _("every entry, at once"),
    Pace.KEY_EVENTS: _("important entries only, at once"),
    Pace.HOURLY: _("a summary every hour, if something happened"),
    Pace.DAILY: _("a summary once a day"),
    Pace.AT_CLOSE: _("one summary when the live blog ends"),
}
HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]
#: Names that mean a place; the others (Etc/GMT+5, EST5EDT) are for machines.
ZONES = sorted(
    zone
    for zone in available_timezones()
    if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "US/"))
)
_KNOWN = available_timezones()


def said(pace: Pace, daily_hour: int, zone: str) -> str:
    """*pace* in words, with the hour of a daily one."""
    if pace != Pace.DAILY:
        return str(CHOICES[pace])
    return gettext("a summary once a day, at %(hour)s (%(zone)s)") % {
        "hour": f"{daily_hour:02}:00",
        "zone": zone,
    }


def is_zone(name: str) -> bool:
    return name in _KNOWN
