"""Quotes on a line of their own, and who said them."""

from __future__ import annotations

import regex

from syndicator.content import Quote
from syndicator.sources.names import is_agency, is_capitalised, is_description, is_person

_CLOSES = {
    "„": '“”"',
    "“": '”"',
    "”": "”",
    "»": "«",
    "«": "»",
    '"': '"',
    "‚": "‘’",
    "‘": "’",
    "›": "‹",
    "‹": "›",
}
_IN_BRACKETS = regex.compile(r"\s\([^()]*\)$")
_DASH = regex.compile(r"^[\s–—-]+")
_SENTENCE_END = (".", "!", "?", ":", ";", "…", ",")
_ABBREVIATED_END = regex.compile(r"\b(?:a\. ?D|e\. ?V|[JS]r|jun|sen|i\. ?R)\.$")
_SENTENCE_RUN_ON = regex.compile(r"[.!?…][“”\"«»]?(?=\p{Lu})")
_LONGEST_SPEAKER = 120


def unquote(line: str) -> tuple[str, str] | None:
    """What *line*'s opening quotation mark encloses, and what follows it; None if none does."""
    closing = _CLOSES.get(line[:1])
    if not closing:
        return None
    depth = 0
    for index, char in enumerate(line):
        if char in closing and index and not _is_apostrophe(line, index):
            depth -= 1
            if depth == 0:
                return line[1:index].strip(), line[index + 1 :].strip()
        elif char == line[0]:
            depth += 1
    return None


def is_quoted(line: str) -> bool:
    """Whether quotation marks enclose the whole of *line*."""
    enclosed = unquote(line)
    return enclosed is not None and bool(enclosed[0]) and not enclosed[1]


def without_marks(text: str) -> str:
    """*text* without the quotation marks that enclose the whole of it."""
    enclosed = unquote(text)
    return enclosed[0] if enclosed and enclosed[0] and not enclosed[1] else text


def speaker_of(line: str) -> str:
    """The speaker that *line* names ("– Mara Lindner, Ministerin"), or nothing."""
    dashed = bool(_DASH.match(line))
    name = _DASH.sub("", line)
    if name.startswith("(") and name.endswith(")"):
        name = name[1:-1].strip()
    if not name[:1].isalpha() or not _may_end_a_speaker(name):
        return ""
    stated = _IN_BRACKETS.sub("", name.split(",")[0].strip())
    if is_capitalised(stated):
        return name
    # "– der ukrainische Präsident Jon Falk": after a dash, a description may stand before it.
    return name if dashed and is_person(" ".join(stated.split()[-2:])) else ""


def split_quote(line: str) -> Quote | None:
    """*line* as a quote if it is one with its speaker run on, or one that is quoted whole.

    Text that only contains quotes ("…", sagte sie) is none.
    """
    if enclosed := unquote(line):
        text, rest = enclosed
        if not text:
            return None
        if not rest:
            return Quote(text)
        run_on = rest[0].isupper() and not line[-len(rest) - 1].isspace()
        speaker = rest if run_on and _may_end_a_speaker(rest) else speaker_of(rest)
        return Quote(text, speaker) if speaker and not is_agency(speaker) else None
    return _split_unmarked(line)


def _split_unmarked(line: str) -> Quote | None:
    """A quote whose marks were drawn by the page's style: "Wir sind bereit.Mara Lindner"."""
    if not _may_end_a_speaker(line[-_LONGEST_SPEAKER:]):
        return None
    for gap in _SENTENCE_RUN_ON.finditer(line, max(0, len(line) - _LONGEST_SPEAKER)):
        # A kicker and its headline run on, too: "Was nun?Die Lage in Genf".
        if _names_speaker(line[gap.end() :], or_describes=gap[0][0] == "."):
            return Quote(line[: gap.end()].rstrip('“”"«»'), line[gap.end() :])
    return None


def _names_speaker(text: str, *, or_describes: bool) -> bool:
    name, _, role = (part.strip() for part in text.partition(","))
    name = _IN_BRACKETS.sub("", name)
    return (is_person(name) or (or_describes and is_description(name))) and not is_agency(role)


def _may_end_a_speaker(text: str) -> bool:
    """Whether *text* is short and ends as a name or a role does, not as a sentence."""
    if not 0 < len(text) <= _LONGEST_SPEAKER:
        return False
    return not text.endswith(_SENTENCE_END) or bool(_ABBREVIATED_END.search(text))


def _is_apostrophe(line: str, index: int) -> bool:
    """Whether the ’ at *index* is inside a word."""
    return (
        line[index] == "’" and line[index - 1].isalpha() and line[index + 1 : index + 2].isalpha()
    )
