"""What happens to a process of an installation at a named step, and on which passage of it.

The test writes the plan into a folder; every process of the installation reads it at every step
and notes there what it did. A strike hits once, whatever the number of processes.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from syndicator.steps import Step

#: The environment variable that names the folder.
FOLDER = "SYNDICATOR_TEST_FAULTS"


class Act(StrEnum):
    KILL = "kill"  # SIGKILL to the process itself
    STOP = "stop"  # SIGSTOP to the process itself; the test lets it go on
    SLEEP = "sleep"  # for *argument* seconds
    DATABASE_ERROR = "database error"  # as if the database were away
    LOSE_CONNECTION = "lose connection"  # the server ends this process's connection
    LOSE_COMMIT = "lose commit"  # the next commit succeeds, but nobody here is told
    SET_CLOCK = "set clock"  # the database's, to *argument* seconds before the machine's
    FILL_DISK = "fill disk"  # the one with the data folder


@dataclass(frozen=True, slots=True)
class Strike:
    """*act* on the n-th *passage* of *step*, counted over all processes since the plan was made."""

    step: Step
    act: Act
    passage: int = 1
    argument: float = 0.0


class Strikes:
    """The test's side."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._plans = 0
        folder.mkdir(parents=True, exist_ok=True)

    def plan(self, *strikes: Strike) -> None:
        # Files of its own for each plan: a process that is just reading the last one must not
        # count a passage for this one, whose strike would then never come.
        self._plans += 1
        fresh = self.folder / "plan.fresh"
        plan = {"number": self._plans, "strikes": [asdict(strike) for strike in strikes]}
        fresh.write_text(json.dumps(plan))
        fresh.rename(self.folder / "plan.json")

    def struck(self) -> list[int]:
        """The process ids that were struck by the latest plan, in no special order."""
        return [int(note.read_text()) for note in self.folder.glob(f"{self._plans}-*.struck")]


class Hook:
    """The installation's side: called at every step in every process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, step: Step) -> None:
        try:
            plan = json.loads((self._folder / "plan.json").read_text())
        except FileNotFoundError:
            return
        passage = self._count(plan["number"], step)
        for number, planned in enumerate(plan["strikes"]):
            if planned["step"] == step and planned["passage"] == passage:
                noting = self._folder / f"{plan['number']}-{number}.noting"
                noting.write_text(str(os.getpid()))
                noting.rename(noting.with_suffix(".struck"))
                ACTS[Act(planned["act"])](self._folder, planned["argument"])

    def _count(self, plan: int, step: Step) -> int:
        """Which passage this is. Appending is atomic, so no two processes count the same one."""
        counted = self._folder / f"{plan}-{step}.passages"
        written = os.open(counted, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(written, b".")
            return os.lseek(written, 0, os.SEEK_CUR)
        finally:
            os.close(written)


def _kill(folder: Path, argument: float) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _stop(folder: Path, argument: float) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _sleep(folder: Path, argument: float) -> None:
    time.sleep(argument)


def _database_error(folder: Path, argument: float) -> None:
    from django.db import OperationalError

    raise OperationalError("struck by a test")


def _lose_connection(folder: Path, argument: float) -> None:
    from django.db import connection

    _terminate(connection.connection.info.backend_pid)


def _lose_commit(folder: Path, argument: float) -> None:
    """What a client sees whose connection breaks while the answer to its COMMIT is under way."""
    from django.db import OperationalError, connection

    wrapper = connection._connections[connection._alias]
    commit = wrapper._commit

    def committed_but_never_told() -> None:
        del wrapper._commit
        commit()
        if wrapper.vendor == "postgresql":
            _terminate(wrapper.connection.info.backend_pid)
        raise OperationalError("struck by a test: the answer to the commit is lost")

    wrapper._commit = committed_but_never_told


def _terminate(backend_pid: int) -> None:
    import psycopg

    with psycopg.connect(os.environ["SYNDICATOR_DATABASE_URL"]) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (backend_pid,))


def _set_clock(folder: Path, argument: float) -> None:
    from tests.faults import clock

    clock.put_ahead(folder, os.environ.get("SYNDICATOR_DATABASE_URL", ""), argument)


def _fill_disk(folder: Path, argument: float) -> None:
    fill(Path(os.environ["SYNDICATOR_DATA"]))


def fill(folder: Path) -> Path:
    """Leave no byte free on the disk of *folder*; the file that does it."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (1024 * 1024, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast


ACTS: dict[Act, Callable[[Path, float], None]] = {
    Act.KILL: _kill,
    Act.STOP: _stop,
    Act.SLEEP: _sleep,
    Act.DATABASE_ERROR: _database_error,
    Act.LOSE_CONNECTION: _lose_connection,
    Act.LOSE_COMMIT: _lose_commit,
    Act.SET_CLOCK: _set_clock,
    Act.FILL_DISK: _fill_disk,
}
