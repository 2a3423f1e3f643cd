"""Which languages are written from right to left."""

from __future__ import annotations

_LANGUAGES = frozenset(
    ("ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi")
)
_SCRIPTS = frozenset(("adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"))


def is_right_to_left(language: str) -> bool:
    """Whether a BCP 47 *language* is; a script in the tag tells more than the language."""
    first, *rest = language.lower().split("-")
    script = next((part for part in rest[:2] if len(part) == 4 and part.isalpha()), "")
    return script in _SCRIPTS if script else first in _LANGUAGES
