"""What a part of the bench comes to: rows of figures, and how they are made of measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil


class SystemFailed(Exception):
    """The system under test lost, failed or repeated something: no figure is worth that."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. *yardstick* is in the same unit; *meaning* reads the ratio."""

    figure: str
    backend: str
    value: float
    unit: str
    yardstick: float | None = None
    yardstick_name: str = ""
    meaning: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.yardstick if self.yardstick else None


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest of *values* that *percent* of them do not exceed."""
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]
