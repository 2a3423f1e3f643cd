"""The second line of defence: what belongs to a page or a picture, and not to an entry's text.

Readers drop share buttons, captions repeated as text and bare credit lines. What comes in another
way, or slips through, is dropped here, before a channel renders it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from syndicator.content import Block, Image, Paragraph
from syndicator.sources.share_labels import is_share_label

#: Captions are shorter; longer paragraphs need not be compared with them.
_LONGEST_CAPTION = 2000


def without_leftovers(blocks: Sequence[Block]) -> list[Block]:
    """*blocks* without the paragraphs that are none."""
    beside_pictures = _texts_of_pictures(blocks)
    return [block for block in blocks if not _is_leftover(block, beside_pictures)]


def _is_leftover(block: Block, beside_pictures: set[str]) -> bool:
    if not isinstance(block, Paragraph) or len(block.text) > _LONGEST_CAPTION:
        return False
    return is_share_label(block.text) or _letters(block.text) in beside_pictures


def _texts_of_pictures(blocks: Sequence[Block]) -> set[str]:
    """What belongs to pictures, as `_letters`: captions, credits, and both run together."""
    found = set()
    for block in blocks:
        if isinstance(block, Image):
            caption, credit = _letters(block.text), _letters(block.credit)
            labelled = [credit, f"foto{credit}", f"photo{credit}", f"bild{credit}"]
            found |= {caption, *labelled, *(caption + one for one in labelled)}
    return found - {"", "foto", "photo", "bild"}


def _letters(text: str) -> str:
    """The letters and digits of *text* in one case."""
    return "".join(re.findall(r"\w+", text.casefold()))
