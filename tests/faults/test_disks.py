"""A full disk under the database of one machine, and space again."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syndicator.steps import Step
from tests.faults.conftest import FORGIVING, Case
from tests.faults.shapes import Shape
from tests.faults.strikes import Act, Strike, fill

pytestmark = [pytest.mark.faults, pytest.mark.parametrize("backend", ["embedded"])]

SIZE = "16m"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path | None]:
    """A small disk where the installation will keep its data; None if none can be mounted."""
    folder = tmp_path / "data"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)],
            check=False,
            capture_output=True,
        ).returncode
    )
    yield folder if mounted else None
    if mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Space(ABC):
    """How room is taken from a running installation and given back."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    @abstractmethod
    def take(self) -> None: ...

    @abstractmethod
    def give(self) -> None: ...


class SmallDisk(Space):
    def take(self) -> None:
        fill(self.shape.folder)

    def give(self) -> None:
        (self.shape.folder / "ballast").unlink()


class FileSizeLimit(Space):
    """Where nothing can be mounted: the process may not make any file longer than it is."""

    def take(self) -> None:
        self._limit(0)

    def give(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        pid = self.shape.processes["desk"].pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_the_disk_is_full_for_a_while(disk: Path | None, case: Callable[..., Case]) -> None:
    made = case("disk full for 10 s", **FORGIVING)
    shape = made.shape
    space = SmallDisk(shape) if disk else FileSizeLimit(shape)
    shape.fault("facebook", "slow-body", seconds=1.5)
    made.push(3)
    space.take()
    time.sleep(10)
    space.give()
    made.push(3)
    made.expect_all_out()


@pytest.mark.parametrize("step", [Step.CLAIM_COMMITTED, Step.SEND_ANSWERED, Step.RECORD_WRITTEN])
def test_the_disk_fills_up_at(step: Step, disk: Path | None, case: Callable[..., Case]) -> None:
    if disk is None:
        pytest.skip("needs a small disk, and nothing can be mounted here")
    made = case(f"disk full at {step}", **FORGIVING)
    shape = made.shape
    # The third post is of the second entry: by then no push is left that the disk has no room for.
    shape.strike(Strike(step, Act.FILL_DISK, passage=3))
    made.push(2)
    shape.wait_for_strikes()
    time.sleep(8)
    SmallDisk(shape).give()
    made.push(4)
    made.expect_all_out()
