"""Entries of which a page shows less for a while than it did.

A page may drop its older entries, or show them only on demand, and still list them in its
JSON-LD. That their lists, quotes and pictures are gone from there is no edit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from syndicator.content import Block, EntryContent, Image, Paragraph
from syndicator.sources.page_html import is_cut_off, words_of, words_read


def with_known_structure(
    incoming: Sequence[EntryContent], sparse: Collection[str], known: Mapping[str, EntryContent]
) -> tuple[EntryContent, ...]:
    """*incoming*, where the *sparse* that say the same as the *known* keep all that these show."""
    names = set(sparse)
    return tuple(
        replace(entry, blocks=before.blocks)
        if entry.external_id in names
        and (before := known.get(entry.external_id)) is not None
        and _says_the_same(entry.blocks, before.blocks)
        else entry
        for entry in incoming
    )


def _says_the_same(now: Sequence[Block], before: Sequence[Block]) -> bool:
    """Whether the text of *now* is that of *before*, lists, quotes and pictures apart."""
    text = [block for block in now if not isinstance(block, Image)]
    body, is_cut, at = words_of(text), is_cut_off(text), 0
    for block in before:
        if read := words_read(block, body[at:], is_cut):
            at += read
        elif isinstance(block, Paragraph):
            return False
    return bool(body) and at == len(body)
