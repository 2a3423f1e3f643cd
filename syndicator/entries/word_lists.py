"""Lists of words, tags and names as people write them into a form, and what of them a text has.

Words are found whole, however they are written: letters' case, ligatures and composed or decomposed
letters make no difference. A “*” at the end or at the beginning of a word stands for any ending or
beginning, as German inflection and compounds need: “Anschlag*”, “*anschlag*”.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

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
    patterns = _patterns(listed)
    if not patterns:
        return None
    said = [words for text in texts if (words := _word.findall(folded(text)))]
    known = set(chain.from_iterable(said))
    return next(
        (
            item
            for item, parts in patterns
            # Most of a list is in no text: that is seen soon.
            if all(_among(part, known) for part in parts)
            and (len(parts) == 1 or any(_side_by_side(parts, words) for words in said))
        ),
        None,
    )


def first_shared(listed: str, tags: Iterable[str]) -> str | None:
    """The first item of *listed* that is one of *tags*, whole, as it is written in the list."""
    borne = {folded(" ".join(tag.split())) for tag in tags}
    return next((item for item in items(listed) if folded(item) in borne), None)


@lru_cache(maxsize=256)
def _patterns(listed: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The items of *listed*, each with its words; without those that have none."""
    read = ((item, tuple(_pattern.findall(folded(item)))) for item in items(listed))
    return tuple((item, parts) for item, parts in read if parts)


def _among(pattern: str, known: set[str]) -> bool:
    return any(_fits(pattern, word) for word in known) if "*" in pattern else pattern in known


def _side_by_side(parts: tuple[str, ...], words: list[str]) -> bool:
    return any(
        all(_fits(part, words[place + offset]) for offset, part in enumerate(parts))
        for place in range(len(words) - len(parts) + 1)
    )


def _fits(pattern: str, word: str) -> bool:
    bare = pattern.strip("*")
    if pattern.startswith("*"):
        return bare in word if pattern.endswith("*") else word.endswith(bare)
    return word.startswith(bare) if pattern.endswith("*") else word == bare
