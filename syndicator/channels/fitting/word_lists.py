"""The lists of words beside this module: one set each, lines with “#” are comments."""

from __future__ import annotations

from importlib.resources import files


def word_list(name: str) -> frozenset[str]:
    lines = (files(__package__) / name).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
