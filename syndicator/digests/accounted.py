"""Where entries stand that reach their readers in digests only: for the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicator.digests.models import DigestItem, DigestState, Shown
from syndicator.entries.models import Entry


@dataclass(frozen=True, slots=True)
class Place:
    """The digest an entry is in: when it was due, and whether it still waits for an editor."""

    due_at: datetime
    waits: bool


def places(entries: Sequence[Entry]) -> dict[tuple[int, int], Place]:
    """The first digest each of *entries* is in, by entry and destination; one query."""
    items = (
        DigestItem.objects.filter(
            entry__in=[entry.pk for entry in entries],
            shown__in=(Shown.TOLD, Shown.COUNTED),
            digest__state__in=(DigestState.SENT, DigestState.WAITING),
        )
        .order_by("-digest__due_at")
        .values_list("entry", "digest__destination", "digest__due_at", "digest__state")
    )
    found: dict[tuple[int, int], Place] = {}
    for entry, destination, due_at, state in items:
        place = Place(due_at, waits=state == DigestState.WAITING)
        earlier = found.get((entry, destination))
        # One that went out counts more than one that waits.
        if earlier is None or earlier.waits or not place.waits:
            found[entry, destination] = place
    return found
