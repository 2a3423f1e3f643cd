"""Sentences for editors that are made far from the screen and translated on it.

A channel or a state change knows *why* something happened but not which language the reader
speaks. It stores the English sentence with its gaps (`Wording`); the desk looks the sentence up
in the message catalogue and fills the gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


def gettext_noop(sentence: str) -> str:
    """Mark *sentence* for the message catalogue without translating it here."""
    return sentence


@dataclass(frozen=True, slots=True)
class Wording:
    """One sentence for an editor: *sentence* with ``%(name)s`` gaps, and what fills them.

    What fills a gap may be a sentence itself.
    """

    sentence: str
    gaps: Mapping[str, str | int | Wording] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.said(str)

    def said(self, translate: Callable[[str], str]) -> str:
        """The sentence and those in its gaps, each put through *translate* before it is filled."""
        sentence = translate(self.sentence)
        if not self.gaps:
            return sentence
        return sentence % {
            name: filling.said(translate) if isinstance(filling, Wording) else filling
            for name, filling in self.gaps.items()
        }

    def to_json(self) -> dict[str, Any]:
        gaps = {name: _storable(said) for name, said in self.gaps.items()}
        return {"sentence": self.sentence, "gaps": gaps}

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Wording | None:
        if not data:
            return None
        gaps: dict[str, Any] = {
            name: cls.from_json(said) if isinstance(said, dict) else said
            for name, said in data.get("gaps", {}).items()
        }
        return cls(str(data["sentence"]), gaps)


@dataclass(frozen=True, slots=True)
class TimedWording:
    """A sentence that is made for the screen at once; some of its gaps are moments (aware)."""

    sentence: str
    gaps: Mapping[str, str | int | Wording | datetime] = field(default_factory=dict)

    def wording(self, clock: Callable[[datetime], str]) -> Wording:
        """The sentence with its moments as *clock* writes them."""
        return Wording(
            self.sentence,
            {
                name: clock(said) if isinstance(said, datetime) else said
                for name, said in self.gaps.items()
            },
        )


def _storable(said: str | int | Wording) -> str | int | dict[str, Any]:
    """What fills a gap may come from outside; databases refuse NUL and lone surrogates."""
    if isinstance(said, Wording):
        return said.to_json()
    if isinstance(said, int):
        return said
    return said.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
