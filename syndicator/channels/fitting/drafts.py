"""Finds the most of an entry that a post can hold.

Drafts are tried in one order of preference that does not depend on the limit. So more room never
makes a shorter post: what was chosen with less room gives way only to what had no room there.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from syndicator.channels.fitting.pieces import (
    CUT_LIST,
    Piece,
    body_of,
    credit_line,
    headline_of,
    pieces_of,
)
from syndicator.channels.fitting.quotations import is_inside, quoted_spans
from syndicator.channels.fitting.sentences import sentence_ends
from syndicator.channels.fitting.shortening import ELLIPSIS, shorten
from syndicator.content import Picture, Story

#: No platform weighs text so that more characters than this fit for each one it allows.
_CHARACTERS_PER_UNIT = 8
#: So much of an entry is looked at in any case: what is told instead of a quote that is too long
#: must not depend on the limit, or more room could tell less.
_CONSIDERED = 10_000
#: Behind a headline, less than this of a first sentence says nothing.
_FEWEST_WORDS = 7
#: Of speech, fewer words in a whole sentence say less than the words that would fit.
_FEWEST_WORDS_OF_SPEECH = 5
#: How much of what would fit of speech has to be left, for it to end behind a sentence.
_SHARE_OF_SENTENCES = 0.5


@dataclass(frozen=True, slots=True)
class Draft:
    """What of an entry is told; *headline* or *body* may be empty.

    *credits* is one line for the pictures that go along (“Foto: …”), empty if nobody is to be
    credited. It belongs beside the pictures or on a line of its own, and is never cut.
    """

    headline: str
    body: str
    credits: str = ""


def fit(
    story: Story,
    render: Callable[[Draft], str],
    length: Callable[[str], int] = len,
    limit: int | None = None,
    *,
    pictures: Sequence[Picture] = (),
) -> str | None:
    """The rendering of the fullest draft whose *length* is within *limit*; None if there is none.

    *render* turns a draft into the words of a post; more of an entry must make a longer post. Left
    out are first the last sentences, list lines and quotes, each whole; then words of the first
    sentence; then words of the headline. A quote, with its speaker and what announces it, is told
    whole or gives way to what follows it, if that can be understood alone. Only a quote that an
    entry without a headline begins with loses its last sentences, and only one that is all there
    is its last words: an ellipsis takes their place, and marks and speaker stay. One takes the
    place of a list's last lines, too.

    *pictures* are those of the story that the channel sends along. Their credits are in every
    draft's `Draft.credits`, and the room for them is kept free.
    """
    longest = sys.maxsize if limit is None else _CHARACTERS_PER_UNIT * limit
    entry, language = story.entry, story.language
    credited = credit_line(pictures, entry.permalink, language)

    def draft(headline: str, body: str) -> Draft:
        return Draft(headline, body, credited)

    def fits(headline: str, body: str) -> bool:
        if limit is None:
            return True
        said = len(headline) + len(body)
        return said <= longest and length(render(draft(headline, body))) <= limit

    seen = max(longest, _CONSIDERED)
    pieces = _considered(pieces_of(entry, language, seen, pictures), seen)
    headline = headline_of(entry)
    if headline and not fits(headline, ""):
        headline = shorten(headline, lambda cut: fits(cut, ""), longest=longest) or ""
    body = _fullest(
        pieces, lambda said: fits(headline, said), longest, language, behind_headline=bool(headline)
    )
    if headline or body:
        return render(draft(headline, body or ""))
    # A picture with no words of its own is still something to show.
    return render(draft("", "")) if pictures and not pieces and fits("", "") else None


def _considered(pieces: Iterable[Piece], longest: int) -> list[Piece]:
    """*pieces* up to the first that cannot fit any more, and what may stand in for it."""
    considered, length = [], 0
    for piece in pieces:
        considered.append(piece)
        # What is told whole or not at all takes no room from what follows.
        length += piece.length if piece.length <= longest or piece.may_be_cut else 0
        if length > longest:
            break
    return considered


def _fullest(
    pieces: Sequence[Piece],
    fits: Callable[[str], bool],
    longest: int,
    language: str,
    *,
    behind_headline: bool,
) -> str | None:
    """The fullest body; None if nothing, or nothing worth a place behind the headline, fits."""
    for start in _starts(pieces):
        rest = pieces[start:]
        if body := _whole_pieces(rest, fits):
            return body
        if _is_speech(group := _first_group(rest)):
            if not start and not behind_headline:
                piece, lead, follows = _around_speech(group)
                if body := _first_sentences(piece, lead, follows, fits, longest, language):
                    return body
            continue
        if len(group) == 1 or not behind_headline:
            least_words = _FEWEST_WORDS if behind_headline else 1
            if body := _cut_words(group, fits, longest, least_words):
                return body
        break
    return None if behind_headline else _last_resort(pieces, fits, longest, language)


def _starts(pieces: Sequence[Piece]) -> Iterator[int]:
    """Where a body may begin: at the first piece, or behind speech that is left out."""
    start = 0
    while start < len(pieces):
        yield start
        start += len(_first_group(pieces[start:]))
        while start < len(pieces) and not pieces[start].stands_alone:
            start += 1


def _first_group(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """The first pieces that need each other: speech and its speaker, an announcement and what it
    announces."""
    last = 0
    while last < len(pieces) - 1 and (pieces[last].announces or pieces[last].is_bare):
        last += 1
    return pieces[: last + 1]


def _is_speech(group: Sequence[Piece]) -> bool:
    return any(piece.speech for piece in group)


def _whole_pieces(pieces: Sequence[Piece], fits: Callable[[str], bool]) -> str | None:
    """As many of *pieces* as fit, each whole, and at least the first group."""

    def told(count: int) -> str:
        is_cut = count < len(pieces) and pieces[count].goes_on_in_list
        return body_of(pieces[:count]) + (CUT_LIST if is_cut else "")

    count = bisect_left(range(1, len(pieces) + 1), True, key=lambda count: not fits(told(count)))
    # What announces something is not left without it.
    while 0 < count < len(pieces) and pieces[count - 1].announces:
        count -= 1
    return told(count) if count >= len(_first_group(pieces)) else None


def _cut_words(
    group: Sequence[Piece], fits: Callable[[str], bool], longest: int, least_words: int = 1
) -> str | None:
    """The beginning of the last of *group* behind the others, or else of the first alone."""
    for kept in dict.fromkeys((len(group) - 1, 0)):
        piece = group[kept]
        if kept and not piece.may_be_cut:
            continue
        lead = body_of(group[:kept]) + (piece.before if kept else "")
        beginning = shorten(
            piece.text,
            lambda cut, lead=lead, piece=piece: fits(lead + cut + piece.tail),  # type: ignore[misc]
            longest=longest,
            least_words=max(least_words, piece.fewest_words),
        )
        if beginning:
            return lead + beginning + piece.tail
    return None


def _last_resort(
    pieces: Sequence[Piece], fits: Callable[[str], bool], longest: int, language: str
) -> str | None:
    """Of speech that is all an entry has: what fits of it, or else of the words around it."""
    if not pieces or not _is_speech(group := _first_group(pieces)):
        return None
    piece, lead, follows = _around_speech(group)
    for before, behind in dict.fromkeys(((lead, follows), (lead, ""), ("", ""))):
        whole = before + piece.text + piece.tail + behind
        if fits(whole):
            return whole
        cut = _first_sentences(piece, before, behind, fits, longest, language)
        if cut := cut or _first_words(piece, before, behind, fits, longest):
            return cut
    return (
        _cut_words(group[:1], fits, longest)
        if group[0].text != piece.text or not (piece.tail or piece.is_bare)
        else None
    )


def _around_speech(group: Sequence[Piece]) -> tuple[Piece, str, str]:
    """The piece of *group* in which somebody speaks, and what stands before and behind it."""
    speaking = next(index for index, piece in enumerate(group) if piece.speech)
    piece = group[speaking]
    after = body_of(group[speaking + 1 :])
    return (
        piece,
        body_of(group[:speaking]) + (piece.before if speaking else ""),
        group[speaking + 1].before + after if after else "",
    )


def _first_sentences(
    piece: Piece,
    before: str,
    behind: str,
    fits: Callable[[str], bool],
    longest: int,
    language: str,
) -> str | None:
    """*piece* with only the first sentences of its speech, and all around it; with words of the
    next, too, if that is more than twice as long. None if not even one sentence fits."""
    opening, said, closing = _speech_of(piece, before, behind)
    considered = said[:longest]
    quoted = quoted_spans(considered, goes_on=len(said) > longest)
    *fewest, rest = considered.split(maxsplit=_FEWEST_WORDS_OF_SPEECH) or [""]
    if len(fewest) < _FEWEST_WORDS_OF_SPEECH:
        return None
    earliest = len(considered[: -len(rest)].rstrip())
    last = len(considered.rstrip())
    ends = [
        end
        for end in sentence_ends(considered, language)
        if earliest <= end < last and not is_inside(quoted, end)
    ]

    def told(end: int) -> str:
        return f"{opening}{said[:end]} {ELLIPSIS}{closing}"

    count = bisect_left(ends, True, key=lambda end: not fits(told(end)))
    if not count:
        return None
    sentences = told(ends[count - 1])
    words = _first_words(piece, before, behind, fits, longest) or ""
    return sentences if len(sentences) >= _SHARE_OF_SENTENCES * len(words) else words


def _first_words(
    piece: Piece, before: str, behind: str, fits: Callable[[str], bool], longest: int
) -> str | None:
    """*piece* with only the first words of its speech, and all around it."""
    opening, said, closing = _speech_of(piece, before, behind)
    beginning = shorten(said, lambda cut: fits(opening + cut + closing), longest=longest)
    return opening + beginning + closing if beginning else None


def _speech_of(piece: Piece, before: str, behind: str) -> tuple[str, str, str]:
    """What is said in *piece*, which is about speech, and what stands before and behind that."""
    start, end = piece.speech or (0, 0)
    said = piece.text[start + 1 : end - 1].strip()
    # French sets its marks off by spaces.
    begin = piece.text.index(said, start + 1)
    behind = piece.text[begin + len(said) :] + piece.tail + behind
    return before + piece.text[:begin], said, behind
