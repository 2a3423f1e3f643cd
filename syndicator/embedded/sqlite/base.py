"""Lets the threads of one process take turns at writing, without SQLite's naps.

Who finds SQLite's write lock taken naps for 1, 2, 5, 10, 15, 20, 25 … 100 ms and looks again. When
one entry goes to ten destinations at once, the last of sixteen threads oversleeps by a quarter of
a second. Here a thread first waits for its turn in this process, which wakes it at once. Turns go
in the order in which they were asked for, so that the first claims of all destinations come before
the first record. SQLite's own lock still guards what matters: the turn is only about who asks for
it when.
"""

from __future__ import annotations

import threading
from collections import deque

from django.db.backends.sqlite3 import base


class Turns:
    """A lock that is handed to whoever has waited longest."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    @property
    def taken(self) -> bool:
        return self._taken

    @property
    def waiting(self) -> int:
        """How many threads wait for their turn."""
        return len(self._waiting)

    def take(self, seconds: float) -> bool:
        """Whether the turn came within *seconds*."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=seconds):
            return True
        with self._guard:
            try:
                self._waiting.remove(mine)
            except ValueError:
                return True  # it came at the last moment
            return False

    def give(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


turns = Turns()


class DatabaseWrapper(base.DatabaseWrapper):
    _has_turn = False

    def _start_transaction_under_autocommit(self) -> None:
        # Whose turn does not come within the time-out asks SQLite, which words the refusal.
        self._has_turn = turns.take(self.settings_dict["OPTIONS"]["timeout"])
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._give_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        # A commit that fails is followed by a rollback, which gives the turn away.
        self._give_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._give_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._give_turn()

    def _give_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            turns.give()
