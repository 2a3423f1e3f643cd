"""Where the sentences of German and English text end.

A full stop, question or exclamation mark before a space ends a sentence, unless what stands
before it is an ordinal or an abbreviation, or what follows goes on in small letters. In doubt two
sentences stay one: a post that is cut later than possible still reads well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from syndicator.channels.fitting.word_lists import word_list

_CLOSING = r"""["“”‘’»«›‹)\]]*"""
_END = re.compile(rf"(?P<mark>[.!?…]+){_CLOSING}(?=\s|\Z)|[。！？]+[」』）]*")
_NEXT_WORD = re.compile(r"""\s*["„“”‚‘’»«›‹(\[]*([^\s.,;:!?…"“”‘’»«)\]]*)""")
_LAST_WORD = re.compile(r"""[^\s"„“”‚‘’»«›‹()\[\]/]*\Z""")
#: "z. B", "U.S", "h. c", the W of "George W": single letters with full stops, without the last.
_LETTERS = re.compile(r"(?<![\w/])(?:[^\W\d_]\.[\s-]?)*[^\W\d_]\Z")
_ORDINAL = re.compile(r"(?:.*[-–])?[0-9]{1,3}")
_ROMAN = re.compile(r"[IVXLC]{2,}")
#: English puts no comma between a quoted question and who asks it: “Why?” Ms. Roth asked.
_ASKED = re.compile(
    r"\s+(?:[A-Z][\w.'’-]*\s+){1,4}(?:said|says|asked|asks|added|answered|continued|cried"
    r"|demanded|insisted|replied|shouted|told|tweeted|warned|wondered|wrote|yelled)\b"
)
#: How far before a full stop an abbreviation is looked for.
_LOOK_BACK = 40


_ABBREVIATIONS = word_list("abbreviations.txt")
#: After these a sentence always goes on.
_NEVER_LAST = frozenset(
    ("bzw", "ca", "dipl", "dr", "fr", "frhr", "gen", "hl", "hr", "mr", "mrs", "ms", "prof", "rep")
).union(("sen", "sgt", "sog", "vgl"))
_NEVER_LAST_LETTERS = frozenset(("z.b", "d.h", "e.g", "i.e", "s.o", "h.c"))
#: “And Saka – who else? – lifts it over Vicario.”
_DASHES = ("–", "—", "-")
_STARTERS = word_list("sentence_starters.txt")


def sentence_ends(text: str, language: str) -> Iterator[int]:
    """The index after each sentence of *text*, in order; the last is where the text ends.

    *language* is a BCP 47 tag: in English, unlike elsewhere, a number with a full stop is no
    ordinal. White space after a sentence belongs to neither.
    """
    length = len(text.rstrip())
    english = language.lower().startswith("en")
    begin = 0
    for mark in _END.finditer(text, 0, length):
        if mark.end() < length and not (
            _goes_on(text, begin, mark, english) or _joins(text[mark.end()])
        ):
            yield mark.end()
            begin = mark.end()
    if length:
        yield length


def _joins(char: str) -> bool:
    """Whether *char* belongs to the one before it, as an accent does."""
    return char == "\u200d" or unicodedata.category(char).startswith("M")


def _goes_on(text: str, begin: int, mark: re.Match[str], english: bool) -> bool:
    """Whether the sentence that begins at *begin* goes on after *mark*."""
    following = _NEXT_WORD.match(text, mark.end())
    next_word = following[1] if following else ""
    if next_word[:1].islower() or next_word in _DASHES:
        return True
    if mark["mark"] != ".":
        return english and mark[0][-1] in '"”’' and bool(_ASKED.match(text, mark.end()))
    before = text[max(begin, mark.start() - _LOOK_BACK) : mark.start()]
    return _needs_full_stop(before, next_word, english)


def _needs_full_stop(before: str, next_word: str, english: bool) -> bool:
    """Whether the last word of *before* is an ordinal or abbreviation that *next_word* follows."""
    found = _LAST_WORD.search(before)
    word = found[0] if found else ""
    starts = next_word in _STARTERS
    if _ORDINAL.fullmatch(word):
        return not english and not starts
    if letters := _LETTERS.search(before):
        return re.sub(r"\s", "", letters[0]).lower() in _NEVER_LAST_LETTERS or not starts
    abbreviation = re.split(r"[-–.]", word)[-1].lower()
    if english and abbreviation == "no":
        return next_word[:1].isdigit()
    if abbreviation in _NEVER_LAST:
        return True
    known = abbreviation in _ABBREVIATIONS or abbreviation.endswith("str")
    return not starts and (known or bool(_ROMAN.fullmatch(word)))
