"""An entry's text as pieces that are kept or left out whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from syndicator.channels.fitting.permalinks import without_permalink
from syndicator.channels.fitting.quotations import in_quotation_marks, is_inside, quoted_spans
from syndicator.channels.fitting.sentences import sentence_ends
from syndicator.channels.leftovers import without_leftovers
from syndicator.content import Block, BulletList, EntryContent, Image, Paragraph, Quote

_TextBlock = Paragraph | BulletList | Quote

_BETWEEN_BLOCKS = "\n\n"


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, a list's line, a quote or a picture's line.

    *before* is what parts it from the piece before. Only if *may_be_cut* can *text* be cut at a
    word; *tail* (a picture's credit) stays behind it in any case.
    """

    before: str
    text: str
    tail: str = ""
    may_be_cut: bool = True

    @property
    def length(self) -> int:
        return len(self.before) + len(self.text) + len(self.tail)


def body_of(pieces: Iterable[Piece]) -> str:
    return "".join(piece.before + piece.text + piece.tail for piece in pieces).lstrip()


def headline_of(entry: EntryContent) -> str:
    """The entry's headline; empty if the text begins with it anyway."""
    headline = without_permalink(" ".join(entry.headline.split()), entry.permalink)
    first = next(iter(_blocks_of_text(entry)), None)
    if first and _begins_with(first.text, headline):
        return ""
    return headline


def pieces_of(entry: EntryContent, language: str, longest: int) -> Iterator[Piece]:
    """The entry's pieces in order, each with its full text, made only as they are asked for.

    Of a paragraph of more than *longest* characters, a little more than these is looked at.

    Captions and credits belong to pictures, not to the text: they are used only where an entry
    has nothing else.
    """
    blocks = _blocks_of_text(entry)
    if not blocks:
        yield from _pictures(entry, language)
    for block in blocks:
        before = _BETWEEN_BLOCKS
        for piece in _pieces_of_block(block, language, longest):
            yield replace(piece, before=before + piece.before)
            before = ""


def _blocks_of_text(entry: EntryContent) -> list[_TextBlock]:
    """The blocks to tell: without pictures, and without the permalink, which is told separately."""
    cleaned = (_without_permalink(block, entry.permalink) for block in entry.blocks)
    kept = without_leftovers([block for block in cleaned if block])
    return [block for block in kept if not isinstance(block, Image)]


def _without_permalink(block: Block, permalink: str) -> Block | None:
    """*block*, if it has any text left; pictures stay as they are."""

    def clean(text: str) -> str:
        return without_permalink(text, permalink).strip()

    told: _TextBlock
    match block:
        case Image():
            return block
        case Paragraph(text=text):
            told = Paragraph(clean(text))
        case Quote(text=text, speaker=speaker):
            told = Quote(clean(text), clean(speaker))
        case BulletList(items=items, ordered=ordered):
            told = BulletList(tuple(filter(None, map(clean, items))), ordered)
    return told if told.text else None


def _pieces_of_block(block: _TextBlock, language: str, longest: int) -> Iterator[Piece]:
    match block:
        case Paragraph(text=text):
            yield from _sentences(text, language, longest)
        case Quote(text=text, speaker=speaker):
            source = f" – {speaker}" if speaker else ""
            yield Piece("", in_quotation_marks(text, language), source, may_be_cut=False)
        case BulletList(items=items, ordered=ordered):
            for number, item in enumerate(items, start=1):
                mark = f"{number}." if ordered else "•"
                yield Piece("" if number == 1 else "\n", f"{mark} {item}")


def _sentences(text: str, language: str, longest: int) -> Iterator[Piece]:
    goes_on = len(text) > longest
    text = text[: longest + 1]
    quoted = quoted_spans(text, goes_on=goes_on)
    begin = 0
    for end in sentence_ends(text, language):
        if is_inside(quoted, end):
            continue
        sentence = text[begin:end]
        yield Piece(sentence[: -len(sentence.lstrip())], sentence.lstrip())
        begin = end


def _pictures(entry: EntryContent, language: str) -> Iterator[Piece]:
    german = language.lower().startswith("de")
    for block in entry.blocks:
        if not isinstance(block, Image):
            continue
        caption = without_permalink(block.text or block.alt, entry.permalink).strip()
        credited = without_permalink(block.credit, entry.permalink).strip()
        if not caption and not credited:
            continue
        picture = "Bild" if german else "Picture"
        credit = f" ({'Foto' if german else 'Photo'}: {credited})" if credited else ""
        text = f"{picture}: {caption}" if caption else picture
        yield Piece(_BETWEEN_BLOCKS, text, credit, may_be_cut=bool(caption))


def _begins_with(text: str, headline: str) -> bool:
    """Whether *text* begins with *headline*, which may be cut off with an ellipsis."""
    stem = headline.rstrip(" .…")
    words = _words(stem)
    begin = _words(text[: 2 * len(headline) + 100])
    if not words or not begin.startswith(words):
        return False
    is_cut = headline.endswith(("…", "..."))
    return is_cut or len(begin) == len(words) or begin[len(words)] == " "


def _words(text: str) -> str:
    """The letters and digits of *text* in one case, its words parted by spaces."""
    return " ".join(re.findall(r"\w+", text.casefold()))
