"""Which languages are written from right to left."""

from __future__ import annotations

_LANGUAGES = frozenset(
    ("ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi")
)
_SCRIPTS = frozenset(("adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"))


def direction_of(language: str) -> str:
    """``rtl`` or ``ltr`` for a BCP 47 *language*; a script in the tag tells more than the rest."""
    first, *rest = language.lower().split("-")
    script = next((part for part in rest[:2] if len(part) == 4 and part.isalpha()), "")
    right_to_left = script in _SCRIPTS if script else first in _LANGUAGES
    return "rtl" if right_to_left else "ltr"
