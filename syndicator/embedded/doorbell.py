"""A broker for one process: kombu's memory transport, made to wake up at once.

kombu's own polls once a second. This one sleeps until somebody puts, acknowledges or rejects a
message, so a ring is answered in about a millisecond and an idle process does nothing. Messages
are gone with the process, which loses nothing: the database is the outbox, and the sweeper rings
again (docs/adr/0002-embedded-broker.md).
"""

from __future__ import annotations

import threading
from queue import Empty
from time import monotonic
from typing import Any

from kombu.transport import memory

_rung = threading.Event()
_closing = threading.Event()


def close() -> None:
    """Make waiting consumers return at once, so that a worker can stop within milliseconds."""
    _closing.set()
    _rung.set()


class Channel(memory.Channel):
    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        super()._put(queue, message, **kwargs)
        _rung.set()

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        super().basic_ack(delivery_tag, multiple)
        _rung.set()

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        super().basic_reject(delivery_tag, requeue)
        _rung.set()


class Transport(memory.Transport):
    Channel = Channel

    cycle: Any

    def drain_events(self, connection: Any, timeout: float | None = None, **_: Any) -> None:
        """Deliver one message; `TimeoutError` when none came within *timeout* seconds."""
        ends = None if timeout is None else monotonic() + timeout
        while not _closing.is_set():
            # Cleared before looking: what is put after the look rings again.
            _rung.clear()
            try:
                self.cycle.get(self._deliver, timeout=timeout)
            except Empty:
                left = None if ends is None else ends - monotonic()
                if left is not None and left <= 0:
                    break
                _rung.wait(left)
            else:
                return
        raise TimeoutError
