"""What a link card says below its title."""

from __future__ import annotations

import regex

from syndicator.channels.fitting.permalinks import without_permalink
from syndicator.channels.fitting.sentences import sentence_ends
from syndicator.channels.fitting.shortening import shorten
from syndicator.channels.leftovers import without_leftovers
from syndicator.content import EntryContent, Paragraph

#: Graphemes; the platform sets no limit, and its app shows two lines.
LONGEST = 200
_CONSIDERED = 4000
_GRAPHEME = regex.compile(r"\X")


def first_sentence(entry: EntryContent, language: str) -> str:
    """The first sentence of the first paragraph of *entry*, shortened; empty if there is none."""
    for block in without_leftovers(entry.blocks):
        if not isinstance(block, Paragraph):
            continue
        text = without_permalink(block.text[:_CONSIDERED], entry.permalink).strip()
        end = next(iter(sentence_ends(text, language)), 0)
        if sentence := text[:end].strip():
            return sentence if _fits(sentence) else shorten(sentence, _fits, longest=1000) or ""
    return ""


def _fits(text: str) -> bool:
    return len(text) <= LONGEST or sum(1 for _ in _GRAPHEME.finditer(text)) <= LONGEST
