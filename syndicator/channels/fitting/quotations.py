"""Pairs of quotation marks in running text, and the marks a quote is set in."""

from __future__ import annotations

import re
from bisect import bisect_left

#: Deeper than anybody quotes: only hostile text goes on.
_DEEPEST = 20
_MOST_WORDS_OF_A_TITLE = 4
_ENDS_SPEECH = tuple(",.!?…")
_MARK = re.compile('["„“”‚‘’»«›‹「」『』]')
#: For each mark that can close: the marks that it closes, as German, English, French, Danish,
#: Swedish and Japanese use them.
_CLOSES = {
    '"': '"',
    "“": "„",
    "”": "“„”",
    "‘": "‚",
    "’": "‘‚",
    "»": "«",
    "«": "»",
    "›": "‹",
    "‹": "›",
    "」": "「",
    "』": "『",
}
#: A language's outer marks, where they are not these.
_ENGLISH = ("“", "”")
_OUTER = {
    "de": ("„", "“"),
    "de-ch": ("«", "»"),
    "de-li": ("«", "»"),
    "bg": ("„", "“"),
    "cs": ("„", "“"),
    "sk": ("„", "“"),
    "hr": ("„", "“"),
    "sl": ("„", "“"),
    "pl": ("„", "”"),
    "hu": ("„", "”"),
    "ro": ("„", "”"),
    "da": ("»", "«"),
    "sv": ("”", "”"),
    "fi": ("”", "”"),
    "fr": ("«\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}»"),
    "fr-ch": ("«", "»"),
    "ja": ("「", "」"),
    **dict.fromkeys(("ar", "el", "es", "it", "nb", "nn", "no", "pt-pt", "ru", "uk"), ("«", "»")),
}


def quoted_spans(text: str, *, goes_on: bool = False) -> list[tuple[int, int]]:
    """Start and end of each outermost pair of quotation marks, with the marks, in order.

    A mark without a partner is not a quotation; apostrophes are none either. If the text *goes_on*
    behind *text*, the partner of an open mark is taken to follow there.
    """
    spans: list[tuple[int, int]] = []
    still_open: list[tuple[str, int]] = []
    for found in _MARK.finditer(text):
        mark, at = found[0], found.start()
        if mark in "‘’" and _is_inside_word(text, at):
            continue
        # Sources also write „so".
        closes = '"„' if mark == '"' and text[at - 1 : at].strip() else _CLOSES.get(mark, "")
        if mark == "”" and _begins_word(text, at):
            closes = ""
        opened = _partner(still_open, closes)
        if opened is not None:
            start = still_open[opened][1]
            del still_open[opened:]
            while spans and spans[-1][0] > start:
                spans.pop()
            spans.append((start, at + 1))
        elif mark not in "”’」』" or (mark == "”" and _begins_word(text, at)):
            still_open.append((mark, at))
            del still_open[:-_DEEPEST]
    if goes_on and still_open:
        spans.append((still_open[0][1], len(text) + 1))
    return spans


def is_inside(spans: list[tuple[int, int]], position: int) -> bool:
    """Whether a cut at *position* would part one of *spans*."""
    index = bisect_left(spans, (position, 0)) - 1
    return index >= 0 and position < spans[index][1]


def speech_span(sentence: str) -> tuple[int, int] | None:
    """The longest quotation in *sentence* that is somebody's speech, with its marks; None if there
    is none. A title or a few quoted words are no speech."""
    speech = [span for span in quoted_spans(sentence) if _is_speech(sentence, *span)]
    return max(speech, key=lambda span: span[1] - span[0], default=None)


def _is_speech(sentence: str, start: int, end: int) -> bool:
    before, said = sentence[:start].rstrip(), sentence[start + 1 : end - 1].rstrip()
    if before.endswith(":"):
        return True
    if before.endswith(","):
        return len(said.split()) > _MOST_WORDS_OF_A_TITLE
    return not before and (sentence[end : end + 1] in ("", ",") or said[-1:] in _ENDS_SPEECH)


def in_quotation_marks(text: str, language: str) -> str:
    """*text* in the outer marks of its *language* (BCP 47), unless it stands in marks already."""
    if quoted_spans(text) == [(0, len(text))]:
        return text
    tag = language.lower()
    opening, closing = _OUTER.get(tag) or _OUTER.get(tag.partition("-")[0], _ENGLISH)
    return f"{opening}{text}{closing}"


def _partner(still_open: list[tuple[str, int]], closes: str) -> int | None:
    """The index of the innermost open mark that one which *closes* these belongs to."""
    for index in range(len(still_open) - 1, -1, -1):
        if still_open[index][0] in closes:
            return index
    return None


def _begins_word(text: str, at: int) -> bool:
    """Whether the mark at *at* stands before a word and behind none.

    An ellipsis that ends the text stands for what was cut off behind the mark.
    """
    before, behind = text[at - 1 : at], text[at + 1 : at + 3]
    return (not before.strip() or before in "([–—") and behind != "…" and bool(behind[:1].strip())


def _is_inside_word(text: str, at: int) -> bool:
    return text[at - 1 : at].isalnum() and text[at + 1 : at + 2].isalnum()
