"""Ends a child process with its parent, however the parent ended."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Thread


def when_gone(act: Callable[[], object]) -> None:
    """Call *act*, from a thread, once the parent is gone.

    The parent holds the other end of our standard input: end of file means that it ended.
    """

    def wait() -> None:
        while os.read(0, 4096):
            pass
        act()

    Thread(target=wait, name="parent", daemon=True).start()
