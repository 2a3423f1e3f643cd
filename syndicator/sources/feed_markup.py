"""The text of feeds, where markup may be escaped once, twice, or not at all."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import replace

import regex

from syndicator.content import Block, BulletList, Image, Paragraph, Quote, clean_text
from syndicator.sources.entry_body import Piece
from syndicator.sources.html_blocks import (
    has_block_markup,
    is_markup,
    pieces_of_html,
    text_of_html,
)
from syndicator.sources.share_labels import is_share_label

_TAG = regex.compile(r"<(?:/?[a-zA-Z][a-zA-Z0-9-]*(?:[\s/][^<>]*)?|!--[^<>]*)>")
_BLANK_LINE = regex.compile(r"\n[^\S\n]*\n")
#: In characters, with its markup; no entry comes near it, and reading it takes seconds.
LONGEST = 200_000
#: More often nobody escapes by mistake.
_MOST_ESCAPED = 4


class TooLong(ValueError):
    """The text is longer than any entry's; the error says so as the end of a sentence."""


def line_of(markup: str) -> str:
    """*markup* as one line of text in which no tag and no entity is left, however escaped."""
    for _ in range(_MOST_ESCAPED):
        if not is_markup(markup):
            break
        markup = text_of_html(markup)
    return clean_text(_TAG.sub(" ", markup))


def unescaped(markup: str) -> str:
    """*markup* with its tags as tags, where all of them are escaped once too often."""
    for _ in range(_MOST_ESCAPED):
        meant = html.unescape(markup)
        if _TAG.search(markup) or not _TAG.search(meant):
            break
        markup = meant
    return markup


def pieces_of_markup(markup: str, base_url: str) -> list[Piece]:
    """*markup* as lines and blocks; image addresses are relative to *base_url*."""
    _refuse_if_long(markup)
    markup = unescaped(markup)
    if has_block_markup(markup):
        return pieces_of_html(_BLANK_LINE.sub("<br><br>", markup), base_url)
    if _TAG.search(markup):
        return _lines(_BLANK_LINE.split(markup))
    return pieces_of_text(markup)


def pieces_of_text(text: str) -> list[Piece]:
    """*text*, whose lines part its paragraphs, as lines."""
    _refuse_if_long(text)
    return _lines(text.splitlines())


def _refuse_if_long(text: str) -> None:
    if len(text) > LONGEST:
        raise TooLong(f"its text has more than {LONGEST} characters")


def _lines(parts: Iterable[str]) -> list[Piece]:
    return [line for line in map(line_of, parts) if line and not is_share_label(line)]


def without_markup(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """*blocks* in whose texts no markup is left; those without text and picture are left out."""
    return tuple(block for block in map(_plain, blocks) if block.text or _is_shown(block))


def _plain(block: Block) -> Block:
    match block:
        case BulletList():
            return replace(block, items=tuple(filter(None, map(line_of, block.items))))
        case Quote():
            return Quote(line_of(block.text), line_of(block.speaker))
        case Image():
            return Image(line_of(block.text), line_of(block.credit), line_of(block.alt), block.url)
        case Paragraph():
            return Paragraph(line_of(block.text))


def _is_shown(block: Block) -> bool:
    return isinstance(block, Image) and bool(block.url)
