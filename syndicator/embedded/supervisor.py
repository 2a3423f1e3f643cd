"""Keeps a few child processes running, and ends them all when it ends.

Every child is handed a pipe as standard input whose other end only this process holds: if this
process is killed, however hard, the children read end-of-file and stop. A child that dies is
started again, later and later while it keeps dying.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from time import monotonic
from types import FrameType

#: Seconds a child gets to end by itself before it is killed.
PATIENCE = 8.0
#: The waits before the n-th restart of a child that died young; the last one repeats.
RESTART_WAITS = (0.2, 1.0, 3.0, 10.0, 30.0)
#: The exit status (EX_CONFIG of sysexits.h) of a child that would fail again at every start.
HOPELESS = 78
#: A child that ran this long is forgiven its earlier deaths.
GROWN_UP = 60.0


@dataclass(slots=True)
class Child:
    """A command to keep running. *arguments* follow ``python -m syndicator``."""

    name: str
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    restart_at: float = field(default=0.0)

    def start(self, log: Path | None) -> None:
        self.started = monotonic()
        with ExitStack() as stack:
            said = stack.enter_context(log.open("ab")).fileno() if log else sys.stderr.fileno()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "syndicator", *self.arguments],
                stdin=subprocess.PIPE,
                # Standard output is this process's own: a report for a person or a program.
                stdout=said,
                stderr=said,
                # Ctrl-C goes to this process alone, which ends the children in order.
                start_new_session=True,
            )


class Supervisor:
    """Runs its children until it is told to stop by SIGINT, SIGTERM or `stop`.

    What the children say goes to *log*, or to standard error.
    """

    def __init__(self, children: Sequence[Child], log: Path | None = None) -> None:
        self._children = list(children)
        self._log = log
        self._stopping = False
        self._hopeless = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)

    def run(self) -> bool:
        """Start the children and watch them, until all have ended; False if one was hopeless."""
        signal.set_wakeup_fd(self._wake_write)
        previous = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)
        }
        try:
            for child in self._children:
                child.start(self._log)
            with DefaultSelector() as selector:
                selector.register(self._wake_read, EVENT_READ)
                while not self._stopping:
                    selector.select(self._next_restart())
                    with contextlib.suppress(BlockingIOError):
                        os.set_blocking(self._wake_read, False)
                        os.read(self._wake_read, 4096)
                    self._look_after()
        finally:
            self._end_all()
            signal.set_wakeup_fd(-1)
            for number, handler in previous.items():
                signal.signal(number, handler)
        return not self._hopeless

    def stop(self) -> None:
        """End everything; may be called from any thread."""
        self._stopping = True
        os.write(self._wake_write, b"\0")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self._stopping = True

    def _next_restart(self) -> float | None:
        waits = [c.restart_at - monotonic() for c in self._children if c.process is None]
        return max(0.0, min(waits)) if waits else None

    def _look_after(self) -> None:
        now = monotonic()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                child.deaths = 0 if now - child.started > GROWN_UP else child.deaths
                wait = RESTART_WAITS[min(child.deaths, len(RESTART_WAITS) - 1)]
                child.deaths += 1
                child.restart_at = now + wait
                status = child.process.returncode
                _close(child)
                if status == HOPELESS:
                    self._give_up(child)
                elif not self._stopping:
                    print(
                        f"The {child.name} process ended ({_describe(status)}); "
                        f"starting it again in {wait:g} s.",
                        file=sys.stderr,
                        flush=True,
                    )
            if child.process is None and child.restart_at <= now and not self._stopping:
                child.start(self._log)

    def _give_up(self, child: Child) -> None:
        self._stopping = self._hopeless = True
        where = f"Its last words are in {self._log}." if self._log else "See above."
        print(f"The {child.name} process cannot start. {where}", file=sys.stderr, flush=True)

    def _end_all(self) -> None:
        running = [child for child in self._children if child.process is not None]
        for child in running:
            assert child.process is not None
            child.process.terminate()
        ends = monotonic() + PATIENCE
        for child in running:
            assert child.process is not None
            try:
                child.process.wait(max(0.1, ends - monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
            _close(child)


def _close(child: Child) -> None:
    if child.process is not None and child.process.stdin is not None:
        child.process.stdin.close()
    child.process = None


def _describe(status: int) -> str:
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"
