"""Headlines that stand in an entry's text, and headlines that only repeat it."""

from __future__ import annotations

from collections.abc import Sequence

import regex

from syndicator.content import Block, Paragraph
from syndicator.sources.html_blocks import text_of_html

_MARKED = regex.compile(
    r"\s*(?:<(?:div|section|article|header)\b[^<>]*>\s*){0,3}"
    r"<(?P<level>h[1-6])\b[^<>]*>(?P<headline>.{1,2000}?)</(?P=level)\s*>",
    regex.IGNORECASE | regex.DOTALL,
)


def split_marked_headline(markup: str) -> tuple[str, str]:
    """The headline, if the HTML *markup* begins with a heading, and the HTML without it."""
    if not (marked := _MARKED.match(markup)):
        return "", markup
    start, end = marked.start("level") - 1, marked.end()
    return text_of_html(marked["headline"]), markup[:start] + markup[end:]


def with_headline(headline: str, blocks: Sequence[Block]) -> tuple[str, tuple[Block, ...]]:
    """*headline* and *blocks* without what one repeats of the other."""
    if not blocks or not isinstance(blocks[0], Paragraph):
        return headline, tuple(blocks)
    headline, repeated = _without_repetition(headline, blocks[0].text, len(blocks) > 1)
    return headline, tuple(blocks[1:] if repeated else blocks)


def _without_repetition(headline: str, first: str, more: bool) -> tuple[str, bool]:
    """The headline, unless a machine took it from the text; and whether *first* only repeats it."""
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
