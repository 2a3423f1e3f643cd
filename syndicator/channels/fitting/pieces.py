"""An entry's text as pieces that are kept or left out whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from syndicator.channels.fitting.permalinks import without_permalink
from syndicator.channels.fitting.quotations import in_quotation_marks, is_inside, quoted_spans
from syndicator.channels.fitting.sentences import sentence_ends
from syndicator.content import Block, BulletList, EntryContent, Image, Paragraph, Quote
from syndicator.sources.share_labels import is_share_label

_BETWEEN_BLOCKS = "\n\n"
#: Captions are shorter; longer paragraphs need not be compared with them.
_LONGEST_CAPTION = 2000


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


def pieces_of(entry: EntryContent, language: str) -> Iterator[Piece]:
    """The entry's pieces in order, each with its full text, made only as they are asked for.

    Captions and credits belong to pictures, not to the text: they are used only where an entry
    has nothing else.
    """
    blocks = _blocks_of_text(entry)
    if not blocks:
        yield from _pictures(entry, language)
    for block in blocks:
        before = _BETWEEN_BLOCKS
        for piece in _pieces_of_block(block, language):
            yield replace(piece, before=before + piece.before)
            before = ""


def _blocks_of_text(entry: EntryContent) -> list[Paragraph | BulletList | Quote]:
    """The blocks to tell, without the permalink, which is told separately, and without what a
    reader let through of captions and share buttons."""
    beside_pictures = _texts_of_pictures(entry.blocks)

    def is_text(text: str) -> bool:
        if not text or is_share_label(text):
            return False
        return len(text) > _LONGEST_CAPTION or _letters(text) not in beside_pictures

    told: list[Paragraph | BulletList | Quote] = []
    for block in entry.blocks:
        match block:
            case Paragraph(text=text):
                text = without_permalink(text, entry.permalink).strip()
                if is_text(text):
                    told.append(Paragraph(text))
            case Quote(text=text, speaker=speaker):
                text = without_permalink(text, entry.permalink).strip()
                if text:
                    told.append(Quote(text, speaker.strip()))
            case BulletList(items=items, ordered=ordered):
                items = tuple(
                    text
                    for item in items
                    if is_text(text := without_permalink(item, entry.permalink).strip())
                )
                if items:
                    told.append(BulletList(items, ordered))
    return told


def _pieces_of_block(block: Paragraph | BulletList | Quote, language: str) -> Iterator[Piece]:
    match block:
        case Paragraph(text=text):
            yield from _sentences(text, language)
        case Quote(text=text, speaker=speaker):
            source = f" – {speaker}" if speaker else ""
            yield Piece("", in_quotation_marks(text, language), source, may_be_cut=False)
        case BulletList(items=items, ordered=ordered):
            for number, item in enumerate(items, start=1):
                mark = f"{number}." if ordered else "•"
                yield Piece("" if number == 1 else "\n", f"{mark} {item}")


def _sentences(text: str, language: str) -> Iterator[Piece]:
    quoted = quoted_spans(text)
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
        if not caption and not block.credit:
            continue
        picture = "Bild" if german else "Picture"
        credit = f" ({'Foto' if german else 'Photo'}: {block.credit})" if block.credit else ""
        text = f"{picture}: {caption}" if caption else picture
        yield Piece(_BETWEEN_BLOCKS, text, credit, may_be_cut=bool(caption))


def _texts_of_pictures(blocks: Sequence[Block]) -> set[str]:
    """What belongs to pictures, as `_letters`: captions, credits, and both run together."""
    found = set()
    for block in blocks:
        if isinstance(block, Image):
            caption, credit = _letters(block.text), _letters(block.credit)
            labelled = [credit, f"foto{credit}", f"photo{credit}", f"bild{credit}"]
            found |= {caption, *labelled, *(caption + one for one in labelled)}
    return found - {"", "foto", "photo", "bild"}


def _begins_with(text: str, headline: str) -> bool:
    """Whether *text* begins with *headline*, which may be cut off with an ellipsis."""
    stem = headline.rstrip(" .…")
    words = _letters(stem, " ")
    begin = _letters(text[: 2 * len(headline) + 100], " ")
    if not words or not begin.startswith(words):
        return False
    is_cut = headline.endswith(("…", "..."))
    return is_cut or len(begin) == len(words) or begin[len(words)] == " "


def _letters(text: str, between: str = "") -> str:
    """The letters and digits of *text* in one case, its words parted by *between*."""
    return between.join(re.findall(r"\w+", text.casefold()))
