"""What a source says its language is, taken as a language tag whatever it is."""

from __future__ import annotations

import re

#: No tag of a language is longer (RFC 5646, 4.4.1).
_LONGEST = 35
_FORM = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")


def language_tag(text: str) -> str:
    """*text* if it has the form of a language tag (BCP 47), else nothing."""
    tag = text.strip().replace("_", "-")
    return tag if len(tag) <= _LONGEST and _FORM.fullmatch(tag) else ""
