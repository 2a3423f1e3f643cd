"""Intent before the act, outcome after: how every try is written down.

`begin` takes a post and commits the attempt before the first byte may leave; `Claim.finish` is
fenced by the epoch, so that a worker that lost its lease changes nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import transaction

from syndicator.clock import database_now
from syndicator.posts.models import Attempt, AttemptKind, AttemptOutcome, Post, PostState
from syndicator.posts.states import move
from syndicator.wording import Wording

#: How long a claimed post is nobody else's. Longer than the deadline and its margins.
LEASE = timedelta(seconds=60)
#: How long one call to a platform may take in all.
DEADLINE = timedelta(seconds=20)
#: Nothing may start when less than the deadline and this is left of the lease.
MARGIN = timedelta(seconds=1)
ANSWER_KEPT = 2000


@dataclass(frozen=True, slots=True)
class Claim:
    """A post that is this worker's until the lease ends, with the attempt that says so."""

    post: Post
    attempt: Attempt
    claimed: float

    @property
    def in_time(self) -> bool:
        """Whether a call that starts now ends before the lease does."""
        held = timedelta(seconds=monotonic() - self.claimed)
        return held + DEADLINE + MARGIN < LEASE

    def finish(
        self,
        target: PostState,
        outcome: AttemptOutcome,
        *,
        reason: Wording | None = None,
        due_at: datetime | None = None,
        status: int | None = None,
        answer: str = "",
        now: datetime | None = None,
        **changes: Any,
    ) -> bool:
        """Record what the try came to and move the post. False, and nothing, if the lease was lost.

        Runs in the caller's transaction or in one of its own.
        """
        with transaction.atomic():
            now = now or database_now()
            moved = move(
                self.post.pk,
                PostState(self.post.state),
                target,
                now=now,
                fence=self.post.epoch,
                reason=reason,
                due_at=due_at,
                **changes,
            )
            if moved:
                Attempt.objects.filter(pk=self.attempt.pk, outcome="").update(
                    outcome=outcome,
                    status=status,
                    answer=answer[:ANSWER_KEPT],
                    reason=reason.to_json() if reason else None,
                    duration_ms=round((monotonic() - self.claimed) * 1000),
                )
        return moved


def begin(post: Post, kind: AttemptKind, now: datetime) -> Claim | None:
    """Take *post* for one try, within the caller's transaction; None if somebody else has it."""
    claimed = monotonic()
    sending = kind == AttemptKind.SEND
    if not move(
        post.pk,
        PostState(post.state),
        PostState.SENDING if sending else PostState.UNCERTAIN,
        now=now,
        fence=post.epoch,
        reason=post.wording,
        due_at=now + LEASE,
        epoch=post.epoch + 1,
        tries=post.tries + 1 if sending else post.tries,
    ):
        return None
    post.refresh_from_db()
    attempt = Attempt.objects.create(post=post, kind=kind, epoch=post.epoch, started_at=now)
    return Claim(post, attempt, claimed)
