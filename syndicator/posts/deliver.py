"""Sends what is due to one destination: one post at a time, in the entries' order.

Claim (one transaction, which also writes the attempt), call the platform (outside of any), record
(fenced by the epoch). The platform's answer is one of a closed set, and what is not proof either
way is *uncertain*: it is looked up, never sent again blindly.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from syndicator import queue
from syndicator.channels.base import (
    ChannelError,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState
from syndicator.entries.models import Entry
from syndicator.posts.attempts import DEADLINE, Claim, begin
from syndicator.posts.models import AttemptKind, AttemptOutcome, Post, PostState
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: One task sends at most this many, then rings again: other destinations wait for workers too.
BATCH = 20
#: The n-th wait after a try that provably did not act; the last one repeats.
BACKOFF = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900, 1800))
MAX_TRIES = 12

GAVE_UP = gettext_noop("%(tries)s tries did not get through; the last one says why.")
UNEXPECTED = Wording(gettext_noop("The try ended in a way nobody foresaw; the post may be out."))
NOT_AS_APPROVED = Wording(
    gettext_noop("The stored post is not the one that was approved. Edit and approve it again.")
)
NO_TIME_LEFT = Wording(gettext_noop("The worker was too slow to start sending; tried again."))


def deliver(destination_id: int) -> int:
    """Send the due posts of a destination; the number of tries made."""
    for tried in range(BATCH):
        claim = claim_next(destination_id)
        if claim is None:
            return tried
        send(claim)
    queue.ring(queue.DELIVER_TO_DESTINATION, destination_id)
    return BATCH


def claim_next(destination_id: int) -> Claim | None:
    """Take the post whose turn it is, and commit the attempt; None if it is nobody's turn."""
    with transaction.atomic():
        destination = Destination.objects.select_for_update(no_key=True).get(pk=destination_id)
        now = database_now()
        if destination.state != DestinationState.ACTIVE:
            return None
        if destination.next_post_at and destination.next_post_at > now:
            return None
        post = _next_in_line(destination, now)
        return begin(post, AttemptKind.SEND, now) if post else None


def _next_in_line(destination: Destination, now: datetime) -> Post | None:
    """The oldest entry's post, unless one before it is on its way or waits for its next try.

    An approved post that was never tried and is not due yet (its hold time runs) is passed over;
    so is one that waits for a person, which could take all night.
    """
    line = (
        Post.objects.select_related("entry", "destination")
        .filter(destination=destination, due_at__isnull=False)
        .order_by("entry__published_at", "entry_id", "id")
    )
    for post in line:
        if post.state != PostState.APPROVED:
            return None
        if post.due_at is not None and post.due_at <= now:
            return None if _older_entry_comes(post) else post
        if post.tries:
            return None
    return None


def _older_entry_comes(post: Post) -> bool:
    """Whether an entry that belongs before this post's is here, but not rendered yet."""
    entry = post.entry
    earlier = Q(published_at__lt=entry.published_at) | Q(
        published_at=entry.published_at, pk__lt=entry.pk
    )
    return Entry.objects.filter(
        earlier,
        render_due_at__isnull=False,
        blog__routes__destination=post.destination_id,
    ).exists()


def send(claim: Claim) -> None:
    """Call the platform for a claimed post, and record what came of it."""
    post = claim.post
    destination = post.destination
    message = post.message
    if message.fingerprint() != post.payload_hash or destination.channel.problems(message):
        claim.finish(PostState.FAILED, AttemptOutcome.REJECTED, reason=NOT_AS_APPROVED)
        return
    try:
        client = destination.channel.client(destination.account)
        if not claim.in_time:
            raise TryLater(NO_TIME_LEFT)
        receipt = client.send(message, key=post.idempotency_key, deadline=DEADLINE)
    except ChannelError as error:
        _record_error(claim, error)
    except Exception:
        log.exception("sending ended unexpectedly", post=post.pk, destination=destination.name)
        _record_error(claim, Unknown(UNEXPECTED))
    else:
        _record_receipt(claim, receipt)


def _record_receipt(claim: Claim, receipt: Receipt) -> None:
    with transaction.atomic():
        now = database_now()
        recorded = claim.finish(
            PostState.SENT,
            AttemptOutcome.ACCEPTED,
            status=receipt.status,
            answer=receipt.answer,
            now=now,
            remote_id=receipt.remote_id,
            remote_url=receipt.url,
            sent_at=now,
        )
    log.info("sent", post=claim.post.pk, remote_id=receipt.remote_id, recorded=recorded)


def _record_error(claim: Claim, error: ChannelError) -> None:
    post = claim.post
    with transaction.atomic():
        now = database_now()
        target, reason, due_at = _consequence(post, error, now)
        recorded = claim.finish(
            target,
            AttemptOutcome(error.outcome.value),
            reason=reason,
            due_at=due_at,
            status=error.status,
            answer=error.answer,
            now=now,
        )
        if recorded and isinstance(error, TryLater) and error.retry_after is not None:
            # The platform's limit is the account's, not this post's.
            Destination.objects.filter(pk=post.destination_id).update(next_post_at=due_at)
        if recorded and isinstance(error, Unauthorised):
            Destination.pause(post.destination_id, error.reason, now)
    log.warning(
        "not sent", post=post.pk, outcome=error.outcome, status=error.status, why=str(error.reason)
    )


def _consequence(
    post: Post, error: ChannelError, now: datetime
) -> tuple[PostState, Wording, datetime | None]:
    """The post's next state, why, and when it is due again; None ends it."""
    match error:
        case TryLater(tries=int() as enough) if post.tries >= enough:
            return PostState.FAILED, error.reason, None
        case TryLater(retry_after=timedelta() as wait):
            return PostState.APPROVED, error.reason, now + wait
        case TryLater() if post.tries < MAX_TRIES:
            return PostState.APPROVED, error.reason, now + _backoff(post.tries)
        case TryLater():
            return PostState.FAILED, Wording(GAVE_UP, {"tries": post.tries}), None
        case Rejected():
            return PostState.FAILED, error.reason, None
        case Unauthorised():
            # Kept in the queue of the destination, which is paused.
            return PostState.APPROVED, error.reason, now
        case _:
            return PostState.UNCERTAIN, error.reason, now + post.destination.channel.settle_time


def _backoff(tries: int) -> timedelta:
    """The wait before the next try, with up to a fifth more so that posts do not come in step."""
    base = BACKOFF[min(tries, len(BACKOFF)) - 1]
    return base * random.uniform(1, 1.2)
