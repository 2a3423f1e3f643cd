"""Ends this process, by the kernel's own timer, before it can write a request too late.

`Deadline` shuts sockets down from a thread. A process that is stopped (SIGSTOP, a debugger, a host
without memory) between its last look at the clock and its write runs no thread, and when it goes on
the write may come first: a post that was long given up, looked up and sent again. So a timer runs
while a request is written. Its SIGALRM, whose default action ends the process, is pending when the
process goes on, and is delivered before any instruction of its own: setitimer(2), signal(7).
"""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

#: Seconds after the deadline, which ends any write that is merely slow.
GRACE = 5.0

_lock = threading.Lock()
_numbers = itertools.count()
#: When each write under way must be over, by `time.monotonic`: a process has one such timer.
_ends: dict[int, float] = {}


@contextmanager
def none_after(seconds: float) -> Iterator[None]:
    """What is written in this block is written within *seconds* and `GRACE`, or never."""
    number = next(_numbers)
    with _lock:
        _ends[number] = monotonic() + seconds + GRACE
        _set_timer()
    try:
        yield
    finally:
        with _lock:
            del _ends[number]
            _set_timer()


def _set_timer() -> None:
    if signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL:
        return  # somebody else's timer, which must not be touched
    left = max(0.001, min(_ends.values()) - monotonic()) if _ends else 0
    signal.setitimer(signal.ITIMER_REAL, left)
