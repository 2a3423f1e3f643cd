"""What a link card says below its title."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from syndicator.channels.fitting.pieces import cleaned_text
from syndicator.channels.fitting.quotations import is_inside, quoted_spans
from syndicator.channels.fitting.sentences import sentence_ends
from syndicator.channels.fitting.shortening import shorten
from syndicator.channels.leftovers import without_leftovers
from syndicator.content import EntryContent, Paragraph

#: Graphemes; the platform sets no limit, and its app shows two lines.
LONGEST = 200
_CONSIDERED = 4000
_GRAPHEME = regex.compile(r"\X")


def first_sentence(entry: EntryContent, language: str) -> str:
    """The first sentence of *entry* in a paragraph that says more than its headline, shortened;
    empty if there is none."""
    for block in without_leftovers(entry.blocks):
        if not isinstance(block, Paragraph):
            continue
        for sentence in _sentences(
            cleaned_text(block.text[:_CONSIDERED], entry.permalink), language
        ):
            if _letters(sentence) != _letters(entry.headline):
                return sentence if _fits(sentence) else shorten(sentence, _fits, longest=1000) or ""
    return ""


def _sentences(text: str, language: str) -> Iterator[str]:
    quoted = quoted_spans(text)
    begin = 0
    for end in sentence_ends(text, language):
        if not is_inside(quoted, end):
            if sentence := text[begin:end].strip():
                yield sentence
            begin = end


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _fits(text: str) -> bool:
    return len(text) <= LONGEST or sum(1 for _ in _GRAPHEME.finditer(text)) <= LONGEST
