"""What the system costs while nothing happens: processor time and memory, for each process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import mean
from time import monotonic, sleep

from tests.bench.backends import Backend
from tests.bench.figures import Row
from tests.bench.platform import Platform
from tests.installation import Installation

TICKS = os.sysconf("SC_CLK_TCK")
#: Seconds until what belongs to the start is over.
SETTLE = 5.0
NOTHING = (
    "import time; from syndicator.boot import boot; boot(); print(flush=True); time.sleep(999)"
)


def measure(backends: Sequence[Backend], seconds: float) -> Iterator[Row]:
    """All *backends* side by side: what is idle disturbs nobody."""
    with ExitStack() as stack:
        platform = stack.enter_context(Platform())
        running = []
        for backend in backends:
            installation = stack.enter_context(backend.installed([platform.base_url(0)]))
            backend.start(installation)
            running.append((backend, installation))
        bare = _megabytes(_booted(stack, running[0][1]))
        sleep(SETTLE)
        found = [(backend, _by_role(installation)) for backend, installation in running]
        before = {pid: _ticks(pid) for _, roles in found for pids in roles.values() for pid in pids}
        began = monotonic()
        sleep(seconds)
        passed = monotonic() - began
        for backend, roles in found:
            for role, pids in roles.items():
                name = role if len(pids) == 1 else f"{role} (mean of {len(pids)})"
                used = mean((_ticks(pid) - before[pid]) / TICKS / passed for pid in pids)
                yield Row(
                    f"idle processor time, {name}", backend.name, 100 * used, "%",
                    meaning="of one core",
                )  # fmt: skip
                yield Row(
                    f"idle memory, {name}", backend.name, mean(map(_megabytes, pids)), "MB", bare,
                    "Django booted, nothing else", "proportional set size",
                )  # fmt: skip


def _booted(stack: ExitStack, installation: Installation) -> int:
    process = stack.enter_context(
        subprocess.Popen(
            [sys.executable, "-c", NOTHING], env=installation.environment, stdout=subprocess.PIPE
        )
    )
    stack.callback(process.kill)
    assert process.stdout is not None
    process.stdout.readline()
    return process.pid


def _by_role(installation: Installation) -> Mapping[str, list[int]]:
    """The process ids behind each part of the installation, and behind what it has started."""
    roles: dict[str, list[int]] = {}
    for name, process in installation.processes.items():
        role = name.partition("-")[0]
        roles.setdefault(role, []).append(process.pid)
        for child in _children(process.pid):
            roles.setdefault(f"{role}'s child", []).append(child)
    return roles


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]


def _ticks(pid: int) -> int:
    """Processor time in the kernel's ticks: proc(5), utime and stime."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(after_name[11]) + int(after_name[12])


def _megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"no Pss of process {pid}")
