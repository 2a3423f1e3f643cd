"""``python -m tests.bench``: measure, and print one table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from syndicator.boot import boot, use_data_folder
from tests.bench import machine
from tests.bench.figures import Row, SystemFailed

PARTS = (
    "latency",
    "claims",
    "drain",
    "bystanders",
    "desk",
    "following",
    "lists",
    "mail",
    "footprint",
    "mail_engine",
)
#: Measured once, not on each backend.
ALONE = ("footprint", "mail_engine")
#: Characters of a line where there is no terminal.
WIDTH = 150


def main() -> int:
    options = _options()
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    for fact in machine.facts():
        console.print(fact, highlight=False)
    backends = [name for name in options.backend if name == "embedded" or machine.servers()]
    if len(backends) < len(options.backend):
        console.print("PostgreSQL or Redis does not answer; the distributed backend is left out.")
    if not backends:
        return 1
    table = _table()
    try:
        with TemporaryDirectory() as folder:
            # The parts import the system's own functions, to run them in processes of their own.
            use_data_folder(Path(folder))
            boot()
            for row in _rows(options, backends, console):
                table.add_row(*_cells(row))
    except SystemFailed as failure:
        print(f"The system failed: {failure}", file=sys.stderr)
        return 1
    finally:
        console.print(table)
    return 0


def _rows(options: argparse.Namespace, names: list[str], console: Console) -> Iterator[Row]:
    from tests.bench import (
        bystanders,
        claims,
        desk,
        drain,
        following,
        footprint,
        latency,
        lists,
        mail,
        mail_engine,
    )
    from tests.bench.backends import BACKENDS, Backend

    backends = [BACKENDS[name] for name in names]
    runs = options.runs
    measures: dict[str, Callable[[Backend], Iterator[Row]]] = {
        "latency": lambda backend: latency.measure(backend, runs),
        "claims": lambda backend: claims.measure(backend, runs),
        "drain": lambda backend: drain.measure(backend, options.posts),
        "bystanders": lambda backend: bystanders.measure(backend, runs),
        "desk": lambda backend: desk.measure(backend, runs),
        "following": lambda backend: following.measure(backend, runs),
        "lists": lists.measure,
        "mail": lambda backend: mail.measure(backend, runs),
        "footprint": lambda _backend: footprint.measure(backends, options.idle),
        "mail_engine": lambda _backend: mail_engine.measure(runs),
    }
    for part in options.only:
        for backend in [backends[0]] if part in ALONE else backends:
            with console.status(f"{part}, {backend.name} …"):
                yield from measures[part](backend)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    both = ("embedded", "distributed")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="some parts only")
    parser.add_argument("--backend", choices=both, nargs="+", default=both)
    parser.add_argument("--runs", type=int, default=2, help="runs whose median is shown")
    parser.add_argument("--posts", type=int, default=1000, help="waiting posts to drain")
    parser.add_argument("--idle", type=float, default=30, help="seconds of idling to watch")
    return parser.parse_args()


def _table() -> Table:
    table = Table(
        title="Medians of the runs (drain and footprint: one run), each beside its yardstick"
    )
    table.add_column("figure", ratio=3)
    table.add_column("backend")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("yardstick", justify="right", ratio=2)
    table.add_column("ratio", justify="right", no_wrap=True)
    table.add_column("what it means", ratio=3)
    return table


def _cells(row: Row) -> tuple[str, ...]:
    yardstick = f"{row.yardstick:,.4g} {row.unit}\n{row.yardstick_name}" if row.yardstick else ""
    ratio = f"{row.ratio:.3g} ×" if row.ratio else ""
    return (row.figure, row.backend, f"{row.value:,.4g} {row.unit}", yardstick, ratio, row.meaning)


if __name__ == "__main__":
    sys.exit(main())
