"""Cuts one text at words, as the last resort."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence

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
#: “von schweren Sturmböen”, “Emmanuel Macron”: an adjective and its noun, a name's parts.
_ADJECTIVE = regex.compile(r"\p{Ll}+(?:e[nmrs]?)")
_CAPITALISED = regex.compile(r"\p{Lu}[\p{L}'’-]*\p{Ll}")
#: “Von dem, was er gebaut hat”: here a comma is no end.
_POINTING_AHEAD = frozenset(("das", "dem", "den", "denen", "der", "die", "those"))
_CLAUSE_MARKS = (",", ";", ":", "–", "—", ".", "!", "?")
#: How much of what would fit may be given away for an end behind a name, and behind a clause.
_FAIR, _CLAUSE = 0.6, 0.5
_LOOK_AHEAD = 40
_UNBREAKABLE = regex.compile(r"[@#$＠＃]|\S*(?://|www\.|\w\.\p{L})", regex.IGNORECASE)


def shorten(
    text: str, fits: Callable[[str], bool], *, longest: int, least_words: int = 1
) -> str | None:
    """The longest beginning of *text* that, with an ellipsis, *fits*; None if there is none.

    It ends behind a word, never inside of quotation marks, and if possible neither inside of
    brackets nor behind a word that belongs to the next; behind a clause, if that does not cost
    half of what would fit. Only where not even the first word fits it ends inside of that,
    between two graphemes, unless it is a link, a mention or a hashtag. *longest* bounds how many
    characters are considered.
    """
    considered = text[:longest]
    spans = quoted_spans(considered, goes_on=len(text) > longest)
    # Not the last word: that would be no cut, or one that the limit of *longest* made.
    words = [found.span() for found in _WORD.finditer(considered)][:-1]
    ends = [end for _, end in words[least_words - 1 :] if not is_inside(spans, end)]
    good = _good_ends(considered, words).intersection(ends)
    # Where no more is asked for than any word, a poor end is better than none.
    for kept in (sorted(good), ends if least_words == 1 else []):
        if end := _longest_that_fits(text, kept, " " + ELLIPSIS, fits):
            if kept is not ends:
                end = _better_end(considered, words, good, end)
            return _cut(text, end, " " + ELLIPSIS)
    if least_words > 1 or _UNBREAKABLE.match(text.lstrip()):
        return None
    first_word = _WORD.search(considered)
    graphemes = [
        end.end()
        for end in _GRAPHEME.finditer(considered, 0, first_word.end() if first_word else 0)
        if not is_inside(spans, end.end())
    ]
    end = _longest_that_fits(text, graphemes[:-1], ELLIPSIS, fits)
    return _cut(text, end, ELLIPSIS) if end else None


def _good_ends(text: str, words: Sequence[tuple[int, int]]) -> set[int]:
    """Where those of *words* end that leave no bracket open and need no word after them."""
    good, depth = set(), 0
    for start, end in words:
        word = text[start:end]
        depth = max(0, depth + word.count("(") - word.count(")"))
        bare = word.strip("(),;:")
        belongs = _BELONGS_TO_NEXT.fullmatch(bare) or bare.lower() in _DANGLING_WORDS
        belongs = belongs or (bare.endswith(".") and bare[:-1].lower() in _ABBREVIATIONS)
        ends = word.endswith((",", ";", ":")) and bare.lower() not in _POINTING_AHEAD
        if not depth and (not belongs or ends):
            good.add(end)
    return good


def _better_end(
    text: str, words: Sequence[tuple[int, int]], good: Collection[int], end: int
) -> int:
    """The end at or before *end* that reads best. For a later *end* it is never an earlier one:
    what is better is passed over only for what is longer."""
    for reads_well, share in ((_parts_no_name, _FAIR), (_ends_clause, _CLAUSE)):
        for index in range(len(words) - 1, -1, -1):
            at = words[index][1]
            if at < share * end:
                break
            if at <= end and at in good and reads_well(text, words, index):
                end = at
                break
    return end


def _parts_no_name(text: str, words: Sequence[tuple[int, int]], index: int) -> bool:
    start, end = words[index]
    if not _CAPITALISED.match(_following(text, end).lstrip("„“»«")):
        return True
    word = text[start:end]
    return not (_ADJECTIVE.fullmatch(word) or _CAPITALISED.fullmatch(word))


def _ends_clause(text: str, words: Sequence[tuple[int, int]], index: int) -> bool:
    """Whether a clause ends behind the word at *index*; one of a word or two is none."""
    here, *before = (text[slice(*words[at])] for at in range(index, max(index - 3, -1), -1))
    return (
        here.endswith(_CLAUSE_MARKS) or _following(text, words[index][1]) in _CLAUSE_MARKS
    ) and not any(word.endswith(_CLAUSE_MARKS) for word in before)


def _following(text: str, end: int) -> str:
    return next(iter(text[end : end + _LOOK_AHEAD].split(maxsplit=1)), "")


def _longest_that_fits(
    text: str, ends: Sequence[int], mark: str, fits: Callable[[str], bool]
) -> int:
    """The last of *ends* where *text*, cut there, fits and says something; 0 if there is none."""
    count = bisect_left(ends, True, key=lambda end: not fits(_cut(text, end, mark)))
    return ends[count - 1] if count and text[: ends[count - 1]].strip(_DANGLING) else 0


def _cut(text: str, end: int, mark: str) -> str:
    return text[:end].rstrip(_DANGLING) + mark
