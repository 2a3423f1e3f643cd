"""The top-level domains by which platforms see links in a text."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def known_to_twitter_text() -> frozenset[str]:
    """Those that twitter-text 3.1.0 knows, which X and Mastodon find links with."""
    return frozenset(name for name, age in _all().items() if not age)


@cache
def younger() -> frozenset[str]:
    """Those that it does not know, and that X may have learned since."""
    return frozenset(name for name, age in _all().items() if age)


def _all() -> dict[str, str]:
    text = Path(__file__).with_name("tlds.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return dict(line.partition(" ")[::2] for line in lines)
