"""Sentences for editors that are made far from the screen and translated on it.

A channel or a state change knows *why* something happened but not which language the reader
speaks. It stores the English sentence with its gaps (`Wording`); the desk looks the sentence up
in the message catalogue and fills the gaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def gettext_noop(sentence: str) -> str:
    """Mark *sentence* for the message catalogue without translating it here."""
    return sentence


@dataclass(frozen=True, slots=True)
class Wording:
    """One sentence for an editor: *sentence* with ``%(name)s`` gaps, and what fills them."""

    sentence: str
    gaps: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence % self.gaps if self.gaps else self.sentence

    def to_json(self) -> dict[str, Any]:
        return {"sentence": self.sentence, "gaps": dict(self.gaps)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Wording | None:
        if not data:
            return None
        return cls(str(data["sentence"]), dict(data.get("gaps", {})))
