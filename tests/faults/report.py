"""The table at the end: one line for each fault and backend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

COLUMNS = {
    "fault": "fault",
    "backend": "backend",
    "posts": "posts",
    "accepted": "accepted",
    "lost": "lost",
    "twice": "twice",
    "out_of_order": "out of order",
    "untrue": "untrue",
    "undrained": "undrained",
    "looked_up": "looked up",
    "for_person": "for a person",
    "seconds": "seconds to drain",
}
BAD = ("lost", "twice", "out_of_order", "untrue", "undrained")


def show(lines: Iterable[Mapping[str, Any]], title: str) -> None:
    table = Table(title=title, title_justify="left")
    for name, label in COLUMNS.items():
        table.add_column(label, justify="left" if name in ("fault", "backend") else "right")
    for line in sorted(lines, key=lambda line: (line["fault"], line["backend"])):
        bad = any(line[name] for name in BAD)
        table.add_row(*(str(line[name]) for name in COLUMNS), style="red" if bad else "")
    Console(width=180).print(table)
