"""Intent before the act, outcome after: how every try is written down.

`begin` takes a post and writes the attempt, which is committed before the first byte may leave;
`Claim.finish` is fenced by the epoch, so that a worker that lost its lease no longer changes the
post. What such a worker learned late still goes on record with its attempt.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from syndicator import queue, statements
from syndicator.channels.base import ALSO, Receipt
from syndicator.channels.registry import UnknownChannel
from syndicator.clock import database_now
from syndicator.destinations import budget
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.entries.models import Entry
from syndicator.posts.models import Action, Attempt, AttemptKind, AttemptOutcome, Post, PostState
from syndicator.posts.policies import ROUTE_OFF
from syndicator.posts.states import move
from syndicator.statements import storable
from syndicator.uptime import uptime
from syndicator.wording import Wording, gettext_noop

#: How long a claimed post is nobody else's. Longer than the deadline and its margins.
LEASE = timedelta(seconds=60)
#: How long one call to a platform may take in all.
DEADLINE = timedelta(seconds=20)
#: Nothing may start when less than the deadline and this is left of the lease.
MARGIN = timedelta(seconds=1)
#: The n-th wait after a try that provably did not act; the last one repeats.
BACKOFF = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900, 1800))
MAX_TRIES = 12
ANSWER_KEPT = 2000
ID_KEPT = 200

OTHER_ACCOUNT = Wording(
    gettext_noop(
        "The destination is another account by now. Do it by hand at the earlier account, "
        "then press “Done”."
    )
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A post that is this worker's until the lease ends, with the attempt that says so."""

    post: Post
    attempt: Attempt
    claimed: float

    @property
    def in_time(self) -> bool:
        """Whether a call that starts now ends before the lease does."""
        return self.left > DEADLINE + MARGIN

    @property
    def ends(self) -> float:
        """By `uptime`: after this nothing may be sent any more."""
        return self.claimed + (LEASE - MARGIN).total_seconds()

    @property
    def left(self) -> timedelta:
        """What is left of the lease; negative when it is over."""
        return LEASE - timedelta(seconds=uptime() - self.claimed)

    def finish(
        self,
        target: PostState,
        outcome: AttemptOutcome,
        *,
        reason: Wording | None = None,
        due_at: datetime | None = None,
        status: int | None = None,
        answer: str = "",
        receipt: Receipt | None = None,
        cost: Decimal = Decimal(0),
        now: datetime | None = None,
        **changes: Any,
    ) -> bool:
        """Record what the try came to and move the post; False if the lease was lost meanwhile.

        Then only the attempt says so: its answer is evidence, whoever decides about the post. The
        caller holds the destination's `lock`. *cost* is what the try itself cost; a post that is
        out now has its own as well.
        """
        found = (
            {
                "remote_id": receipt.remote_id[:ID_KEPT],
                # An edit's answer need not repeat where the post is.
                "remote_url": receipt.url[:ANSWER_KEPT] or self.post.remote_url,
            }
            if receipt is not None
            else {}
        )
        with transaction.atomic(savepoint=False):
            now = now or database_now()
            if target == PostState.APPROVED and _is_off(self.post):
                target, reason, due_at = PostState.CANCELLED, ROUTE_OFF, None
            moved = move(
                self.post.pk,
                PostState(self.post.state),
                target,
                now=now,
                fence=self.post.epoch,
                reason=reason,
                due_at=due_at,
                **(found if target == PostState.SENT else {}),
                **changes,
            )
            if receipt is not None and moved:
                cost += self.post.cost
            learned = {
                "outcome": outcome,
                "status": status if receipt is None else receipt.status,
                "answer": storable(answer if receipt is None else receipt.answer)[:ANSWER_KEPT],
                "reason": reason.to_json() if reason else None,
                "duration_ms": round((uptime() - self.claimed) * 1000),
                "cost": cost,
                **found,
            }
            statements.update(Attempt, {"id": self.attempt.pk, "outcome": ""}, learned)
            budget.record(self.post.destination, cost, now)
            if moved and target in (PostState.APPROVED, PostState.FAILED):
                rerender_if_outdated(self.post, now)
        return moved


def lock(destination_id: int) -> Destination:
    """Lock the row that keeps a destination's posts in order; it comes before its posts' rows.

    Whoever makes a post ready to be sent, or replaces what waits, holds this lock meanwhile: so
    the renderer never takes a post for out that is about to be sent again, or the other way round.
    """
    return statements.get(Destination, destination_id, lock=True)


def _is_off(post: Post) -> bool:
    """Whether the post's live blog was set meanwhile to post no more to its destination.

    What is to be deleted there still is.
    """
    return post.action != Action.DELETE and not (
        Route.objects.filter(blog=post.entry.blog_id, destination=post.destination_id)
        .exclude(policy=Policy.OFF)
        .exists()
    )


def other_account(act: Post) -> bool:
    """Whether *act*'s destination is another account by now than the one that has the post: there
    it is not, and what is not there counts as deleted."""
    # What tells several entries was made as the post of one of them.
    made = Attempt.objects.filter(
        Q(post__entry=act.entry_id) | Q(remote_id=act.remote_id),
        post__destination=act.destination_id,
    )
    others = made.exclude(account_key="").exclude(account_key=act.destination.account_key)
    found = others.exclude(remote_id="").values_list("remote_id", flat=True)
    return any(act.names & set(one.split(ALSO)) for one in found)


def rerender_if_outdated(post: Post, now: datetime) -> None:
    """Have the entry rendered again if it changed while *post* could not be taken back.

    The renderer then finds that this post is not out, and puts the new revision in its place.
    """
    changed = Entry.objects.filter(pk=post.entry_id, render_due_at=None).exclude(
        revision=post.revision
    )
    if changed.update(render_due_at=now, render_tried_at=None, render_tries=0):
        queue.after_commit(queue.RENDER_ENTRY, post.entry_id)


def settle_time(destination: Destination) -> timedelta:
    """How long after a try its post may still appear on the platform.

    Never less than a call may take: a sender that was stopped with its machine may go on with it
    when it wakes up. A channel that knows by its own key at once (zero) needs no such time.
    """
    try:
        settles = destination.channel.settle_time
    except UnknownChannel:
        settles = DEADLINE
    return max(settles, DEADLINE + MARGIN) if settles else settles


def backoff(tries: int) -> timedelta:
    """The wait before the next try, with up to a fifth more so that posts do not come in step."""
    base = BACKOFF[min(max(tries, 1), len(BACKOFF)) - 1]
    return base * random.uniform(1, 1.2)


def begin(post: Post, kind: AttemptKind, now: datetime, claimed: float) -> Claim | None:
    """Take *post* for one try, within the caller's transaction; None if somebody else has it.

    *claimed* is `uptime` at the latest when *now* was read from the database's clock.
    """
    sending = kind == AttemptKind.SEND
    if not move(
        post.pk,
        PostState(post.state),
        PostState.SENDING if sending else PostState.UNCERTAIN,
        now=now,
        fence=post.epoch,
        # An editor may have put other words in its place since the row was read.
        seen_hash=post.payload_hash,
        reason=post.wording,
        due_at=now + LEASE,
        epoch=post.epoch + 1,
        tries=post.tries + 1 if sending else post.tries,
    ):
        return None
    post.state = PostState.SENDING if sending else PostState.UNCERTAIN
    post.due_at = now + LEASE
    post.epoch += 1
    post.tries += sending
    attempt = Attempt(
        post=post,
        kind=kind,
        epoch=post.epoch,
        account_key=post.destination.account_key,
        started_at=now,
    )
    statements.insert(attempt)
    return Claim(post, attempt, claimed)
