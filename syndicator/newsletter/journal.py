"""What one sender has begun and been told: a file that outlives it if it is killed.

A line stands in the file before a mail's final dot leaves, and another soon after the relay has
answered: before the next dot leaves, whosever it is, so that no connection can have two mails in
doubt. Nothing is flushed to the disk: what a process has written is there when it is killed, and
only a machine that goes down loses it. So a journal proves that a mail was *not* begun only while
the machine still runs that it was written on; a file from before the last start of the machine, or
from another machine, proves no more than the lines it has.

Whoever writes holds a lock on the file until it ends, however it ends. Lines name the claim they
are about by its row and epoch, so that an old file cannot harm what was claimed anew since.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from syndicator.channels.base import Outcome
from syndicator.newsletter.recording import Fate

SUFFIX = ".journal"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Journal:
    """The journal of one sender, which is called *token*. Used by one thread at a time."""

    def __init__(self) -> None:
        self.token = uuid4().hex
        folder = _folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / (self.token + SUFFIX)
        self._file = _open_and_hold(self._path)
        self._unwritten = ""
        self._write(f"{_boot_id()}\n")

    def begun(self, pk: int, epoch: int) -> None:
        """The mail's final dot is about to leave. `OSError`: that could not be written down, and
        it must not leave."""
        self._write(f"{self._unwritten}{pk} {epoch}\n")
        self._unwritten = ""

    def answered(self, fate: Fate) -> None:
        """Keep it for the next write, which `flush` makes if nothing else does."""
        if fate.outcome is Outcome.ACCEPTED:
            words = json.dumps(fate.answer)
            self._unwritten += f"{fate.pk} {fate.epoch} {fate.attempts} {words}\n"
        else:
            self._unwritten += json.dumps(fate.to_json()) + "\n"

    def flush(self) -> None:
        """Write what relays have answered."""
        # Without it mails are uncertain after a kill, which is no reason to lose the answers now.
        with suppress(OSError):
            self._write(self._unwritten)
        self._unwritten = ""

    def end(self) -> None:
        """All that stands in it is in the database now."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)

    def leave(self) -> None:
        """Something of it is not in the database: whoever finds it goes on from it."""
        self.flush()
        os.close(self._file)

    def _write(self, lines: str) -> None:
        data = lines.encode()
        if os.write(self._file, data) != len(data):
            raise OSError(f"the disk has no room for {self._path}")


@dataclass(frozen=True, slots=True)
class Found:
    """A dead sender's journal. *begun* are rows with their epochs, *answered* what relays said.

    *complete*: what is not in it was not begun.
    """

    token: str
    complete: bool
    begun: set[tuple[int, int]] = field(default_factory=set)
    answered: dict[tuple[int, int], Fate] = field(default_factory=dict)


def journals() -> Iterator[Path]:
    """The files of living and dead senders on this machine."""
    return _folder().glob(f"*{SUFFIX}")


@contextmanager
def left_behind(path: Path) -> Iterator[Found | None]:
    """What a dead sender wrote, for this process alone; None while its writer lives.

    To be forgotten (`forget`) before the context ends, once all of it is in the database.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield _read(path) if os.fstat(file).st_nlink else None
    finally:
        os.close(file)


def forget(found: Found) -> None:
    (_folder() / (found.token + SUFFIX)).unlink(missing_ok=True)


def _read(path: Path) -> Found:
    # A last line without an end was being written: neither had the dot left nor was the answer
    # kept.
    boot_id, *lines = path.read_bytes().decode(errors="replace").split("\n")[:-1] or [""]
    found = Found(path.name.removesuffix(SUFFIX), bool(boot_id) and boot_id == _boot_id())
    for line in lines:
        # A machine that goes down may leave anything in a file.
        with suppress(ValueError, TypeError, KeyError):
            if (fate := _answer(line)) is not None:
                found.answered[fate.pk, fate.epoch] = fate
            else:
                pk, epoch = line.split(" ")
                found.begun.add((int(pk), int(epoch)))
    return found


def _answer(line: str) -> Fate | None:
    if line.startswith("{"):
        return Fate.from_json(json.loads(line))
    *numbers, words = line.split(" ", 3)
    if len(numbers) < 3:
        return None
    pk, epoch, attempts = map(int, numbers)
    return Fate(pk, epoch, attempts, Outcome.ACCEPTED, str(json.loads(words)))


def _open_and_hold(path: Path) -> int:
    while True:
        flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
        file = os.open(path, flags, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file).st_nlink:
            return file
        # Somebody took it for a dead sender's between the two lines above, and removed it.
        os.close(file)


def _folder() -> Path:
    folder: Path = settings.JOURNAL_FOLDER
    return folder


def _boot_id() -> str:
    """Changes with every start of this machine; empty where that is not known."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
