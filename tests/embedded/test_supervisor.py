"""The supervisor with real child processes: sandboxes, which start fast without a database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SUPERVISE = """
import sys
from syndicator.embedded.supervisor import Child, Supervisor
Supervisor([
    Child(name, ["sandbox", f"--data={sys.argv[1]}/{name}", "--http-port=0", "--smtp-port=0",
                 "--exit-with-parent"])
    for name in ("one", "two")
]).run()
print("all ended", flush=True)
"""


def eventually(what: Callable[[], object], seconds: float = 15) -> None:
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: len(children(process.pid)) == 2)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_its_children_and_then_itself(
    supervisor: subprocess.Popen[str], number: signal.Signals
) -> None:
    pids = children(supervisor.pid)
    supervisor.send_signal(number)
    out, _ = supervisor.communicate(timeout=10)
    assert "all ended" in out
    assert not any(alive(pid) for pid in pids)


def test_a_killed_child_is_started_again(supervisor: subprocess.Popen[str]) -> None:
    first, second = children(supervisor.pid)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: first not in children(supervisor.pid) and len(children(supervisor.pid)) == 2)
    assert second in children(supervisor.pid)


def test_killed_itself_it_leaves_no_orphan(supervisor: subprocess.Popen[str]) -> None:
    pids = children(supervisor.pid)
    supervisor.kill()
    eventually(lambda: not any(alive(pid) for pid in pids))
