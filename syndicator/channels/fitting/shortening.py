"""Cuts one text at words, as the last resort."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

import regex

from syndicator.channels.fitting.quotations import is_inside, quoted_spans
from syndicator.channels.fitting.word_lists import word_list

ELLIPSIS = "…"
_WORD = regex.compile(r"\S+")
_GRAPHEME = regex.compile(r"\X")
#: Dangles before an ellipsis.
_DANGLING = " ,;:–—-/(["
_DANGLING_WORDS = word_list("dangling_words.txt")
#: "17.", "Dr.", "2,3", "$61.2": the word that belongs to it follows.
_ABBREVIATIONS = word_list("abbreviations.txt")
_BELONGS_TO_NEXT = regex.compile(
    r"(?:(?:.*\.)?\p{L}\.|[0-9IVXLC]+\.|[\p{Sc}+–-]*[0-9][0-9.,:]*|[–—&/+|=·•-]+)"
)
_UNBREAKABLE = regex.compile(r"[@#$＠＃]|\S*(?://|www\.|\w\.\p{L})", regex.IGNORECASE)


def shorten(
    text: str, fits: Callable[[str], bool], *, longest: int, least_words: int = 1
) -> str | None:
    """The longest beginning of *text* that, with an ellipsis, *fits*; None if there is none.

    It ends behind a word, never inside of quotation marks, and if possible neither inside of
    brackets nor behind a word that belongs to the next. Only where not even the first word
    fits it ends inside of that, between two graphemes, unless it is a link, a mention or a
    hashtag. *longest* bounds how many characters are considered.
    """
    considered = text[:longest]
    spans = quoted_spans(considered, goes_on=len(text) > longest)
    # Not the last word: that would be no cut, or one that the limit of *longest* made.
    words = [found.span() for found in _WORD.finditer(considered)][:-1]
    good = _good_ends(considered, words)
    ends = [end for _, end in words[least_words - 1 :] if not is_inside(spans, end)]
    for kept in ([end for end in ends if end in good], ends):
        if found := _longest_that_fits(text, kept, " " + ELLIPSIS, fits):
            return found
    if least_words > 1 or _UNBREAKABLE.match(text.lstrip()):
        return None
    first_word = _WORD.search(considered)
    graphemes = [
        end.end()
        for end in _GRAPHEME.finditer(considered, 0, first_word.end() if first_word else 0)
        if not is_inside(spans, end.end())
    ]
    return _longest_that_fits(text, graphemes[:-1], ELLIPSIS, fits)


def _good_ends(text: str, words: Sequence[tuple[int, int]]) -> set[int]:
    """Where those of *words* end that leave no bracket open and need no word after them."""
    good, depth = set(), 0
    for start, end in words:
        word = text[start:end]
        depth = max(0, depth + word.count("(") - word.count(")"))
        bare = word.strip("(),;:")
        belongs = _BELONGS_TO_NEXT.fullmatch(bare) or bare.lower() in _DANGLING_WORDS
        belongs = belongs or (bare.endswith(".") and bare[:-1].lower() in _ABBREVIATIONS)
        if not depth and (not belongs or word.endswith((",", ";"))):
            good.add(end)
    return good


def _longest_that_fits(
    text: str, ends: Sequence[int], mark: str, fits: Callable[[str], bool]
) -> str | None:
    def cut(end: int) -> str:
        return text[:end].rstrip(_DANGLING) + mark

    count = bisect_left(ends, True, key=lambda end: not fits(cut(end)))
    return cut(ends[count - 1]) if count and text[: ends[count - 1]].strip(_DANGLING) else None
