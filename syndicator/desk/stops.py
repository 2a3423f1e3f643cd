"""What every page says on top: what is stopped, and what went wrong."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from syndicator.alerts.models import Alert
from syndicator.alerts.raising import open_alerts
from syndicator.desk.texts import platform_label
from syndicator.desk.times import desk_zone
from syndicator.destinations.models import Stop
from syndicator.destinations.stops import standing
from syndicator.posts.stopped import HeldBack, held_back


class Banner:
    """What is stopped and what is wrong at present, read when a page asks for it."""

    @cached_property
    def rows(self) -> list[HeldBack]:
        stops = standing().select_related("blog", "pressed_by")
        # What stops everything comes first: a phone shows little more.
        return held_back(sorted(stops, key=lambda stop: bool(stop.blog or stop.channel_name)))

    @cached_property
    def alerts(self) -> list[Alert]:
        return list(open_alerts())

    @cached_property
    def zone(self) -> str:
        return desk_zone()

    @property
    def seen(self) -> str:
        """Another for another banner: a page that polls gets only what is new."""
        stopped = [(row.stop.pk, row.waiting, row.stale) for row in self.rows]
        said = str((stopped, [alert.pk for alert in self.alerts]))
        return sha256(said.encode()).hexdigest()[:16] if self.rows or self.alerts else ""


def scope_of(stop: Stop) -> str:
    """What *stop* stops, as its name."""
    if stop.blog is not None:
        return str(stop.blog)
    return platform_label(stop.channel_name) if stop.channel_name else _("Everything")


def pressed(stop: Stop, *, fresh: bool, on_their_way: int) -> str:
    """What to tell whoever pressed the button."""
    if not fresh:
        return _("%(what)s: %(who)s had stopped that before.") % {
            "what": scope_of(stop),
            "who": stop.pressed_by,
        }
    told = _("%(what)s: stopped.") % {"what": scope_of(stop)}
    if not on_their_way:
        nothing = _("Nothing was being sent at that moment.")
        return f"{told} {nothing}"
    under_way = ngettext(
        "%(count)s post was being sent at that moment and cannot be called back.",
        "%(count)s posts were being sent at that moment and cannot be called back.",
        on_their_way,
    )
    return f"{told} {under_way % {'count': on_their_way}}"


def lifted(stop: Stop, stale: int) -> str:
    """What to tell whoever lets it go on."""
    told = _("%(what)s: it goes on.") % {"what": scope_of(stop)}
    if not stale:
        return told
    waits = ngettext(
        "%(count)s post was too old by then and waits for an editor.",
        "%(count)s posts were too old by then and wait for an editor.",
        stale,
    )
    return f"{told} {waits % {'count': stale}}"
