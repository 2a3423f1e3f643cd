"""A hard end for one call, whatever the other side does.

Socket time-outs bound one `recv`; a server that sends a byte now and then outlives them all.
`Deadline` bounds the whole call: when its time is up, a timer shuts the watched sockets down and
every read or write on them ends at once. It works in any thread, without signals.
"""

from __future__ import annotations

import contextlib
import math
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from types import TracebackType
from typing import Self

from syndicator.uptime import uptime


class DeadlinePassed(TimeoutError):
    """The time for the call is over. *sent* says whether a byte of the request may be out."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__("the time for this call is over")
        self.sent = sent


#: By `uptime`: no deadline that begins here ends later.
_end: ContextVar[float] = ContextVar("end", default=math.inf)


@contextmanager
def no_call_after(end: float) -> Iterator[None]:
    """Whatever deadline begins in this block ends at *end*, by `uptime`, at the latest.

    A deadline counts from when it begins; a process that was stopped just before would otherwise
    begin it late.
    """
    token = _end.set(end)
    try:
        yield
    finally:
        _end.reset(token)


class Deadline:
    """The time *total* for one call; a context manager, used once.

    Whoever opens a socket calls `watch` with it, and `sending` before each write that belongs to
    the request. Both raise `DeadlinePassed` when the time is over, so that nothing is begun late.
    """

    def __init__(self, total: timedelta) -> None:
        self._end = min(uptime() + total.total_seconds(), _end.get())
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._expired = False
        self._sent = False
        self._timer = threading.Timer(self.remaining, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for handle in self._watched:
                handle.close()
            self._watched.clear()

    @property
    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._end - uptime())

    @property
    def expired(self) -> bool:
        return self._expired or uptime() >= self._end

    @property
    def sent(self) -> bool:
        """Whether a byte of the request may have left, as far as `sending` was called."""
        return self._sent

    def check(self) -> None:
        """Raise `DeadlinePassed` if the time is over."""
        if self.expired:
            raise DeadlinePassed(sent=self._sent)

    def watch(self, sock: socket.socket) -> None:
        """Shut *sock* down when the time is over.

        A duplicate of the file descriptor is kept, so that this survives what `ssl` does to the
        socket object, and never hits a descriptor that has been given to somebody else since.
        """
        with self._lock:
            self.check()
            self._watched.append(socket.socket(fileno=os.dup(sock.fileno())))

    def sending(self) -> None:
        """Note that request bytes are about to be written; refuse if the time is over."""
        with self._lock:
            self.check()
            self._sent = True

    def _expire(self) -> None:
        with self._lock:
            self._expired = True
            for handle in self._watched:
                with contextlib.suppress(OSError):  # the other side was quicker
                    handle.shutdown(socket.SHUT_RDWR)
