"""What a check can find."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syndicator.wording import TimedWording, Wording


class Severity(StrEnum):
    """NOTE ends by itself, PROBLEM needs a person, UNREACHABLE is a part that does not answer."""

    NOTE = "note"
    PROBLEM = "problem"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be: *what*, *since* when, what lies behind it, and what
    to do about it (None: nothing, it ends by itself)."""

    severity: Severity
    what: TimedWording
    since: datetime | None = None
    because: TimedWording | None = None
    advice: Wording | None = None


def note(
    what: TimedWording, since: datetime | None = None, because: TimedWording | None = None
) -> Finding:
    return Finding(Severity.NOTE, what, since, because)


def problem(what: TimedWording, advice: Wording, since: datetime | None = None) -> Finding:
    return Finding(Severity.PROBLEM, what, since, advice=advice)


def unreachable(what: TimedWording, advice: Wording) -> Finding:
    return Finding(Severity.UNREACHABLE, what, advice=advice)


def in_a_line(error: Exception) -> str:
    """What *error* says, for a sentence."""
    return " ".join(str(error).split()) or type(error).__name__
