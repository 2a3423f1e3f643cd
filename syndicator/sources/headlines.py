"""Headlines that only repeat the text below them."""

from __future__ import annotations

from collections.abc import Sequence

from syndicator.content import Block, Paragraph


def without_repetition(headline: str, blocks: Sequence[Block]) -> tuple[str, tuple[Block, ...]]:
    """The headline, unless a machine took it from the text; and *blocks* without its repetition."""
    first = blocks[0] if blocks else None
    if not isinstance(first, Paragraph):
        return headline, tuple(blocks)
    headline, repeated = _compare(headline, first.text, len(blocks) > 1)
    return headline, tuple(blocks[1:] if repeated else blocks)


def _compare(headline: str, first: str, more: bool) -> tuple[str, bool]:
    """The headline to keep, and whether *first*, the first paragraph, only repeats it."""
    start = headline.rstrip("….").strip()
    if not start or not first.startswith(start):
        return headline, False
    rest = first[len(start) :]
    if not rest.strip(".…!"):
        return (headline, True) if more else ("", False)
    cut = headline.endswith(("…", "..."))
    # A single word before a text that begins with it is a topic, put there by a person.
    automatic = cut or (not rest[0].isalnum() and start.count(" ") >= 2)
    return ("" if automatic else headline), False
