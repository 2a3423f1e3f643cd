"""One reader under atheris: ``python -m tests.fuzz.harness READER [options of libFuzzer]``.

A crash is any exception but `UnreadableSource`, any broken invariant, and any input that takes
more than so many seconds of processor time (`tests.attacks.invariants`).
"""

from __future__ import annotations

import json
import random
import sys

import atheris

with atheris.instrument_imports(include=["syndicator.sources"]):
    from tests.attacks.invariants import NOWHERE, ON_A_PAGE, READERS, read

from tests.attacks.values import SCRAPS, with_another_value

_JSON = {"liveblog-json", "sourcefabric", "wordpress-liveblog", "ninjs", "json-feed"}
_SCRIPT = b'<script type="application/ld+json">'


def main() -> None:
    reader = READERS[sys.argv[1]]

    def once(data: bytes) -> None:
        # The length decides, so that each input always does the same.
        read(reader, data, (NOWHERE, ON_A_PAGE)[len(data) % 2])

    options = {}
    if reader.name in _JSON:
        options["custom_mutator"] = _json_mutator
    elif reader.name == "json-ld":
        options["custom_mutator"] = _page_mutator
    else:
        options["custom_mutator"] = _scrap_mutator
    atheris.Setup([sys.argv[0], *sys.argv[2:]], once, **options)
    atheris.Fuzz()


def _json_mutator(data: bytes, most: int, seed: int) -> bytes:
    """Half of the time one value is another, so that what comes out is still JSON."""
    chance = random.Random(seed)
    if chance.random() < 0.5:
        return _scrap_mutator(data, most, seed)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _scrap_mutator(data, most, seed)
    for _ in range(chance.randint(1, 4)):
        value = with_another_value(value, chance)
    changed = json.dumps(value).encode()
    return changed if len(changed) <= most else _scrap_mutator(data, most, seed)


def _page_mutator(data: bytes, most: int, seed: int) -> bytes:
    before, found, after = data.partition(_SCRIPT)
    inside, end, rest = after.partition(b"</script>")
    if not found or seed % 3 == 0:
        return _scrap_mutator(data, most, seed)
    return (before + found + _json_mutator(inside, most, seed) + end + rest)[:most]


def _scrap_mutator(data: bytes, most: int, seed: int) -> bytes:
    """A quarter of the time something that parsers mind is put in, or something is put twice."""
    chance = random.Random(seed)
    if chance.random() < 0.75:
        return bytes(atheris.Mutate(data, most))
    start = chance.randint(0, len(data))
    if chance.random() < 0.5:
        end = min(len(data), start + chance.randint(1, 400))
        return (data[:end] + data[start:end] * chance.randint(1, 3) + data[end:])[:most]
    return (data[:start] + chance.choice(SCRAPS) + data[start + chance.randint(0, 30) :])[:most]


if __name__ == "__main__":
    main()
