"""The lines of one entry, below its author, as a headline and blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import regex

from syndicator.content import Block, BulletList, Image, Paragraph, Quote
from syndicator.sources.credit_lines import (
    caption_key,
    could_be_caption,
    credit_of,
    may_name_source,
    once,
    split_credit,
)
from syndicator.sources.names import is_person
from syndicator.sources.quotations import is_quoted, speaker_of, split_quote

_BULLET = regex.compile(r"(?:[-*–—]\s|[•·▪◦‣●]\s?)(?P<item>.*)")
_NUMBERED = regex.compile(r"(?P<number>\d{1,2})[.)]\s(?P<item>.+)")
_LONGEST_HEADLINE = 140
_SENTENCE_END = regex.compile(r"(?:(?<!\.\.)\.[“”\"»«’)]*|[,;])$")

#: A line not classified yet, or a block that already is.
Piece = str | Block


@dataclass(frozen=True, slots=True)
class Body:
    headline: str
    blocks: tuple[Block, ...]


def read_body(lines: Sequence[Piece]) -> Body:
    """Headline and blocks of an entry whose author and times are gone from *lines*."""
    pieces = merge_pictures(find_pictures(lines))
    headline, rest = split_headline(pieces)
    return Body(headline, tuple(_blocks(rest)))


def read_blocks(lines: Sequence[Piece]) -> tuple[Block, ...]:
    """Blocks of *lines* among which there is no headline."""
    return tuple(_blocks(merge_pictures(find_pictures(lines))))


def with_attached(pieces: Sequence[Piece], images: Sequence[Image]) -> list[Piece]:
    """*pieces* and the *images* that were given beside them.

    An image stands where the text repeats its caption, else below it. A caption that is the whole
    text stays text.
    """
    placed = list(pieces)
    for image in images:
        key = caption_key(image.text)
        keys = [caption_key(_caption(piece)) for piece in placed]
        has_more = sum(not isinstance(piece, Image) for piece in placed) > 1
        if key and key in keys and has_more:
            placed[keys.index(key)] = image
        else:
            placed.append(image)
    return placed


def is_list_item(line: str) -> bool:
    return bool(_BULLET.fullmatch(line))


def find_pictures(lines: Sequence[Piece]) -> list[Piece]:
    """*lines* with captions and credits made into images."""
    found: list[Piece] = []
    for index, line in enumerate(lines):
        is_last = index + 1 == len(lines)
        if not isinstance(line, str) or is_list_item(line) or _credits_text(line, found, is_last):
            found.append(line)
        elif credit := credit_of(line) or _name_under_caption(line, found):
            last = found[-1] if found else None
            if isinstance(last, str) and _may_be_caption(last):
                found[-1] = Image(once(last), credit)
            elif isinstance(last, Image) and not last.credit:
                found[-1] = replace(last, credit=credit)
            else:
                found.append(Image(credit=credit))
        else:
            caption, credit = split_credit(line)
            found.append(Image(once(caption), credit) if credit else line)
    return found


def merge_pictures(pieces: Sequence[Piece]) -> list[Piece]:
    """*pieces* with every caption once: pages give it as alternative text and as caption.

    Of two images with one caption the first place stays. A line with the caption is dropped below
    the image and right above it; two equal lines one after the other are an image whose credit
    was not copied.
    """
    merged: list[Piece] = []
    places: dict[str, int] = {}
    for index, piece in enumerate(pieces):
        following = pieces[index + 1] if index + 1 < len(pieces) else None
        key = caption_key(piece.text if isinstance(piece, Image) else _caption(piece))
        if not key:
            merged.append(piece)
        elif key in places:
            merged[places[key]] = _one_image(merged[places[key]], piece)
        elif isinstance(piece, Image) or piece == following or _is_caption_of(piece, following):
            places[key] = len(merged)
            merged.append(piece if isinstance(piece, Image) else Image(once(_caption(piece))))
        else:
            merged.append(piece)
    return merged


def completed(first: Image, second: Image) -> Image:
    """*first* with what only *second* says."""
    return Image(
        first.text or second.text,
        first.credit or second.credit,
        first.alt or second.alt,
        first.url or second.url,
    )


def split_headline(pieces: Sequence[Piece]) -> tuple[str, Sequence[Piece]]:
    """The headline, if *pieces* begin with one (pictures may stand above it), and the rest."""
    for index, piece in enumerate(pieces):
        if isinstance(piece, Image):
            continue
        following = pieces[index + 1] if index + 1 < len(pieces) else None
        if isinstance(piece, str) and following is not None and _is_headline(piece, following):
            return piece, [*pieces[:index], *pieces[index + 1 :]]
        break
    return "", pieces


def _is_headline(line: str, following: Piece) -> bool:
    if len(line) > _LONGEST_HEADLINE or _SENTENCE_END.search(line) or is_list_item(line):
        return False
    if isinstance(following, str) and following[0].islower():
        return False
    quote = split_quote(line)
    if quote and (quote.speaker or (isinstance(following, str) and speaker_of(following))):
        return False
    introduces = isinstance(following, str) and (
        is_list_item(following) or split_quote(following) is not None
    )
    return not (line.endswith(":") and introduces)


def _blocks(pieces: Sequence[Piece]) -> Iterator[Block]:
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        if not isinstance(piece, str):
            yield piece
            index += 1
        elif (items := _list_at(pieces, index)) is not None:
            yield items
            index += len(items.items)
        elif quote := split_quote(piece):
            following = pieces[index + 1] if index + 1 < len(pieces) else None
            if not quote.speaker and isinstance(following, str) and speaker_of(following):
                quote = Quote(quote.text, speaker_of(following))
                index += 1
            yield quote
            index += 1
        else:
            yield Paragraph(piece)
            index += 1


def _list_at(pieces: Sequence[Piece], start: int) -> BulletList | None:
    """The list that begins at *start*: lines with bullets, or lines numbered from 1 on."""
    bulleted: list[str] = []
    for index in range(start, len(pieces)):
        piece = pieces[index]
        found = _BULLET.fullmatch(piece) if isinstance(piece, str) else None
        if not found:
            break
        bulleted.append(found["item"].strip())
    if bulleted:
        return BulletList(tuple(bulleted))
    numbered: list[str] = []
    for index in range(start, len(pieces)):
        piece = pieces[index]
        found = _NUMBERED.fullmatch(piece) if isinstance(piece, str) else None
        if not found or int(found["number"]) != len(numbered) + 1:
            break
        numbered.append(found["item"])
    return BulletList(tuple(numbered), ordered=True) if len(numbered) > 1 else None


def _name_under_caption(line: str, above: Sequence[Piece]) -> str:
    """*line* if it is a photographer's bare name, which it can only be under a caption."""
    last = above[-1] if above else None
    if not is_person(line) or not isinstance(last, str) or not _may_be_caption(last):
        return ""
    if _is_doubled(above):
        return line
    # Else the entry's only text would be taken for a caption.
    return line if _has_text(above[:-1]) and _ends_sentence(last) else ""


def _credits_text(line: str, above: Sequence[Piece], is_last: bool) -> bool:
    """Whether *line* ("Quelle: dpa") says where the text comes from and credits no picture.

    At the end of an entry it does, unless what stands above it must be a caption.
    """
    if not may_name_source(line):
        return False
    last = above[-1] if above else None
    if isinstance(last, Image):
        return bool(last.credit)
    if not isinstance(last, str) or not _may_be_caption(last):
        return True
    if not is_last or _is_doubled(above):
        return False
    return _ends_sentence(last) or not _has_text(above[:-1])


def _is_doubled(above: Sequence[Piece]) -> bool:
    """Whether *above* ends in one line twice, which only a caption with its alternative text is."""
    return len(above) > 1 and above[-2] == above[-1]


def _has_text(pieces: Sequence[Piece]) -> bool:
    return any(not isinstance(piece, str) or _ends_sentence(piece) for piece in pieces)


def _ends_sentence(line: str) -> bool:
    return line.endswith((".", "!", "?", "“", "”", "«", "»", '"'))


def _may_be_caption(line: str) -> bool:
    return could_be_caption(line) and not is_list_item(line) and not is_quoted(line)


def _caption(piece: Piece) -> str:
    """*piece* if it is a line that may be a caption, else nothing."""
    is_line = isinstance(piece, str) and could_be_caption(piece) and not is_list_item(piece)
    return str(piece) if is_line else ""


def _is_caption_of(line: Piece, image: Piece | None) -> bool:
    return isinstance(image, Image) and caption_key(_caption(line)) == caption_key(image.text)


def _one_image(first: Piece, second: Piece) -> Piece:
    if not isinstance(first, Image) or not isinstance(second, Image):
        return first
    return completed(first, second)
