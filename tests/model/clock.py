"""A clock that only the test moves: the database's and every worker's at once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import ModuleType

from syndicator import clock as real
from syndicator import uptime as machine

#: Far from today, so that a row with a time of today shows that something read another clock.
START = datetime(2041, 3, 1, 6, 0, tzinfo=UTC)
#: The parts of the product that the model runs; none of them may read `time` behind its back.
DOMAIN = ("syndicator.entries", "syndicator.posts", "syndicator.destinations")

_DATABASE_NOW = real.database_now
_UPTIME = machine.uptime


class SimulatedClock:
    """Stands still until somebody calls `move`; calls *moved* with the new time whenever it did."""

    def __init__(self, moved: Callable[[datetime], None] = lambda now: None) -> None:
        self.now = START
        self.moved = moved

    def database_now(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return (self.now - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.move(timedelta(seconds=seconds))

    def move(self, by: timedelta) -> None:
        self.now += by
        self.moved(self.now)


@contextmanager
def installed(clock: SimulatedClock) -> Iterator[None]:
    """Every module of the product reads *clock* instead of the database's and the machine's."""
    # Each an object of its own, by which it is found again.
    stand_ins: list[tuple[object, object]] = [
        (_DATABASE_NOW, clock.database_now),
        (_UPTIME, clock.monotonic),
        (time.monotonic, clock.monotonic),
        (time.sleep, clock.sleep),
    ]
    _replace(stand_ins)
    try:
        yield
        assert not (missed := readers_of_real_time()), f"these read a real clock: {missed}"
    finally:
        # Also in modules that were first imported meanwhile.
        _replace([(stand_in, original) for original, stand_in in stand_ins])


def _replace(pairs: Sequence[tuple[object, object]]) -> None:
    """In every module of the product, the first of each pair by the second."""
    for module in _product():
        for name, value in list(vars(module).items()):
            for original, other in pairs:
                if value is original:
                    setattr(module, name, other)


def readers_of_real_time() -> list[str]:
    """What in the product would read the real time: also in modules imported since."""
    originals: dict[object, object] = dict.fromkeys(
        (_DATABASE_NOW, _UPTIME, time.monotonic, time.sleep)
    )
    return [
        f"{module.__name__}.{name}"
        for module in _product()
        for name, value in vars(module).items()
        if (callable(value) and _is_one_of(value, originals))
        or (value is time and module.__name__.startswith(DOMAIN))
    ]


def _is_one_of(value: object, originals: dict[object, object]) -> bool:
    return any(value is original for original in originals)


def _product() -> list[ModuleType]:
    return [
        module
        for name, module in list(sys.modules.items())
        if name.startswith(("syndicator.", "workers."))
    ]
