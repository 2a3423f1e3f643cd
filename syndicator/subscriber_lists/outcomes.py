"""What became of one line of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from syndicator.wording import Wording


class Fate(models.TextChoices):
    ADDED = "added", _("added")
    THERE = "there", _("was on the list already")
    LEFT = "left", _("taken over as unsubscribed")
    STAYS_AWAY = "stays_away", _("gets no mail here and is not brought back")
    REFUSED = "refused", _("not taken")


@dataclass(frozen=True, slots=True)
class Outcome:
    """*line* is its number in the file.

    *reason* says why nothing came of it, *said* what stood there instead of an address. Of
    whom something became nothing is kept here: it would outlive what they have deleted.
    """

    line: int
    fate: Fate
    said: str = ""
    reason: Wording | None = None

    def to_json(self) -> list[Any]:
        return [self.line, self.fate, self.said, self.reason.to_json() if self.reason else None]

    @classmethod
    def from_json(cls, data: list[Any]) -> Outcome:
        line, fate, said, reason = data
        return cls(line, Fate(fate), said, Wording.from_json(reason))
