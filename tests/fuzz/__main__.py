"""``make fuzz``: each reader under atheris for so many minutes, as many at a time as told.

What makes one crash is kept under tests/attacks/found, and is read by the tests ever after.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.attacks.invariants import READERS
from tests.fuzz.seeds import FOUND, seeds_of, words_of

#: In bytes. Most of what there is to find is in small documents, and they are quick.
LARGEST = 40_000


def main() -> int:
    options = _options()
    names = options.reader or sorted(READERS)
    print(f"seed {options.seed}, {options.minutes:g} minutes for each reader", flush=True)
    with ThreadPoolExecutor(options.at_once) as threads:
        results = list(
            threads.map(lambda name: fuzz(name, options.minutes, options.seed, options.keep), names)
        )
    return 0 if all(results) else 1


def fuzz(reader: str, minutes: float, seed: int, keep: Path) -> bool:
    """Whether *reader* stood it."""
    corpus, found = keep / reader, FOUND / reader
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder, "seeds")
        seeds.mkdir()
        for number, data in enumerate(seeds_of(reader)):
            (seeds / str(number)).write_bytes(data)
        words = Path(folder, "words")
        words.write_text("".join(_dictionary(words_of(reader))))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.fuzz.harness", reader),
                *(f"-max_total_time={round(minutes * 60)}", f"-seed={seed}", "-rss_limit_mb=3000"),
                *(f"-max_len={LARGEST}", f"-dict={words}", f"-artifact_prefix={found}/"),
                *("-timeout=60", "-print_final_stats=1", str(corpus), str(seeds)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
    if not any(found.iterdir()):
        found.rmdir()
    covered = re.findall(r"cov: (\d+) ft: (\d+) corp: (\S+)", done.stdout)[-1:]
    runs = re.findall(r"number_of_executed_units: (\d+)", done.stdout)
    said = f"{reader}: {', '.join(runs) or '?'} inputs, edges/features/corpus {covered}"
    if done.returncode:
        print(said, "CRASHED", done.stdout[-6000:], sep="\n", flush=True)
        return False
    print(said, flush=True)
    return True


def _dictionary(words: Iterable[bytes]) -> Iterable[str]:
    for word in words:
        yield '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n'


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--reader", choices=sorted(READERS), nargs="*")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path(".fuzz/corpus"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
