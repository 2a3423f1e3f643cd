"""Which of a picture's sizes to take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: No platform shows more; originals of agencies are tens of megabytes.
MOST_PIXELS_A_SIDE = 2400
#: Where no sizes are given: what the formats call their sizes, from the best on.
_BY_NAME = ("baseimage", "main", "highres", "large", "viewimage", "preview", "original")


@dataclass(frozen=True, slots=True)
class Rendition:
    """One size of a picture; *width* and *height* in pixels, 0 where they are not known."""

    url: str
    name: str = ""
    width: int = 0
    height: int = 0

    @property
    def longest_side(self) -> int:
        return max(self.width, self.height)


def best_rendition(renditions: Iterable[Rendition]) -> str:
    """The address of the largest sensible size of those that have one; empty if none has."""
    return max(filter(lambda one: one.url, renditions), key=_rank, default=Rendition("")).url


def _rank(rendition: Rendition) -> tuple[int, int]:
    side = rendition.longest_side
    if 0 < side <= MOST_PIXELS_A_SIDE:
        return 2, side
    name = rendition.name.lower()
    known = len(_BY_NAME) - _BY_NAME.index(name) if name in _BY_NAME else 0
    return (0, -side) if side else (1, known)
