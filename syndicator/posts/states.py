"""The state machine of a post, in one table. Nothing else changes a post's state."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from syndicator import statements
from syndicator.posts.models import Post, PostState
from syndicator.wording import Wording

S = PostState

#: From each state, where a post may go. From an end state only a person or a new revision of
#: the entry moves it on.
TRANSITIONS: dict[PostState, frozenset[PostState]] = {
    S.PENDING: frozenset({S.PENDING, S.APPROVED, S.REJECTED, S.CANCELLED}),
    S.APPROVED: frozenset(
        {S.SENDING, S.APPROVED, S.PENDING, S.REJECTED, S.CANCELLED, S.UNCERTAIN, S.SKIPPED}
    ),
    S.SENDING: frozenset({S.SENT, S.FAILED, S.UNCERTAIN, S.APPROVED, S.CANCELLED}),
    S.UNCERTAIN: frozenset({S.SENT, S.APPROVED, S.FAILED, S.UNCERTAIN, S.CANCELLED}),
    S.FAILED: frozenset({S.APPROVED, S.PENDING, S.CANCELLED}),
    S.SKIPPED: frozenset({S.CANCELLED, S.APPROVED}),
    S.REJECTED: frozenset({S.PENDING, S.SKIPPED}),
    S.SENT: frozenset({S.DELETED}),
    # Deleted along with another entry that was told in the same post.
    S.DELETED: frozenset({S.PENDING}),
    # What becomes of it is its carrier's state: see `syndicator.posts.gathering`.
    S.GATHERED: frozenset({S.APPROVED, S.PENDING, S.CANCELLED, S.DELETED}),
    # Where an editor has chosen one way to correct what is out, and then another.
    S.CANCELLED: frozenset({S.PENDING, S.SKIPPED}),
}

END_STATES = frozenset({S.SENT, S.FAILED, S.REJECTED, S.CANCELLED, S.SKIPPED, S.DELETED})


def move(
    pk: int,
    sources: PostState | Collection[PostState],
    target: PostState,
    *,
    now: datetime,
    fence: int | None = None,
    seen_hash: str | None = None,
    reason: Wording | None = None,
    due_at: datetime | None = None,
    **changes: Any,
) -> bool:
    """Move a post in one conditional UPDATE; False if it was not (any longer) as expected.

    *fence* (the epoch the writer holds) and *seen_hash* (of the payload) must be the row's own,
    where given. *due_at* is always written: a row that ends or waits for a person has none.
    """
    expected = {sources} if isinstance(sources, PostState) else set(sources)
    _must_be_allowed(expected, target)
    where: dict[str, Any] = {"id": pk, "state": expected}
    if fence is not None:
        where["epoch"] = fence
    if seen_hash is not None:
        where["payload_hash"] = seen_hash
    written = {
        "state": target,
        "changed_at": now,
        "due_at": due_at,
        "reason": reason.to_json() if reason else None,
        **changes,
    }
    return statements.update(Post, where, written) == 1


def move_all(
    posts: QuerySet[Post], source: PostState, target: PostState, *, now: datetime, reason: Wording
) -> int:
    """Move those of *posts* that are in *source*, in one UPDATE; they end or wait for a person."""
    _must_be_allowed({source}, target)
    return posts.filter(state=source).update(
        state=target, changed_at=now, due_at=None, reason=reason.to_json()
    )


def _must_be_allowed(sources: Collection[PostState], target: PostState) -> None:
    for source in sources:
        if target not in TRANSITIONS.get(source, frozenset()):
            raise ValueError(f"a post cannot go from {source} to {target}")
