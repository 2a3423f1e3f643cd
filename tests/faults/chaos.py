"""Everything at once: ``python -m tests.faults.chaos --seconds 60 --seed 1 --backend both``.

Ten accounts, an entry for all of them every second, and every two seconds something dies, stops,
forgets or misbehaves, chosen by the seed. An editor is on duty meanwhile and decides what the
product puts before a person, by looking at the platform as a person would. Then the faults end,
and within a bound every entry has to be on every account once, in order.

What went through a person's hands may be out later than its neighbours: that is the product's rule
(docs/adr/0009-order-and-pace.md), so the order is judged without it, and it is counted.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.faults import report, verdict
from tests.faults.servers import Postgres, Redis
from tests.faults.shapes import Distributed, Editor, Embedded, PostRow, Shape, permalink
from tests.faults.strikes import FOLDER
from tests.faults.verdict import Verdict

ACCOUNTS_OF_EACH = 5
ENTRY_SECONDS = 1.0
FAULT_SECONDS = 2.0
#: Longest to drain, in seconds, however long the run was.
BOUND = 240.0
LONGEST_STOP = 8.0
#: Seconds for the children of what was killed to notice that, and end.
LEAVE = 15.0
PLATFORM_FAULTS = (
    ("429", {"seconds": 2}),
    ("429-without-reset", {}),
    ("500", {}),
    ("accept-then-500", {}),
    ("reset-before-body", {}),
    ("reset-in-body", {}),
    ("reset-before", {}),
    ("reset-after-accept", {}),
    ("short-body", {}),
    ("slow-body", {"seconds": 30}),
    ("slow-loris", {"seconds": 30}),
    ("hang", {"seconds": 30}),
    ("garbage-json", {}),
    ("redirect", {}),
    ("duplicate", {"times": 1}),
    ("401", {"times": 1}),
    ("500", {"on": "look-up"}),
    ("hang", {"on": "look-up", "seconds": 30}),
)


PAUSED = "SELECT id FROM destinations_destination WHERE state = 'paused'"


class Tree(Embedded):
    """One machine as it is run for real: a supervisor and its child."""

    def start_product(self) -> None:
        self.keep("tree", "syndicator", "up", f"--data={self.folder}", f"--port={self.port}")


@dataclass(slots=True)
class Run:
    """One installation in trouble. *happened* counts the faults by kind."""

    shape: Shape
    dice: random.Random
    pushed: dict[str, float] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    by_hand: set[tuple[str, str]] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    drained: threading.Event = field(default_factory=threading.Event)

    def go(self, seconds: float) -> Verdict:
        """Push and strike for so many *seconds*, then drain and judge."""
        pusher = threading.Thread(target=self.push_entries, args=(int(seconds / ENTRY_SECONDS),))
        editor = threading.Thread(target=self.be_on_duty)
        pusher.start()
        editor.start()
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            time.sleep(min(FAULT_SECONDS, left))
            name, act = self.dice.choice(self.faults())
            self.happened[name] += 1
            act()
        self.shape.no_faults()
        began = time.monotonic()
        pusher.join()
        names = list(self.pushed)
        try:
            while time.monotonic() - began < BOUND:
                if verdict.is_drained(self.shape, names, self.shape.accounts) and not self.waiting:
                    break
                time.sleep(0.5)
        finally:
            self.drained.set()
            editor.join()
        return verdict.judge(
            "chaos",
            self.shape,
            names,
            time.monotonic() - began,
            out_of_turn=self.by_hand,
        )

    @property
    def waiting(self) -> list[PostRow]:
        """What waits for a person."""
        return [
            post
            for post in self.shape.posts()
            if post.state in verdict.BEFORE_A_PERSON and not post.is_due
        ]

    @property
    def worst_latency(self) -> float:
        """Seconds from when an entry was there to when its last account had it."""
        return max(
            (
                datetime.fromisoformat(act["time"]).timestamp() - at
                for account in self.shape.accounts
                for act in self.shape.log_of(account)
                for name, at in self.pushed.items()
                if act["link"] == permalink(name)
            ),
            default=0.0,
        )

    # --- The newsroom --------------------------------------------------------

    def push_entries(self, count: int) -> None:
        """An entry is there when its time has come, whether the desk is or not."""
        began = time.time()
        for number in range(count):
            due = began + number * ENTRY_SECONDS
            time.sleep(max(0.0, due - time.time()))
            name = f"e{number}"
            self.pushed[name] = due
            self.shape.push(name)

    def be_on_duty(self) -> None:
        """An editor who resumes what is paused and decides by what the platform shows."""
        editor = self.shape.editor()
        while not self.drained.wait(1.0):
            for (pk,) in self._query(
                "SELECT id FROM destinations_destination WHERE state='paused'"
            ):
                editor.resume(pk)
                self.decided["resumed"] += 1
            for post in self._waiting_now():
                self.by_hand.add((post.destination, post.external_id))
                self._decide(editor, post)

    def _decide(self, editor: Editor, post: PostRow) -> None:
        links = [act["link"] for act in self.shape.log_of(post.destination)]
        is_out = permalink(post.external_id) in links
        if post.state == "uncertain":
            action = "is-out" if is_out else "is-not-out"
        else:
            action = "retry" if post.state == "failed" else "approve"
            if is_out:
                self.violations.append(f"{post.state}, and yet it is out: {post}")
        self.decided[action] += 1
        editor.decide(post, action)

    def _waiting_now(self) -> list[PostRow]:
        try:
            return self.waiting
        except Exception:  # the database is away at the moment
            return []

    def _query(self, statement: str) -> list[tuple[int]]:
        try:
            return self.shape.query(statement)
        except Exception:  # the database is away at the moment
            return []

    # --- What goes wrong -----------------------------------------------------

    def faults(self) -> Sequence[tuple[str, Callable[[], None]]]:
        """Half of them the platforms', half the installation's own."""
        own = [("a process killed", self.kill_one), ("a process stopped", self.stop_one)]
        match self.shape:
            case Tree():
                own += [("the whole tree killed", self.kill_tree)]
            case Distributed():
                own += [
                    ("a worker killed with its children", self.kill_group),
                    ("Redis FLUSHALL", self.shape.redis.flush_all),
                    ("Redis killed and started again", self.restart_redis),
                    ("Redis stopped for a moment", self.stop_redis),
                    ("PostgreSQL restarted at once", self.restart_postgres),
                ]
        return [*own, *[("a platform's fault", self.trouble_platform)] * len(own)]

    def trouble_platform(self) -> None:
        fault, options = self.dice.choice(PLATFORM_FAULTS)
        account = self.dice.choice(self.shape.accounts)
        self.shape.fault(account, fault, **{"times": self.dice.randint(1, 3), **options})
        self.happened[f"· {fault}{' on look-up' if 'on' in options else ''}"] += 1

    def kill_one(self) -> None:
        _send(self.dice.choice(self._processes()), signal.SIGKILL)

    def stop_one(self) -> None:
        """Meanwhile other things go wrong."""
        victim = self.dice.choice(self._processes())
        _send(victim, signal.SIGSTOP)
        seconds = self.dice.uniform(1, LONGEST_STOP)
        threading.Timer(seconds, _send, (victim, signal.SIGCONT)).start()

    def kill_tree(self) -> None:
        for pid in self._processes():
            _send(pid, signal.SIGKILL)

    def kill_group(self) -> None:
        name = self.dice.choice(sorted(self.shape.kept))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.shape.processes[name].pid, signal.SIGKILL)

    def restart_redis(self) -> None:
        self.shape.redis.kill()
        time.sleep(self.dice.uniform(0, 3))
        self.shape.redis.start()

    def stop_redis(self) -> None:
        self.shape.redis.send(signal.SIGSTOP)
        time.sleep(self.dice.uniform(0, 4))
        self.shape.redis.send(signal.SIGCONT)

    def restart_postgres(self) -> None:
        self.shape.postgres.end_immediately()
        time.sleep(self.dice.uniform(0, 2))
        self.shape.postgres.start()

    def _processes(self) -> list[int]:
        """Those of the product, in an order that is the same at every run."""
        found = []
        for name in sorted(self.shape.kept):
            found += _family(self.shape.processes[name].pid)
        return found


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(one for child in children for one in _family(int(child)))]


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def orphans(folder: Path) -> list[int]:
    """Processes of an installation in *folder* that are still there."""
    mark = f"{FOLDER}={folder / 'faults'}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


@contextlib.contextmanager
def installation(backend: str, folder: Path) -> Iterator[Shape]:
    with contextlib.ExitStack() as stack:
        if backend == "embedded":
            yield stack.enter_context(Tree(folder, accounts=ACCOUNTS_OF_EACH))
            return
        postgres = Postgres()
        stack.callback(postgres.remove)
        postgres.start()
        redis = Redis()
        stack.callback(redis.remove)
        redis.start()
        yield stack.enter_context(
            Distributed(folder, postgres=postgres, redis=redis, accounts=ACCOUNTS_OF_EACH)
        )


def run(backend: str, seconds: float, seed: int) -> bool:
    """Whether nothing was lost, twice, out of order or left over."""
    folder = Path(tempfile.mkdtemp(prefix="syndicator-chaos-")) / "run"
    folder.mkdir()
    with installation(backend, folder) as shape:
        made = Run(shape, random.Random(f"{seed} {backend}"))
        judged = made.go(seconds)
        latency = made.worst_latency
        logs = shape.logs()
    ends = time.monotonic() + LEAVE
    while (left := orphans(folder)) and time.monotonic() < ends:
        time.sleep(0.2)
    for pid in left:
        _send(pid, signal.SIGKILL)
    report.show([judged.to_json()], f"Chaos, {backend}, {seconds:g} s, seed {seed}")
    _show_figures(made, latency, left)
    good = judged.is_good and judged.for_person == 0 and not made.violations and not left
    if not good:
        print(*made.violations, f"The folder is kept: {folder}", logs[-4000:], sep="\n")
    return good


def _show_figures(made: Run, latency: float, left: list[int]) -> None:
    table = Table(show_header=False)
    table.add_row("entries", str(len(made.pushed)))
    table.add_row("worst time from entry to platform", f"{latency:.1f} s")
    table.add_row("went through an editor's hands", str(len(made.by_hand)))
    for name, count in sorted(made.decided.items()):
        table.add_row(f"· {name}", str(count))
    for name, count in sorted(made.happened.items()):
        table.add_row(f"fault: {name}", str(count))
    table.add_row("processes left over", str(len(left)))
    Console(width=100).print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--backend", choices=("embedded", "distributed", "both"), default="both")
    options = parser.parse_args()
    backends = ("embedded", "distributed") if options.backend == "both" else (options.backend,)
    print(f"seed {options.seed}", flush=True)
    good = [run(backend, options.seconds, options.seed) for backend in backends]
    print(f"seed {options.seed}: {'all is well' if all(good) else 'NOT all is well'}")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
