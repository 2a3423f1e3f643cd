"""Where a text names the entry's own permalink."""

from __future__ import annotations

import re

#: What makes it another, longer URL.
_GOES_ON = r"(?![\w./?#=&%~+:@!$*'-]*\w)"


def permalink_count(text: str, permalink: str) -> int:
    """How often *text* names *permalink*, alone or inside other text; longer URLs do not count."""
    return len(_pattern(permalink).findall(text)) if permalink else 0


def without_permalink(text: str, permalink: str) -> str:
    """*text* without any mention of *permalink*, and without the space that it leaves."""
    if not permalink or permalink not in text:
        return text
    pattern = _pattern(permalink)
    kept = []
    for word in text.split():
        left = pattern.sub("", word)
        # What is left of a word may name it again; then there is nothing in it worth keeping.
        if left == word or (left and permalink not in left):
            kept.append(left)
    return " ".join(kept)


def _pattern(permalink: str) -> re.Pattern[str]:
    return re.compile(re.escape(permalink) + _GOES_ON)


def naming(text: str, permalink: str, other: str) -> str:
    """*text* with *other* wherever it names *permalink*."""
    if not permalink or permalink not in text:
        return text
    return _pattern(permalink).sub(lambda _: other, text)
