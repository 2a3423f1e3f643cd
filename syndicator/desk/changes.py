"""What changed between two versions of a post, word by word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

import regex

from syndicator.posts.models import Action, Post
from syndicator.posts.render import OUT

#: Above this many words, lines are compared instead: comparing takes the square of it.
MOST_WORDS = 1500

_WORDS = regex.compile(r"\s+|\w+|\X")
_LINES = regex.compile(r"[^\n]*\n|[^\n]+")


class Kind(StrEnum):
    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Piece:
    kind: Kind
    text: str


def changes(before: str, after: str) -> list[Piece]:
    """How *before* became *after*: all that is not new joins to *before*, not gone to *after*."""
    if before == after:
        return []
    unit = _WORDS
    old, new = unit.findall(before), unit.findall(after)
    if max(len(old), len(new)) > MOST_WORDS:
        old, new = _LINES.findall(before), _LINES.findall(after)
    pieces: list[Piece] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for what, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if what == "equal":
            _add(pieces, Kind.SAME, old[old_from:old_to])
        else:
            _add(pieces, Kind.GONE, old[old_from:old_to])
            _add(pieces, Kind.NEW, new[new_from:new_to])
    return pieces


def changed_lines(pieces: Iterable[Piece]) -> list[Piece]:
    """Only the lines in which something is another; those between are an ellipsis."""
    lines: list[list[Piece]] = [[]]
    for piece in pieces:
        first, *further = piece.text.split("\n")
        lines[-1].append(Piece(piece.kind, first))
        lines += [[Piece(piece.kind, line)] for line in further]
    kept: list[Piece] = []
    left_out = False
    for line in lines:
        said = [piece for piece in line if piece.text]
        if all(piece.kind == Kind.SAME for piece in said):
            left_out = left_out or bool(said)
            continue
        if left_out:
            kept.append(Piece(Kind.SAME, "… "))
        kept += [*said, Piece(Kind.SAME, "\n")]
        left_out = False
    return kept + [Piece(Kind.SAME, "…")] * (left_out and bool(kept))


def _add(pieces: list[Piece], kind: Kind, words: Sequence[str]) -> None:
    if words:
        pieces.append(Piece(kind, "".join(words)))


def noted_edits(posts: Iterable[Post]) -> dict[int, Post]:
    """For each of *posts* that corrects what is out by a reply the edit that would do the same:
    what the post would say. One query, if there is any."""
    replies = [post for post in posts if post.action == Action.CORRECT]
    if not replies:
        return {}
    edits = Post.objects.filter(entry__in={reply.entry_id for reply in replies}, action=Action.EDIT)
    by_version = {(edit.entry_id, edit.destination_id, edit.revision): edit for edit in edits}
    found = {
        reply.pk: by_version.get((reply.entry_id, reply.destination_id, reply.revision))
        for reply in replies
    }
    return {pk: edit for pk, edit in found.items() if edit is not None}


def earlier_versions(posts: Iterable[Post]) -> dict[int, Post]:
    """For each of *posts* what the same entry said on the same destination before, if it did.

    For one that corrects what is out that is the one that is out, else the latest. One query.
    """
    later = [post for post in posts if post.revision > 1 and post.action != Action.DELETE]
    if not later:
        return {}
    candidates: dict[tuple[int, int], list[Post]] = {}
    earlier = Post.objects.filter(
        entry__in={post.entry_id for post in later},
        destination__in={post.destination_id for post in later},
        action__in=(Action.PUBLISH, Action.EDIT),
    ).order_by("revision", "id")
    for post in earlier:
        candidates.setdefault((post.entry_id, post.destination_id), []).append(post)
    found = {}
    for post in later:
        before = [
            one
            for one in candidates.get((post.entry_id, post.destination_id), ())
            if one.revision < post.revision
            and one.message.text
            and (post.action == Action.PUBLISH or one.state in OUT)
        ]
        if before:
            found[post.pk] = before[-1]
    return found
