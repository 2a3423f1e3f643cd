"""Limits that count calls in windows of time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spent:
    """Whether one more call was *allowed*, and what *remaining* says until *reset* (Unix time)."""

    allowed: bool
    remaining: int
    reset: float


class Window:
    """At most *limit* calls in *seconds*, counted from the first one after a reset."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self._seconds = seconds
        self._lock = threading.Lock()
        self._remaining = limit
        self._reset = 0.0

    def spend(self) -> Spent:
        """Count one more call, if it is allowed."""
        with self._lock:
            now = time.time()
            if now >= self._reset:
                self._remaining, self._reset = self.limit, now + self._seconds
            allowed = self._remaining > 0
            self._remaining -= allowed
            return Spent(allowed, self._remaining, self._reset)
