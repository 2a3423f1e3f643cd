"""An entry's text as pieces that are kept or left out whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from syndicator.channels.fitting.permalinks import without_permalink
from syndicator.channels.fitting.quotations import (
    in_quotation_marks,
    is_inside,
    quoted_spans,
    speech_span,
)
from syndicator.channels.fitting.sentences import sentence_ends
from syndicator.channels.fitting.word_lists import word_list
from syndicator.channels.leftovers import without_leftovers
from syndicator.content import Block, BulletList, EntryContent, Image, Paragraph, Picture, Quote

_TextBlock = Paragraph | BulletList | Quote

#: Stands for the lines of a list that are left out.
CUT_LIST = "\n…"
_BETWEEN_BLOCKS = "\n\n"
_BETWEEN_LINES = "\n"
_SURROGATES = re.compile("[\ud800-\udfff]+")
_ANAPHORS = word_list("anaphors.txt")
#: German words that point back from inside of a sentence, too: “Applaus gab es dafür nicht.”
_POINTING_BACK = frozenset(
    (
        "dabei",
        "dadurch",
        "dafür",
        "dagegen",
        "daher",
        "danach",
        "daran",
        "darauf",
        "darin",
        "darüber",
    )
).union(("davon", "davor", "dazu", "deshalb", "deswegen", "dennoch", "trotzdem", "zuvor"))
#: German verbs of reported speech, and words that tell whose it is.
_REPORTING = frozenset(("sei", "seien", "könne", "müsse", "solle", "dürfe", "wolle", "werde"))
_ATTRIBUTING = frozenset(
    ("sagt", "sagte", "sagten", "erklärte", "erklärten", "teilte", "teilten", "betonte", "hieß")
).union(
    ("heißt", "berichtet", "berichtete", "berichten", "zufolge", "laut", "Laut", "Angaben"),
    ("so", "kündigte", "warnte", "schrieb", "meint", "meinte", "ich", "Ich", "wies"),
)
_WORDS = re.compile(r"\w+")
_MOST_FIRST_WORDS = 6
_LONGEST_BEGINNING = 200
_CREDIT_LABEL = r"(?:Fotos?|Bild(?:er)?|Photos?|Pictures?|Images?|Credits?)"


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, a list's line, a quote or a picture's line.

    *before* is what parts it from the piece before; *tail* (a speaker, a picture's credit) stays
    behind *text* in any case. *speech* is where in *text* somebody is quoted, with the marks, if
    that is what the piece is about: then it is told whole or not at all. *is_bare* is true where
    it does not tell who speaks.
    """

    before: str
    text: str
    tail: str = ""
    may_be_cut: bool = True
    speech: tuple[int, int] | None = None
    is_bare: bool = False
    #: Less of it would be no more than its mark (“•”, “Bild:”).
    fewest_words: int = 1

    @property
    def length(self) -> int:
        return len(self.before) + len(self.text) + len(self.tail)

    @property
    def announces(self) -> bool:
        """Whether it announces what follows."""
        return self.text.endswith(":")

    @property
    def goes_on_in_list(self) -> bool:
        """Whether it is a list's line, and not the first."""
        return self.before == _BETWEEN_LINES

    @property
    def stands_alone(self) -> bool:
        """Whether it can be understood without the piece before it."""
        words = _WORDS.findall(self.text[:_LONGEST_BEGINNING])
        first = words[:_MOST_FIRST_WORDS]
        points_back = words[:1] and words[0] in _ANAPHORS
        return not (
            self.is_bare
            or points_back
            or not _POINTING_BACK.isdisjoint(first)
            or (not _REPORTING.isdisjoint(words) and _ATTRIBUTING.isdisjoint(words))
        )


def body_of(pieces: Iterable[Piece]) -> str:
    return "".join(piece.before + piece.text + piece.tail for piece in pieces).lstrip()


def headline_of(entry: EntryContent) -> str:
    """The entry's headline; empty if the text begins with it anyway."""
    headline = cleaned_text(" ".join(entry.headline.split()), entry.permalink)
    first = next(iter(_blocks_of_text(entry)), None)
    if first and _begins_with(first.text, headline):
        return ""
    return headline


def credit_line(pictures: Iterable[Picture], permalink: str, language: str) -> str:
    """Who is to be credited for *pictures*, each once, on one line; empty if nobody is."""
    named = (cleaned_text(" ".join(one.credit.split()), permalink) for one in pictures)
    credited = list(dict.fromkeys(filter(None, named)))
    if not credited:
        return ""
    label = "Foto" if _is_german(language) else "Photo"
    return f"{label}{'s' if len(credited) > 1 else ''}: {'; '.join(credited)}"


def pieces_of(
    entry: EntryContent, language: str, longest: int, pictures: Sequence[Picture] = ()
) -> Iterator[Piece]:
    """The entry's pieces in order, each with its full text, made only as they are asked for.

    Of a paragraph of more than *longest* characters, a little more than these is looked at.

    Captions and credits belong to pictures, not to the text: they are used only where an entry
    has nothing else. Of *pictures*, which are shown with the text, only the captions are: their
    credits are in the `credit_line`.
    """
    blocks = _blocks_of_text(entry)
    if not blocks:
        yield from _pictures(entry, language, pictures)
    for block in blocks:
        before = _BETWEEN_BLOCKS
        for piece in _pieces_of_block(block, language, longest):
            yield replace(piece, before=before + piece.before)
            before = ""


def _blocks_of_text(entry: EntryContent) -> list[_TextBlock]:
    """The blocks to tell: without pictures, and without the permalink, which is told separately."""
    named = {block.credit for block in entry.blocks if isinstance(block, Image) and block.credit}
    cleaned = (_without_permalink(block, entry.permalink) for block in entry.blocks)
    kept = without_leftovers([block for block in cleaned if block])
    told = [block for block in kept if not isinstance(block, Image)]
    if not named:
        return told
    return [block for each in told if (block := _without_credit(each, named)).text]


def _without_credit(block: _TextBlock, named: set[str]) -> _TextBlock:
    """*block* without a picture's credit that its source left at the end of the text."""
    if not isinstance(block, Paragraph):
        return block
    for credit in named:
        if block.text.rstrip(" .)").endswith(credit.rstrip(" .)")):
            labelled = rf"\s*\(?{_CREDIT_LABEL}: ?{re.escape(credit.rstrip(' .)'))}[ .)]*\Z"
            return Paragraph(re.sub(labelled, "", block.text))
    return block


def cleaned_text(text: str, permalink: str) -> str:
    """*text* without the permalink, and without halves of surrogate pairs, which cannot be sent."""
    return without_permalink(_SURROGATES.sub("", text), permalink)


def _without_permalink(block: Block, permalink: str) -> Block | None:
    """*block*, if it has any text left; pictures stay as they are."""

    def clean(text: str) -> str:
        return cleaned_text(text, permalink).strip()

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
            spoken = in_quotation_marks(text, language)
            whole = (0, len(spoken))
            yield Piece("", spoken, source, may_be_cut=False, speech=whole, is_bare=not speaker)
        case BulletList(items=items, ordered=ordered):
            for number, item in enumerate(items, start=1):
                mark = f"{number}." if ordered else "•"
                yield Piece("" if number == 1 else _BETWEEN_LINES, f"{mark} {item}", fewest_words=2)


def _sentences(text: str, language: str, longest: int) -> Iterator[Piece]:
    goes_on = len(text) > longest
    text = text[: longest + 1]
    quoted = quoted_spans(text, goes_on=goes_on)
    begin = 0
    for end in sentence_ends(text, language):
        if is_inside(quoted, end):
            continue
        sentence = text[begin:end]
        said = sentence.lstrip()
        speech = speech_span(said)
        yield Piece(
            sentence[: -len(said)],
            said,
            may_be_cut=speech is None,
            speech=speech,
            is_bare=speech == (0, len(said)),
        )
        begin = end


def _pictures(entry: EntryContent, language: str, shown: Sequence[Picture]) -> Iterator[Piece]:
    german = _is_german(language)
    credited_once = {one.credit for one in shown}
    for block in entry.blocks:
        if not isinstance(block, Image):
            continue
        if any(_shows(one, block) for one in shown):
            if caption := cleaned_text(block.text, entry.permalink).strip():
                yield Piece(_BETWEEN_BLOCKS, caption)
            continue
        caption = cleaned_text(block.text or block.alt, entry.permalink).strip()
        credited = cleaned_text(block.credit, entry.permalink).strip()
        if block.credit in credited_once:
            credited = ""
        if not caption and not credited:
            continue
        picture = "Bild" if german else "Picture"
        credit = f" ({'Foto' if german else 'Photo'}: {credited})" if credited else ""
        text = f"{picture}: {caption}" if caption else picture
        yield Piece(_BETWEEN_BLOCKS, text, credit, may_be_cut=bool(caption), fewest_words=2)


def _shows(picture: Picture, image: Image) -> bool:
    """Whether *picture*, whose description a channel may have cut off, is that of *image*."""
    described = image.alt or image.text
    same = described.startswith(picture.alt) if picture.alt else not described
    return same and picture.credit == image.credit


def _is_german(language: str) -> bool:
    return language.lower().startswith("de")


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
