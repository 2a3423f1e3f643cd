"""The line that says who wrote an entry: "Von Mara Lindner", "dpa", "Ida Brandt und Jon Falk"."""

from __future__ import annotations

import regex

from syndicator.sources.names import is_agency, is_capitalised, is_person

_PREFIX = regex.compile(r"(?:Von|By|Text|Protokoll|Autor(?:in)?|Author)\b:?\s+", regex.IGNORECASE)
_BETWEEN_NAMES = regex.compile(r"\s*(?:[,/&|]|\b(?:und|and|sowie|mit|with|in)\b)\s*")
_IN_BRACKETS = regex.compile(r"\s*\(([^()]{1,40})\)$")
_DESK_WORD = (
    r"(?:[\p{L}.]*[Rr]edaktion|Newsdesk|(?:Live)?[Dd]esk|[\p{L}]*[Tt]eam|Agenturen|Agencies"
    r"|Reporter|Staff|Newsroom)"
)
_DESK = regex.compile(
    rf"(?:\p{{Lu}}[\p{{L}}\d]*[ .-]){{0,3}}{_DESK_WORD}(?: \p{{Lu}}\p{{L}}*){{0,2}}"
)
_LONGEST = 120


def author_of(line: str) -> str:
    """The author that *line* names, without "Von"; empty if it is no byline by its form."""
    if len(line) > _LONGEST:
        return ""
    said = without_prefix(line)
    names = _BETWEEN_NAMES.split(_IN_BRACKETS.sub(r", \1", said))
    signed = [is_person(name) or is_agency(name) or is_desk(name) for name in names]
    # What else may stand beside a name is a place: "Mara Lindner, Kiew".
    if any(signed) and all(map(_or_capitalised, names, signed)):
        return said
    return ""


def without_prefix(line: str) -> str:
    """*line* without the "Von" or "By" it begins with."""
    return _PREFIX.sub("", line, count=1) if _PREFIX.match(line) else line


def people_in(author: str) -> list[str]:
    """The single persons that *author* joins: "Ida Brandt und Jon Falk" are two."""
    return [name for name in _BETWEEN_NAMES.split(author) if is_person(name)]


def is_desk(text: str) -> bool:
    """Whether *text* names a part of a newsroom, not a person."""
    return len(text) <= 40 and bool(_DESK.fullmatch(text))


def _or_capitalised(name: str, signed: bool) -> bool:
    return signed or is_capitalised(name)
