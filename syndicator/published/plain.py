"""Entries as documents for programs can hold them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from syndicator.content import Block, BulletList, EntryContent, Image, Quote

#: What XML 1.0 (2.2) has no way to say, and halves of surrogate pairs, which UTF-8 has none for.
_UNSAYABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LONGEST_DESCRIPTION = 300


def sayable(text: str) -> str:
    return _UNSAYABLE.sub("", text)


def title_of(content: EntryContent) -> str:
    """The headline, or how the text begins; never empty."""
    return sayable(content.headline).strip() or _cut(text_of(content), 100) or "…"


def text_of(content: EntryContent) -> str:
    """What an entry says without its pictures: a paragraph a line."""
    blocks = (block for block in content.blocks if not isinstance(block, Image))
    return sayable("\n".join(block.text for block in blocks)).strip()


def description_of(content: EntryContent) -> str:
    return _cut(text_of(content), LONGEST_DESCRIPTION)


def html_of(blocks: Iterable[Block]) -> str:
    """*blocks* as HTML in which every text is escaped; pictures are told by their captions."""
    return sayable("".join(filter(None, map(_html, blocks))))


def _html(block: Block) -> SafeString:
    match block:
        case BulletList(items, ordered):
            listed = format_html_join("", "<li>{}</li>", ((item,) for item in items))
            return format_html("<ol>{}</ol>" if ordered else "<ul>{}</ul>", listed)
        case Quote(text, speaker):
            said = format_html("<p>{}</p>", text)
            by = format_html("<footer>– {}</footer>", speaker) if speaker else ""
            return format_html("<blockquote>{}{}</blockquote>", said, by)
        case Image(text, credit):
            caption = " ".join(filter(None, (text, credit and f"({credit})")))
            return format_html("<p><small>{}</small></p>", caption) if caption else SafeString()
    return format_html("<p>{}</p>", block.text)


def _cut(text: str, most: int) -> str:
    """*text* on one line, in no more than *most* characters, ending with a whole word."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    kept, _space, _rest = line[:most].rpartition(" ")
    return f"{kept or line[: most - 1]}…"
