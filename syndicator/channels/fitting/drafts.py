"""Finds the most of an entry that a post can hold."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from syndicator.channels.fitting.pieces import Piece, body_of, headline_of, pieces_of
from syndicator.channels.fitting.shortening import shorten
from syndicator.content import Story

#: No platform weighs text so that more characters than this fit for each one it allows.
_CHARACTERS_PER_UNIT = 8
#: Behind a headline, less than this of a first sentence says nothing.
_FEWEST_WORDS = 5


@dataclass(frozen=True, slots=True)
class Draft:
    """What of an entry is told; one of both may be empty."""

    headline: str
    body: str


def fit(
    story: Story,
    render: Callable[[Draft], str],
    length: Callable[[str], int] = len,
    limit: int | None = None,
) -> str | None:
    """The rendering of the fullest draft whose *length* is within *limit*; None if there is none.

    *render* turns a draft into the words of a post; more of an entry must make a longer post. Left
    out are first the last sentences, list lines and quotes, each whole; then words of the first
    sentence; then words of the headline. Only a quote that is all there is loses its last words.
    """
    longest = sys.maxsize if limit is None else _CHARACTERS_PER_UNIT * limit

    def fits(draft: Draft) -> bool:
        if limit is None:
            return True
        said = len(draft.headline) + len(draft.body)
        return said <= longest and length(render(draft)) <= limit

    pieces = _considered(pieces_of(story.entry, story.language, longest), longest)
    draft = _fullest(headline_of(story.entry), pieces, fits, longest)
    return render(draft) if draft else None


def _considered(pieces: Iterable[Piece], longest: int) -> list[Piece]:
    """*pieces* up to the first that cannot fit any more."""
    considered, length = [], 0
    for piece in pieces:
        considered.append(piece)
        length += piece.length
        if length > longest:
            break
    return considered


def _fullest(
    headline: str, pieces: Sequence[Piece], fits: Callable[[Draft], bool], longest: int
) -> Draft | None:
    if headline and not fits(Draft(headline, "")):
        headline = shorten(headline, lambda cut: fits(Draft(cut, "")), longest=longest) or ""
    if headline:
        return _with_body(headline, pieces, fits, longest) or Draft(headline, "")
    for start, piece in enumerate(pieces):
        if draft := _with_body("", pieces[start:], fits, longest):
            return draft
        # A quote that is too long is left out, and what follows it may stand alone.
        if piece.may_be_cut:
            return None
    return _beginning_of_quote(pieces[0], fits, longest) if pieces else None


def _beginning_of_quote(piece: Piece, fits: Callable[[Draft], bool], longest: int) -> Draft | None:
    """Of a quote that is all an entry has: its first words, with both its marks and its speaker."""
    opening, words, closing = piece.text[0], piece.text[1:-1], piece.text[-1] + piece.tail
    beginning = shorten(
        words, lambda cut: fits(Draft("", opening + cut + closing)), longest=longest
    )
    return Draft("", opening + beginning + closing) if beginning else None


def _with_body(
    headline: str, pieces: Sequence[Piece], fits: Callable[[Draft], bool], longest: int
) -> Draft | None:
    """The fullest draft with *headline* and at least some of the first of *pieces*."""
    count = bisect_left(
        range(1, len(pieces) + 1),
        True,
        key=lambda count: not fits(Draft(headline, body_of(pieces[:count]))),
    )
    # What announces something is not left without it.
    while 0 < count < len(pieces) and pieces[count - 1].text.endswith(":"):
        count -= 1
    if count:
        return Draft(headline, body_of(pieces[:count]))
    if not pieces or not pieces[0].may_be_cut:
        return None
    tail = pieces[0].tail
    beginning = shorten(
        pieces[0].text,
        lambda cut: fits(Draft(headline, cut + tail)),
        longest=longest,
        least_words=_FEWEST_WORDS if headline else 1,
    )
    return Draft(headline, beginning + tail) if beginning else None
