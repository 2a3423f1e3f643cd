"""Faults that a person or a test has switched on, waiting for the call they will hit."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Call(StrEnum):
    """What a request to a platform is for. A fault waits for one of these, or for ANY."""

    PUBLISH = "publish"
    LOOK_UP = "look-up"
    OTHER = "other"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Fault:
    """One switched-on fault: it hits the next *times* calls of kind *on* (None: until cleared).

    *seconds* is how long a hanging or slow answer takes, or when to come back after a limit.
    """

    name: str
    times: int | None = 1
    on: Call = Call.PUBLISH
    seconds: float = 30.0

    def hits(self, call: Call) -> bool:
        return self.on in (Call.ANY, call)

    def to_json(self) -> dict[str, Any]:
        return {
            "fault": self.name,
            "times": self.times,
            "on": self.on.value,
            "seconds": self.seconds,
        }


class FaultBoard:
    """The switched-on faults of every platform, in the order they were switched on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Fault]] = {}

    def switch_on(self, platform: str, fault: Fault) -> None:
        with self._lock:
            self._waiting.setdefault(platform, []).append(fault)

    def clear(self, platform: str) -> None:
        with self._lock:
            self._waiting.pop(platform, None)

    def waiting(self, platform: str) -> Sequence[Fault]:
        with self._lock:
            return tuple(self._waiting.get(platform, ()))

    def take(self, platform: str, call: Call) -> Fault | None:
        """The fault that hits this *call*, used up by one; None if none does."""
        with self._lock:
            waiting = self._waiting.get(platform, [])
            for place, fault in enumerate(waiting):
                if not fault.hits(call):
                    continue
                if fault.times == 1:
                    del waiting[place]
                elif fault.times is not None:
                    waiting[place] = replace(fault, times=fault.times - 1)
                return fault
        return None
