"""As much of an entry as its place in a digest allows, and what to call one without a headline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from syndicator.channels.email.rendering import tidied, tidied_block
from syndicator.channels.fitting.pieces import headline_of
from syndicator.channels.fitting.quotations import is_inside, quoted_spans
from syndicator.channels.fitting.sentences import sentence_ends
from syndicator.channels.leftovers import without_leftovers
from syndicator.content import Block, BulletList, EntryContent, Image, Paragraph, Quote

#: Items of a list in a digest.
MOST_ITEMS = 5
#: Characters: a quote is never cut, so a longer one is left to the live blog.
LONGEST_QUOTE = 600


def title_of(entry: EntryContent, language: str) -> str:
    """The headline, or else the first sentence; empty if it has neither."""
    if headline := tidied(headline_of(entry)):
        return headline
    for block in without_leftovers(entry.blocks):
        match tidied_block(block, language, ""):
            case Paragraph(text=text) | Quote(text=text):
                return _sentences(text, language)[0]
            case BulletList(items=items):
                return items[0]
            case Image(text=caption) if caption:
                return caption
    return ""


def excerpt(blocks: Sequence[Block], room: int, language: str) -> list[Block]:
    """The beginning of *blocks*, of about *room* characters of text: whole sentences and items, a
    quote whole or not at all. Pictures take no room; there is always something, if there is any."""
    kept: list[Block] = []
    left = room
    for block in blocks:
        if isinstance(block, Image):
            kept.append(block)
            continue
        if left <= 0:
            break
        cut = _cut(block, left, language, first=left == room)
        if cut is None:
            break
        kept.append(cut)
        left = 0 if cut != block else left - len(block.text)
    return kept


def _cut(block: Block, room: int, language: str, *, first: bool) -> Block | None:
    match block:
        case Paragraph(text=text):
            said = _within(_sentences(text, language), room, first=first)
            return Paragraph(said) if said else None
        case Quote(text=text):
            fits = len(text) <= room or (first and len(text) <= LONGEST_QUOTE)
            return block if fits else None
        case BulletList(items=items, ordered=ordered):
            whole = len(items) <= MOST_ITEMS and len(block.text) <= room * 2
            return block if whole else BulletList((*items[: MOST_ITEMS - 1], "…"), ordered)
    return None


def _within(sentences: Sequence[str], room: int, *, first: bool) -> str:
    """As many of *sentences* as fit into *room*; of the *first* block at least one."""
    said = ""
    for sentence in sentences:
        longer = f"{said} {sentence}".strip()
        if len(longer) > room and (said or not first):
            break
        said = longer
    return said


def _sentences(text: str, language: str) -> list[str]:
    """*text* in sentences, none of which ends within a quotation."""
    quoted = quoted_spans(text)
    return list(
        _parts(text, [e for e in sentence_ends(text, language) if not is_inside(quoted, e)])
    )


def _parts(text: str, ends: Sequence[int]) -> Iterator[str]:
    begin = 0
    for end in (*ends, len(text)):
        if part := text[begin:end].strip():
            yield part
        begin = end
