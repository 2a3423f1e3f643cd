"""Installations for the cases, and the table of what they came to."""

from __future__ import annotations

import contextlib
import os
import random
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faults import report, verdict
from tests.faults.servers import Postgres, Redis
from tests.faults.shapes import Distributed, Embedded, Shape
from tests.faults.verdict import Verdict

LINE = "fault"
#: Longest to wait until nothing is left to do, in seconds.
BOUND = 150.0
#: The environment variable for the seed, which xdist's workers inherit.
SEED = "SYNDICATOR_TEST_SEED"
#: X refuses a text it has already, and so hides what would go out twice. Facebook does not.
FORGIVING = {"accounts": 2, "platforms": ("facebook",)}
BACKENDS = ("embedded", "distributed")


class Case:
    """One fault on one backend: the entries pushed for it, and the line it ends with."""

    def __init__(self, shape: Shape, fault: str, note: Callable[[Verdict], None]) -> None:
        self.shape = shape
        self.fault = fault
        self.pushed: list[str] = []
        #: What is left to chance falls the same way with the same seed.
        self.dice = random.Random(f"{os.environ[SEED]} {fault} {shape.name}")
        self._note = note

    def push(self, count: int = 6, **values: Any) -> None:
        for _ in range(count):
            name = f"e{len(self.pushed)}"
            self.shape.push(name, **values)
            self.pushed.append(name)

    def drain(
        self,
        *,
        bound: float = BOUND,
        accounts: Collection[str] | None = None,
        fault: str = "",
        excused: Collection[tuple[str, str]] = (),
    ) -> Verdict:
        """Wait until nothing is left to do, and judge; the line is noted however it ends."""
        shape = self.shape
        watched = shape.accounts if accounts is None else accounts
        began = time.monotonic()
        while not verdict.is_drained(shape, self.pushed, watched):
            if time.monotonic() - began > bound:
                break
            time.sleep(0.2)
        seconds = time.monotonic() - began
        judged = verdict.judge(fault or self.fault, shape, self.pushed, seconds, watched, excused)
        self._note(judged)
        return judged

    def expect_all_out(self, **options: Any) -> Verdict:
        """Nothing lost, twice, out of order, and nothing left to a person."""
        judged = self.drain(**options)
        assert judged.is_good, self.say_about(judged)
        assert judged.for_person == 0, self.say_about(judged)
        return judged

    def say_about(self, judged: Verdict) -> str:
        """What a person needs to find out why."""
        unsent = [post for post in self.shape.posts() if post.state != "sent"]
        rows = "\n".join(map(str, unsent))
        return f"{judged}\n{rows}\n{self.shape.logs()}"


def pytest_configure(config: pytest.Config) -> None:
    if not os.environ.get(SEED):
        os.environ[SEED] = str(time.time_ns() % 1_000_000)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames and not _names_backend(metafunc):
        metafunc.parametrize("backend", _backends())


def _names_backend(metafunc: pytest.Metafunc) -> bool:
    marks = metafunc.definition.iter_markers("parametrize")
    return any("backend" in mark.args[0] for mark in marks)


def _backends() -> Sequence[str]:
    wanted = os.environ.get("SYNDICATOR_TEST_BACKEND") or "both"
    return BACKENDS if wanted == "both" else (wanted,)


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[Postgres, Redis]]:
    """A PostgreSQL and a Redis of this test process's own, started when first needed."""
    with contextlib.ExitStack() as stack:
        started: list[Any] = []
        for kind in (Postgres, Redis):
            server = kind()
            stack.callback(server.remove)
            server.start()
            started.append(server)
        yield (started[0], started[1])


@pytest.fixture
def case(
    request: pytest.FixtureRequest, tmp_path: Path, backend: str
) -> Iterator[Callable[..., Case]]:
    """Start an installation of the *backend*, by the arguments of `Shape`, for a named fault."""
    with contextlib.ExitStack() as stack:

        def note(line: Verdict) -> None:
            request.node.user_properties.append((LINE, line.to_json()))

        def start(fault: str, **options: Any) -> Case:
            if backend == "embedded":
                options.pop("beats", None)
                shape: Shape = Embedded(tmp_path, **options)
            else:
                postgres, redis = request.getfixturevalue("servers")
                shape = Distributed(tmp_path, postgres=postgres, redis=redis, **options)
            return Case(stack.enter_context(shape), fault, note)

        yield start


def pytest_terminal_summary(terminalreporter: Any) -> None:
    lines = [
        value
        for outcome in ("passed", "failed")
        for report_ in terminalreporter.stats.get(outcome, [])
        for name, value in report_.user_properties
        if name == LINE
    ]
    if lines:
        report.show(lines, f"What the platforms accepted, fault by fault; seed {os.environ[SEED]}")
