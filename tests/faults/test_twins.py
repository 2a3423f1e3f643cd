"""Two of what there should be one of: schedulers, and workers on the same post."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.faults.conftest import Case
from tests.faults.shapes import Shape, permalink

pytestmark = pytest.mark.faults

ROUNDS = 1000


@pytest.mark.parametrize("backend", ["distributed"])
def test_two_schedulers(case: Callable[..., Case]) -> None:
    made = case("two schedulers", beats=2)
    made.shape.fault("x", "500", times=2)
    made.shape.fault("facebook", "accept-then-500", times=2)
    made.push(12)
    made.expect_all_out()


def test_two_workers_on_one_post(case: Callable[..., Case]) -> None:
    """Each round one post is due, and two processes are told to deliver it at once."""
    made = case(f"two workers on one post, {ROUNDS} times")
    shape = made.shape
    shape.end_product()
    ((facebook,),) = shape.query(FACEBOOK)
    tried: Counter[tuple[int, ...]] = Counter()
    with (
        running(shape, "feeder") as feeder,
        running(shape, "contender", str(facebook)) as one,
        running(shape, "contender", str(facebook)) as other,
    ):
        for _ in range(ROUNDS):
            name = f"e{len(made.pushed)}"
            made.pushed.append(name)
            tell(feeder, name)
            hear(feeder)
            tell(one)
            tell(other)
            tried[tuple(sorted((int(hear(one)), int(hear(other)))))] += 1
    verdict = made.drain(accounts=["facebook"])
    assert verdict.is_good, verdict
    assert tried == {(0, 1): ROUNDS}
    assert [act["link"] for act in shape.log_of("facebook")] == list(map(permalink, made.pushed))


FACEBOOK = "SELECT id FROM destinations_destination WHERE name = 'facebook'"


@contextmanager
def running(shape: Shape, module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with (shape.folder / f"{module}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", f"tests.faults.{module}", *arguments],
            env=shape.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield process
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def tell(process: subprocess.Popen[str], line: str = "") -> None:
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline().strip()
