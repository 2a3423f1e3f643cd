"""Tells the senders on this machine that there is breaking news, before they ask the database.

Asking takes them a while, the longer the busier the machine is: they are at it themselves. So
whoever writes or rings for breaking news touches a file, and that it was touched is all it says.
Where it cannot be, or on other machines, the next look at the database tells (`lanes.gives_way`).
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from time import monotonic

from django.conf import settings

#: Seconds between two looks at the file.
LOOK = 0.001


def announce() -> None:
    """Breaking news is about to be committed, or has been. Where no sender has made the folder yet,
    none listens."""
    with suppress(OSError):
        _path().touch(mode=0o600)


class Hearing:
    """What was announced since this was made. Used by one thread."""

    def __init__(self) -> None:
        self._path = _path()
        self._last = self._touched()
        self._looked = monotonic()

    def heard_anew(self) -> bool:
        """Whether there was an announcement since this was last called."""
        now = monotonic()
        if now - self._looked < LOOK:
            return False
        self._looked = now
        before, self._last = self._last, self._touched()
        return self._last != before

    def _touched(self) -> int:
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return 0


def _path() -> Path:
    folder: Path = settings.JOURNAL_FOLDER
    return folder / "breaking-news"
