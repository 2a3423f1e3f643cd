"""What a feed says was deleted (RFC 6721)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from syndicator.content import clean_text
from syndicator.sources.feed_dates import feed_time
from syndicator.sources.xml_tree import Element


@dataclass(frozen=True, slots=True)
class Tombstone:
    """That the entry called *ref* was deleted, and when (aware; None where that is unclear)."""

    ref: str
    when: datetime | None

    def buries(self, changed_at: datetime | None) -> bool:
        """Whether an entry that is in the feed and was last changed at *changed_at* is deleted.

        One that came back after it was deleted is not; nor is one of which that is unclear.
        """
        return bool(self.when and changed_at and changed_at <= self.when)


def tombstones_in(feed: Element, time_zone: tzinfo) -> tuple[Tombstone, ...]:
    """The tombstones of *feed*; naive times are in *time_zone*."""
    return tuple(
        Tombstone(ref, feed_time(stone.attributes.get("when", ""), time_zone))
        for stone in feed.elements("at:deleted-entry")
        if (ref := clean_text(stone.attributes.get("ref", "")))
    )


def buried(
    tombstones: Iterable[Tombstone], changed: Mapping[str, datetime | None]
) -> tuple[str, ...]:
    """The ids that *tombstones* take back, each once.

    *changed* has the entries of the feed by their ids: when each was last changed.
    """
    return tuple(
        dict.fromkeys(
            stone.ref
            for stone in tombstones
            if stone.ref not in changed or stone.buries(changed[stone.ref])
        )
    )
