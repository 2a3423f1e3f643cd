"""The stopwatch for leases and deadlines."""

from __future__ import annotations

import time

# Not the monotonic clock: on Linux it stands still while the machine sleeps, and leases do not.
_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def uptime() -> float:
    """Seconds since the machine started, its sleep among them; never set, never going back."""
    return time.clock_gettime(_CLOCK)
