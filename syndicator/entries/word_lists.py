"""Lists of words, tags and names as people write them into a form, and what of them a text has.

Words are found whole, however they are written: letters' case, ligatures and composed or decomposed
letters make no difference. A “*” at the end or at the beginning of a word stands for any ending or
beginning, as German inflection and compounds need: “Anschlag*”, “*anschlag*”.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_item = re.compile(r"[^,;\n]+")
_word = re.compile(r"\w+")
_pattern = re.compile(r"\*?\w+\*?")


def items(listed: str) -> tuple[str, ...]:
    """What *listed* names, separated by commas, semicolons or lines."""
    return tuple(item for found in _item.findall(listed) if (item := " ".join(found.split())))


def folded(text: str) -> str:
    """*text* without what makes no difference."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def first_found(listed: str, texts: Iterable[str]) -> str | None:
    """The first item of *listed* that stands in one of *texts*, as it is written in the list."""
    said = [_word.findall(folded(text)) for text in texts]
    return next(
        (
            item
            for item in items(listed)
            if (patterns := _pattern.findall(folded(item)))
            and any(_stands_in(patterns, words) for words in said)
        ),
        None,
    )


def first_shared(listed: str, tags: Iterable[str]) -> str | None:
    """The first item of *listed* that is one of *tags*, whole, as it is written in the list."""
    borne = {folded(" ".join(tag.split())) for tag in tags}
    return next((item for item in items(listed) if folded(item) in borne), None)


def _stands_in(patterns: list[str], words: list[str]) -> bool:
    """Whether the *words* have those of *patterns* side by side."""
    places = range(len(words) - len(patterns) + 1)
    return any(all(map(_fits, patterns, words[place:])) for place in places)


def _fits(pattern: str, word: str) -> bool:
    bare = pattern.strip("*")
    if pattern.startswith("*"):
        return bare in word if pattern.endswith("*") else word.endswith(bare)
    return word.startswith(bare) if pattern.endswith("*") else word == bare
