"""Holds our weighted length against X's own, npm twitter-text: `make oracle`.

No string may weigh less here than X finds, so none that X finds too long passes; and of those that
X takes, at most one in a thousand may be refused. Where an emoji is younger than X's table, the
larger count wins.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from syndicator.channels.x.weighted_length import weighted_length
from tests.oracle.texts import KINDS, texts

FOLDER = Path(__file__).parent
LIMIT = 280
MOST_REFUSED = 1 / 1000
SHOWN = 8


@dataclass
class Tally:
    """Of one kind: strings, those both take, those only one takes, and exact counts."""

    weighed: int = 0
    taken_by_x: int = 0
    refused: int = 0
    passed: int = 0
    exact: int = 0
    lighter: int = 0
    examples: list[str] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 1 if a bar was missed."""
    parser = argparse.ArgumentParser(prog="make oracle")
    parser.add_argument("--count", type=int, default=40_000)
    parser.add_argument("--seed", type=int, nargs="+", required=True)
    options = parser.parse_args(arguments)
    if shutil.which("node") is None or not (FOLDER / "node_modules").is_dir():
        print("This needs Node.js and npm: install them, then run “make oracle” again.")
        return 1
    tallies: dict[str, Tally] = {kind: Tally() for kind in KINDS}
    for seed in options.seed:
        made = texts(seed, options.count)
        for (kind, text), (weight, valid) in zip(made, weigh([t for _, t in made]), strict=True):
            judge(tallies[kind], text, weight, valid=valid)
    print(f"seeds {' '.join(map(str, options.seed))}, {options.count} strings each")
    show(tallies)
    print(f"A post of some 280 characters is weighed in {milliseconds():.3f} ms.")
    return verdict(tallies)


def judge(tally: Tally, text: str, weight: int, *, valid: bool) -> None:
    ours = weighted_length(text)
    tally.weighed += 1
    tally.exact += ours == weight
    tally.lighter += ours < weight
    too_long = weight > LIMIT
    tally.taken_by_x += valid and not too_long
    if too_long and ours <= LIMIT:
        tally.passed += 1
        tally.examples.append(f"X {weight}, we {ours}: {text!r}")
    elif valid and not too_long and ours > LIMIT:
        tally.refused += 1
        tally.examples.append(f"X {weight}, we {ours}: {text!r}")
    elif ours < weight:
        tally.examples.append(f"lighter than X: {weight}, we {ours}: {text!r}")


def weigh(strings: list[str]) -> Iterator[tuple[int, bool]]:
    """What X's own parser finds: weight, and whether it is valid."""
    lines = "".join(json.dumps(text) + "\n" for text in strings)
    done = subprocess.run(
        ["node", "weigh.js"],
        cwd=FOLDER,
        input=lines,
        capture_output=True,
        text=True,
        check=True,
    )
    for line in done.stdout.splitlines():
        weight, valid = json.loads(line)
        yield weight, valid


def show(tallies: dict[str, Tally]) -> None:
    table = Table(title="Ours against npm twitter-text")
    table.add_column("kind")
    for head in ("strings", "exact", "lighter", "too long, passed", "fine, refused", "per 1,000"):
        table.add_column(head, justify="right")
    for kind, tally in tallies.items():
        rate = 1000 * tally.refused / tally.taken_by_x if tally.taken_by_x else 0.0
        counts = (tally.weighed, tally.exact, tally.lighter, tally.passed, tally.refused)
        table.add_row(kind, *(f"{count:,}" for count in counts), f"{rate:.2f}")
    Console(width=120).print(table)
    for kind, tally in tallies.items():
        for example in tally.examples[:SHOWN]:
            print(f"{kind}: {example}")


def verdict(tallies: dict[str, Tally]) -> int:
    sums: Counter[str] = Counter()
    for tally in tallies.values():
        sums["passed"] += tally.passed
        sums["lighter"] += tally.lighter
        sums["refused"] += tally.refused
        sums["taken"] += tally.taken_by_x
    missed = []
    if sums["passed"]:
        missed.append(f"{sums['passed']} strings pass that X finds too long")
    if sums["lighter"]:
        missed.append(f"{sums['lighter']} strings weigh less than X finds")
    if sums["refused"] > sums["taken"] * MOST_REFUSED:
        missed.append(f"{sums['refused']} of {sums['taken']} are refused that X takes")
    print("Missed: " + "; ".join(missed) if missed else "Both bars are met.")
    return bool(missed)


def milliseconds() -> float:
    """The median time of one typical post."""
    typical = [text for _, text in texts(1, 4000) if 240 <= len(text) <= 320][:200]
    spent = []
    for _ in range(5):
        begun = time.perf_counter()
        for text in typical:
            weighted_length(text)
        spent.append((time.perf_counter() - begun) / len(typical) * 1000)
    return sorted(spent)[2]


if __name__ == "__main__":
    sys.exit(main())
