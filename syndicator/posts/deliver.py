"""Sends what is due to one destination: one post at a time, in the entries' order.

Claim (one transaction, which also writes the attempt), call the platform (outside of any), record
(fenced by the epoch). The platform's answer is one of a closed set, and what is not proof either
way is *uncertain*: it is looked up, never sent again blindly.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.db import transaction
from django.db.models import Q

from syndicator import queue
from syndicator.channels.base import (
    ChannelError,
    Client,
    Message,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState
from syndicator.destinations.secrets import UnreadableSecrets
from syndicator.entries.models import Entry
from syndicator.posts.attempts import (
    DEADLINE,
    MAX_TRIES,
    Claim,
    backoff,
    begin,
    settle_time,
)
from syndicator.posts.models import AttemptKind, AttemptOutcome, Post, PostState
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: One task sends at most this many, then rings again: other destinations wait for workers too.
BATCH = 20
#: Nor does it go on for longer than this many seconds: a worker that is told to stop must end.
SPAN = 20.0
#: How long later posts wait for an older entry that cannot be rendered.
PATIENCE = timedelta(minutes=2)

GAVE_UP = gettext_noop("%(tries)s tries did not get through; the last one says why.")
UNEXPECTED = Wording(gettext_noop("The try ended in a way nobody foresaw; the post may be out."))
NOT_AS_APPROVED = Wording(
    gettext_noop("The stored post is not the one that was approved. Edit and approve it again.")
)
KEYS_LOST = Wording(gettext_noop("The stored access keys cannot be decrypted. Enter them again."))
PLUG_IN_BROKEN = Wording(
    gettext_noop("The plug-in for this platform is missing or broken. Install it, then resume.")
)
NO_TIME_LEFT = Wording(gettext_noop("The worker was too slow to start sending; tried again."))


def deliver(destination_id: int) -> int:
    """Send the due posts of a destination; the number of tries made."""
    ends = monotonic() + SPAN
    tried = 0
    while tried < BATCH and monotonic() < ends:
        claim = claim_next(destination_id)
        if claim is None:
            return tried
        send(claim)
        tried += 1
    queue.ring(queue.DELIVER_TO_DESTINATION, destination_id)
    return tried


def claim_next(destination_id: int) -> Claim | None:
    """Take the post whose turn it is, and commit the attempt; None if it is nobody's turn."""
    with transaction.atomic():
        destination = Destination.objects.select_for_update(no_key=True).get(pk=destination_id)
        claimed, now = monotonic(), database_now()
        if destination.state != DestinationState.ACTIVE:
            return None
        if destination.next_post_at and destination.next_post_at > now:
            return None
        post = _next_in_line(destination, now)
        return begin(post, AttemptKind.SEND, now, claimed) if post else None


def _next_in_line(destination: Destination, now: datetime) -> Post | None:
    """The oldest entry's post, unless one is on its way or one before it waits for its next try.

    An approved post that was never tried and is not due yet (its hold time runs) is passed over;
    so is one that waits for a person, which could take all night.
    """
    posts = Post.objects.filter(destination=destination)
    if posts.filter(state=PostState.SENDING).exists():
        return None
    line = (
        posts.filter(state__in=(PostState.APPROVED, PostState.UNCERTAIN), due_at__isnull=False)
        .exclude(state=PostState.APPROVED, tries=0, due_at__gt=now)
        .order_by("entry__published_at", "entry_id", "id")
    )
    post = line.select_related("entry", "destination").first()
    if post is None or post.state != PostState.APPROVED or post.due_at is None:
        return None
    if post.due_at > now or post.outdated or _older_entry_comes(post, now):
        return None
    return post


def _older_entry_comes(post: Post, now: datetime) -> bool:
    """Whether an entry that belongs before this post's is here, but not rendered yet."""
    entry = post.entry
    earlier = Q(published_at__lt=entry.published_at) | Q(
        published_at=entry.published_at, pk__lt=entry.pk
    )
    return Entry.objects.filter(
        earlier,
        render_due_at__isnull=False,
        changed_at__gt=now - PATIENCE,
        blog__routes__destination=post.destination_id,
    ).exists()


def send(claim: Claim) -> None:
    """Call the platform for a claimed post, and record what came of it."""
    post = claim.post
    message = post.message
    try:
        client, problems = _prepare(post.destination, message)
        if message.fingerprint() != post.payload_hash or problems:
            claim.finish(PostState.FAILED, AttemptOutcome.REJECTED, reason=NOT_AS_APPROVED)
            return
        if not claim.in_time:
            raise TryLater(NO_TIME_LEFT)
        receipt = client.send(message, key=post.idempotency_key, deadline=DEADLINE)
    except ChannelError as error:
        _record_error(claim, error)
    except Exception:
        log.exception("sending ended unexpectedly", post=post.pk, destination=post.destination.name)
        _record_error(claim, Unknown(UNEXPECTED))
    else:
        _record_receipt(claim, receipt)


def _prepare(destination: Destination, message: Message) -> tuple[Client, list[Wording]]:
    """The client, and why *message* must not be sent. Nothing is sent here, so any failure is one
    of the connection: `Unauthorised`, which pauses the destination until a person mends it."""
    try:
        channel = destination.channel
        return channel.client(destination.account), channel.problems(message)
    except ChannelError:
        raise
    except UnreadableSecrets as error:
        raise Unauthorised(KEYS_LOST) from error
    except Exception as error:
        log.exception("a destination cannot be used", destination=destination.name)
        raise Unauthorised(PLUG_IN_BROKEN) from error


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
            return PostState.APPROVED, error.reason, now + backoff(post.tries)
        case TryLater():
            return PostState.FAILED, Wording(GAVE_UP, {"tries": post.tries}), None
        case Rejected():
            return PostState.FAILED, error.reason, None
        case Unauthorised():
            # Kept in the queue of the destination, which is paused.
            return PostState.APPROVED, error.reason, now
        case _:
            return PostState.UNCERTAIN, error.reason, now + settle_time(post.destination)
