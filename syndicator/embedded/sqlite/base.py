"""Lets the threads of one process take turns at writing, without SQLite's naps.

Who finds SQLite's write lock taken naps for 1, 2, 5, 10, 15, 20, 25 … 100 ms and looks again. When
one entry goes to ten destinations at once, the last of sixteen threads oversleeps by a quarter of
a second. Here a thread first waits for its turn in this process, which wakes it at once. SQLite's
own lock still guards what matters: the turn is only about who asks for it when.
"""

from __future__ import annotations

import threading

from django.db.backends.sqlite3 import base

_turn = threading.Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    _has_turn = False

    def _start_transaction_under_autocommit(self) -> None:
        # Whose turn does not come within the time-out asks SQLite, which words the refusal.
        self._has_turn = _turn.acquire(timeout=self.settings_dict["OPTIONS"]["timeout"])
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
            _turn.release()
