"""How many seconds of processor work are, on the machine the tests run on."""

from __future__ import annotations

from time import process_time

_ADDITIONS = 2_000_000
#: What they take on the machine the bounds were found on.
_THERE = 0.17
#: A busy machine's speed changes by that much within a minute.
_SLACK = 2


def here(seconds: float) -> float:
    """As many seconds as *seconds* of a quick machine's processor are on this one, and some."""
    began, total = process_time(), 0
    for number in range(_ADDITIONS):
        total += number
    return seconds * _SLACK * max(1.0, (process_time() - began) / _THERE)
