"""An entry's permalink before it is first posted: probed, waited for a little, and what came of it.

An entry goes out with a link that nobody has probed rather than late.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings

from syndicator.destinations.models import Policy, Route
from syndicator.entries.models import Entry
from syndicator.following.models import Following
from syndicator.probing.asking import ask, permalink_of
from syndicator.wording import Wording, gettext_noop

#: How long rendering waits for an answer, from when it was first begun.
PATIENCE = timedelta(seconds=8)

HELD = gettext_noop("Waits for an editor. %(why)s")


def must_wait(entry: Entry, routes: Collection[Route], now: datetime) -> bool:
    """Whether to render *entry*, which *routes* may post, later, because its permalink is being
    probed; it is asked for.

    Waits where something is to go out unseen: of a followed source, or where a broken link holds
    it. What a newsroom's own system pushes is not kept waiting for that system's own page.
    """
    if not (routes and settings.PROBE_PERMALINKS):
        return False
    if ask(entry).answer:
        return False
    begun = entry.render_tried_at
    if begun and not (begun <= now < begun + PATIENCE):
        return False
    automatic = [route for route in routes if route.policy == Policy.AUTOMATIC]
    if not automatic:
        return False
    return (
        any(route.hold_broken_links for route in automatic)
        or Following.objects.filter(pk=entry.source_id).exists()
    )


def objection(entry: Entry, route: Route) -> Wording | None:
    """Why *entry* does not go out on *route* by itself: readers could not open its permalink."""
    if not route.hold_broken_links:
        return None
    link = permalink_of(entry)
    if link is None or not link.is_broken:
        return None
    return Wording(HELD, {"why": link.wording or ""})


def works_by_now(entry: Entry) -> bool:
    """Whether readers get to *entry* from its permalink, as far as its page shows. What a site that
    turns us away says proves nothing."""
    link = permalink_of(entry)
    return link is not None and link.page_shows_no_fault
