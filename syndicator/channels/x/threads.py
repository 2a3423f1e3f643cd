"""What of an entry goes on in answers to its post."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from syndicator.channels.fitting.pieces import CUT_LIST, Piece, body_of, pieces_of
from syndicator.content import Picture, Story

#: An entry that is longer is an article: its permalink leads there. The ids of ten posts, of up to
#: 19 digits each, are what fits into a receipt.
MOST_PARTS = 9


def parts_after(
    told: str,
    story: Story,
    pictures: Sequence[Picture],
    length: Callable[[str], int],
    limit: int,
) -> tuple[str, ...]:
    """The rest of *story* whose beginning *told* is the body of its post, in posts of at most
    *limit*; whole sentences each, and quotes only whole. *pictures* go out with the post."""
    pieces = list(pieces_of(story.entry, story.language, sys.maxsize, pictures))
    rest = _rest(told, pieces)
    parts: list[str] = []
    held: list[Piece] = []
    for piece in rest:
        if length(body_of([*held, piece])) <= limit:
            held.append(piece)
            continue
        if held:
            parts.append(body_of(held))
        held = [piece] if length(body_of([piece])) <= limit else []
        if not held and piece.may_be_cut:
            # A sentence longer than a post: what follows would make no sense without it.
            break
    if held:
        parts.append(body_of(held))
    return tuple(parts[:MOST_PARTS])


def _rest(told: str, pieces: Sequence[Piece]) -> Sequence[Piece]:
    """*pieces* without those that *told* consists of; all, if it is only a part of one."""
    told = told.removesuffix(CUT_LIST)
    for start, piece in enumerate(pieces):
        if not told.startswith(piece.text):
            continue
        for end in range(start + 1, len(pieces) + 1):
            said = body_of(pieces[start:end])
            if said == told:
                return [*pieces[:start], *pieces[end:]]
            if not told.startswith(said):
                break
    return pieces
