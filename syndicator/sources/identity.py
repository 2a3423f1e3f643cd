"""Recognising an edited entry whose id was derived from its text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import regex

from syndicator.content import EntryContent

#: An entry of fewer words says too little to be known by most of them: there, one exchanged word
#: ("Sirenen in Kiew", "Sirenen in Odessa") makes another entry.
_FEW_WORDS = 25
_SAME_OF_FEW = 0.6
_SAME_OF_MANY = 0.5
_TYPO = 0.75
#: So many equal words are an entry that was written on, or one with another headline.
_ENOUGH_TO_KNOW = 5
_WORDS_COMPARED = 600
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")


@dataclass(frozen=True, slots=True)
class _Candidate:
    similarity: float
    distance: int
    incoming: int
    known: int


def adopt_ids(
    incoming: Sequence[EntryContent], known: Sequence[EntryContent]
) -> tuple[EntryContent, ...]:
    """*incoming* with the ids and permalinks of the *known* entries they are edits of.

    Both are oldest first. Only entries with a derived id that is not known are matched, each with
    at most one known entry by the same author that nothing incoming claims: the most similar,
    and among equals the nearest in order; or else, whatever the words, the only one that stood
    between the same two neighbours.
    """
    known_ids = {entry.external_id: index for index, entry in enumerate(known)}
    claimed = {entry.external_id for entry in incoming}
    free = [index for index, entry in enumerate(known) if entry.external_id not in claimed]
    new = [
        index
        for index, entry in enumerate(incoming)
        if entry.derived_id and entry.external_id not in known_ids
    ]
    anchors_in = _running_count(entry.external_id in known_ids for entry in incoming)
    anchors_known = _running_count(entry.external_id in claimed for entry in known)
    by_author: dict[str, list[int]] = {}
    for index in free:
        by_author.setdefault(_key(known[index].author), []).append(index)
    candidates = [
        _Candidate(similarity, abs(anchors_in[here] - anchors_known[there]), here, there)
        for here in new
        for there in by_author.get(_key(incoming[here].author), ())
        if (similarity := same_entry(incoming[here], known[there]))
    ]
    candidates.sort(key=lambda pair: (-pair.similarity, pair.distance, pair.known, pair.incoming))
    adopted: dict[int, int] = {}
    taken: set[int] = set()
    for pair in candidates:
        if pair.incoming not in adopted and pair.known not in taken:
            adopted[pair.incoming] = pair.known
            taken.add(pair.known)
    adopted |= _in_their_places(incoming, known, adopted)
    return tuple(
        replace(
            entry,
            external_id=known[adopted[index]].external_id,
            permalink=known[adopted[index]].permalink or entry.permalink,
        )
        if index in adopted
        else entry
        for index, entry in enumerate(incoming)
    )


def _in_their_places(
    incoming: Sequence[EntryContent], known: Sequence[EntryContent], adopted: Mapping[int, int]
) -> dict[int, int]:
    """Entries not in *adopted* that stand alone between the neighbours of a known one now missing.

    The newest and the oldest of either side have one neighbour, which proves nothing: there,
    entries come in and fall out of the copy.
    """
    places = {entry.external_id: index for index, entry in enumerate(known)}
    came_from = [
        adopted.get(index, places.get(entry.external_id)) for index, entry in enumerate(incoming)
    ]
    present = set(came_from)
    found: dict[int, int] = {}
    for here in range(1, len(incoming) - 1):
        older, own, newer = came_from[here - 1 : here + 2]
        if own is not None or older is None or newer != older + 2 or older + 1 in present:
            continue
        one, other = incoming[here], known[older + 1]
        if one.derived_id and _key(one.author) == _key(other.author) and _same_time(one, other):
            found[here] = older + 1
    return found


def _same_time(incoming: EntryContent, known: EntryContent) -> bool:
    """Whether the times agree, as far as the source tells them."""
    return incoming.published_at in (None, known.published_at)


def same_entry(one: EntryContent, other: EntryContent) -> float:
    """How sure it is that one of two entries is an edit of the other, 0 to 1; 0 if it is not."""
    text, other_text = _words(one, with_headline=False), _words(other, with_headline=False)
    if len(text) >= _ENOUGH_TO_KNOW and text == other_text:
        return 1.0
    return _similarity(_words(one), _words(other))


def _similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """The share of words that two texts have in common and in order, if it is large enough."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= _ENOUGH_TO_KNOW and longer[: len(shorter)] == shorter:
        return 1.0
    few = len(shorter) < _FEW_WORDS
    needed = _SAME_OF_FEW if few else _SAME_OF_MANY
    if 2 * len(set(one) & set(other)) < needed * len(set(shorter)):
        return 0.0
    same = 0
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind == "equal":
            same += end - start
        elif kind == "replace":
            if _are_typos(one[start:end], other[other_start:other_end]):
                same += end - start
            elif few:
                return 0.0
    similarity = 2 * same / max(1, len(one) + len(other))
    return similarity if similarity >= needed else 0.0


def _are_typos(words: Sequence[str], others: Sequence[str]) -> bool:
    return len(words) == len(others) and all(map(_is_typo, words, others))


def _is_typo(one: str, other: str) -> bool:
    if any(char.isdigit() for char in one + other):
        return False
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _TYPO


def _words(entry: EntryContent, *, with_headline: bool = True) -> list[str]:
    headline = entry.headline if with_headline else ""
    text = "\n".join((headline, *(block.text for block in entry.blocks)))
    return _WORD.findall(text.casefold())[:_WORDS_COMPARED]


def _key(author: str) -> str:
    return " ".join(_WORD.findall(author.casefold()))


def _running_count(flags: Iterable[bool]) -> list[int]:
    """For each flag, how many true ones stand before it."""
    counts, count = [], 0
    for flag in flags:
        counts.append(count)
        count += flag
    return counts
