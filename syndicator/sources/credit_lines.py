"""Who took a picture: credit lines, and credits run on to the caption before them."""

from __future__ import annotations

import unicodedata

import regex

from syndicator.sources.names import is_agency, is_capitalised, is_person

#: Words that announce a credit and nothing else …
_CERTAIN = (
    r"(?:(?:Fotos?|FOTO|Fotografie|Fotograf(?:in)?|Bildquelle|Bildnachweis|Photos?|PHOTO"
    r"|Photograph(?:y|er|s)?|Credits?|CREDIT|(?:Picture|Image|Photo) credit|Copyright)"
    r"(?:\s?:\s?(?:©\s?)?|\s?©\s?)|©\s?|\([cC]\)\s)"
)
#: … and words that may also begin a sentence, so that what follows must look like a credit.
_POSSIBLE = (
    r"(?:(?:Bild(?:er)?|BILD|Quelle|Source|Image|Picture|Grafik|Graphic|Illustration)"
    r"\s?:\s?(?:©\s?)?|(?:Fotos?|Photos?|Photograph)\s(?:by|von)\s)"
)
_ANNOUNCED = regex.compile(rf"(?:(?P<certain>{_CERTAIN})|(?P<possible>{_POSSIBLE}))(?P<credit>.+)")
_SOURCE_NOTE = regex.compile(r"\(?(?:Quelle|Source)\s?:(?P<credit>.+)")
_BRACKETS = regex.compile(r"\((?P<inside>[^()]+(?:\([^()]*\)[^()]*)*)\)|\[(?P<inside>[^\[\]]+)\]")
_BRACKETS_AT_END = regex.compile(r"\s*(\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]+\])\.?$")
_BETWEEN_PARTS = regex.compile(r"\s*(?:[/|,;]|\bvia\b|\bfür\b|\bfor\b|\sund\s|\sand\s|\s[–-]\s)\s*")
_WHERE_IT_RUNS_ON = regex.compile(
    rf"(?<announced>\s*[|–—-]?\s*)(?={_CERTAIN}|{_POSSIBLE})"
    r"|(?<sentence>(?<=[.!?…“”\"»«’)])\s*[|–—-]?\s*(?=[\p{L}]))"
    r"|(?<bar>\s[|–—]\s)"
    r"|(?<glued>(?<=\p{Ll})(?=\p{Lu}))"
)
_TWO_NAMES_BEFORE_SLASH = regex.compile(r"^(?P<caption>.+\p{Ll})\s(?P<credit>\S+\s\S+\s?/[^/].*)$")
_LONGEST_CREDIT = 120
_LONGEST_CAPTION = 400
_LONGEST_BEFORE_AGENCY = 200


def credit_of(line: str) -> str:
    """The credit, if *line* is nothing but one; without "Foto:", ©, brackets; else empty."""
    line = line.strip()
    if len(line) > _LONGEST_CREDIT + 20:
        return ""
    if (inside := _BRACKETS.fullmatch(line)) and (credit := inside["inside"].strip()):
        # A bare "(dpa)" ends a text and credits no picture.
        announced = _ANNOUNCED.match(credit)
        return credit_of(credit) if announced or not _only_agencies(credit) else ""
    if announced := _ANNOUNCED.fullmatch(line):
        credit = announced["credit"].strip().removesuffix(".").strip("() ")
        if nested := credit_of(credit):
            return nested
        certain = bool(announced["certain"])
        return credit if _short(credit) and (certain or _is_name(credit)) else ""
    return line if _signs(line) else ""


def split_credit(line: str) -> tuple[str, str]:
    """A caption and the credit run on to it; the credit is empty if *line* ends in none."""
    if bracket := _BRACKETS_AT_END.search(line, max(0, len(line) - _LONGEST_CREDIT - 20)):
        credit = credit_of(bracket[1])
        if credit and bracket.start():
            return line[: bracket.start()].strip(), credit
    if len(line) > _LONGEST_CAPTION + _LONGEST_CREDIT:
        return line, ""
    start = max(1, len(line) - _LONGEST_CREDIT)
    for gap in _WHERE_IT_RUNS_ON.finditer(line, start):
        caption, rest = line[: gap.start()].strip(), line[gap.end() :]
        credit = credit_of(rest)
        if caption and credit and _runs_on(gap, caption, rest, credit):
            return caption, credit
    named = None if line[-1:] in ".!?:" else _TWO_NAMES_BEFORE_SLASH.match(line)
    if named and is_person(named["credit"].split("/")[0].strip()) and _signs(named["credit"]):
        return named["caption"], named["credit"]
    return line, ""


def could_be_caption(line: str) -> bool:
    """Whether *line* is short enough for what stands under a picture."""
    return len(line) <= _LONGEST_CAPTION


def may_name_source(credit_line: str) -> bool:
    """Whether *credit_line* ("Quelle: dpa") may credit a text as well as a picture."""
    note = _SOURCE_NOTE.fullmatch(credit_line)
    if not note:
        return False
    # "Ida Sand/dpa" is how photographers sign, and no text's source.
    return not ("/" in note["credit"] and any(map(is_person, _parts(note["credit"].strip("() ")))))


def caption_key(text: str) -> str:
    """*text* as far as two captions must agree to be the same: letters and digits only."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


def once(caption: str) -> str:
    """*caption* once, where the alternative text was copied run on to the same caption."""
    middle = len(caption) // 2
    for cut in (middle, middle + 1):
        first, second = caption[:cut].strip(), caption[cut:].strip()
        if len(first) > 20 and caption_key(first) == caption_key(second):
            return second
    return caption


def _runs_on(gap: regex.Match[str], caption: str, rest: str, credit: str) -> bool:
    """Whether *credit* is one where it stands, in *rest*, after *gap*."""
    ended = caption[-1] in '.!?…“”"»«)'
    if gap["announced"] is not None:
        # No credit: "Das zeigt ein Foto: Sie weint."
        return (
            ended or bool(gap["announced"].strip()) or (_is_name(credit) and not rest.endswith("."))
        )
    if gap["glued"] is not None:
        return any(map(is_person, _parts(credit)))
    # An agency's text may end in its name, as its pictures do; but it is longer than a caption.
    return not (gap[0] and _only_agencies(credit)) or len(caption) <= _LONGEST_BEFORE_AGENCY


def _is_name(credit: str) -> bool:
    return is_capitalised(credit) or _signs(credit)


def _short(credit: str) -> bool:
    return 0 < len(credit) <= _LONGEST_CREDIT and credit[-1] not in ".!?:"


def _parts(credit: str) -> list[str]:
    # "-/Ukrinform/dpa": agencies sign for a photographer who is not named.
    return [part for part in _BETWEEN_PARTS.split(credit) if part.strip("-–—")]


def _only_agencies(credit: str) -> bool:
    return all(map(is_agency, _parts(credit)))


def _signs(line: str) -> bool:
    """Whether *line* is a credit by its form alone: "Jon Falk/AFP", "IMAGO / Ida Brandt"."""
    parts = _parts(line)
    if not all(is_agency(part) or is_capitalised(part) for part in parts):
        return False
    if any(map(is_agency, parts)):
        return True
    return len(parts) > 1 and "/" in line and is_person(parts[0])
