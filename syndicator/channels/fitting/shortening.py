"""Cuts one text at words, as the last resort."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

import regex

from syndicator.channels.fitting.quotations import is_inside, quoted_spans

ELLIPSIS = "…"
_WORD = regex.compile(r"\S+")
_GRAPHEME = regex.compile(r"\X")
#: Dangles before an ellipsis.
_DANGLING = " ,;:–—-/(["
_UNBREAKABLE = regex.compile(r"[@#$＠＃]|\S*(?://|www\.|\w\.\p{L})", regex.IGNORECASE)


def shorten(
    text: str, fits: Callable[[str], bool], *, longest: int, least_words: int = 1
) -> str | None:
    """The longest beginning of *text* that, with an ellipsis, *fits*; None if there is none.

    It ends behind a word, never inside of quotation marks. Only where not even the first word
    fits it ends inside of that, between two graphemes, unless it is a link, a mention or a
    hashtag. *longest* bounds how many characters are considered.
    """
    considered = text[:longest]
    spans = quoted_spans(considered, goes_on=len(text) > longest)
    # Not the last word: that would be no cut, or one that the limit of *longest* made.
    ends = [word.end() for word in _WORD.finditer(considered)][least_words - 1 : -1]
    ends = [end for end in ends if not is_inside(spans, end)]
    found = _longest_that_fits(text, ends, " " + ELLIPSIS, fits)
    if found is None and least_words == 1 and not _UNBREAKABLE.match(text.lstrip()):
        first_word = _WORD.search(considered)
        graphemes = [
            end.end()
            for end in _GRAPHEME.finditer(considered, 0, first_word.end() if first_word else 0)
            if not is_inside(spans, end.end())
        ]
        found = _longest_that_fits(text, graphemes[:-1], ELLIPSIS, fits)
    return found


def _longest_that_fits(
    text: str, ends: Sequence[int], mark: str, fits: Callable[[str], bool]
) -> str | None:
    def cut(end: int) -> str:
        return text[:end].rstrip(_DANGLING) + mark

    count = bisect_left(ends, True, key=lambda end: not fits(cut(end)))
    return cut(ends[count - 1]) if count and text[: ends[count - 1]].strip(_DANGLING) else None
