"""Headings that an entry's HTML begins with."""

from __future__ import annotations

import regex

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
