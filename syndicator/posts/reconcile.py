"""Finds out what became of an uncertain post: by looking it up, or by asking a person.

A re-send needs proof of absence: the sender is dead, the settle time is over, and complete
look-ups of the account's posts since the first try show no permalink. Everything less goes on
looking, and then to a person.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from syndicator import queue
from syndicator.channels.base import ChannelError, LookUp, LookUpStrength, Receipt
from syndicator.clock import database_now
from syndicator.posts.attempts import DEADLINE, Claim, begin
from syndicator.posts.models import Attempt, AttemptKind, AttemptOutcome, Post, PostState
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: Complete look-ups without a trace before a post is believed absent: an index may lag.
ABSENCES_NEEDED = 2
MAX_LOOK_UPS = 8
#: The platform's clock may be behind ours.
CLOCK_SKEW = timedelta(minutes=2)

FOUND = Wording(gettext_noop("It was found on the platform."))
ABSENT = Wording(gettext_noop("It was not on the platform, so it is sent again."))
LOOKING = Wording(
    gettext_noop("It is not clear whether the post is out; the platform is being looked through.")
)
ASK = Wording(
    gettext_noop("It is not clear whether the post is out. Look on the platform, then decide.")
)
SENDER_DIED = Wording(
    gettext_noop("The worker stopped while sending; whether the post is out is being looked up.")
)


def mark_abandoned(now: datetime, *, senders_are_dead: bool = False) -> int:
    """Make posts uncertain whose sender's lease is over; the number of them.

    With *senders_are_dead*, known from elsewhere, leases that still run are not waited for.
    """
    sending = Post.objects.select_related("destination").filter(state=PostState.SENDING)
    if not senders_are_dead:
        sending = sending.filter(due_at__lte=now)
    marked = 0
    for post in sending:
        marked += Post.objects.filter(pk=post.pk, state=PostState.SENDING, epoch=post.epoch).update(
            state=PostState.UNCERTAIN,
            changed_at=now,
            reason=SENDER_DIED.to_json(),
            due_at=now + post.destination.channel.settle_time,
        )
    return marked


def reconcile(post_id: int) -> None:
    """Look an uncertain post up, if that is due, and act on what was found."""
    claim = _claim(post_id)
    if claim is None:
        return
    post = claim.post
    channel = post.destination.channel
    try:
        if channel.look_up_strength == LookUpStrength.NONE:
            found = LookUp(None, complete=False)
        else:
            found = channel.client(post.destination.account).look_up(
                post.message,
                key=post.idempotency_key,
                since=_first_try(post) - CLOCK_SKEW,
                deadline=DEADLINE,
            )
    except ChannelError as error:
        _inconclusive(claim, error.reason, status=error.status, answer=error.answer)
    except Exception:
        log.exception("looking up ended unexpectedly", post=post.pk)
        _inconclusive(claim, LOOKING)
    else:
        if found.receipt:
            _found(claim, found.receipt)
        elif found.complete:
            _absent(claim)
        else:
            _inconclusive(claim, LOOKING)


def _claim(post_id: int) -> Claim | None:
    with transaction.atomic():
        now = database_now()
        post = (
            Post.objects.select_related("destination")
            .filter(pk=post_id, state=PostState.UNCERTAIN, due_at__lte=now)
            .first()
        )
        return begin(post, AttemptKind.LOOK_UP, now) if post else None


def _first_try(post: Post) -> datetime:
    return post.attempts.filter(kind=AttemptKind.SEND).earliest("id").started_at


def _found(claim: Claim, receipt: Receipt) -> None:
    with transaction.atomic():
        now = database_now()
        claim.finish(
            PostState.SENT,
            AttemptOutcome.FOUND,
            reason=FOUND,
            status=receipt.status,
            answer=receipt.answer,
            now=now,
            remote_id=receipt.remote_id,
            remote_url=receipt.url,
            sent_at=now,
        )
        queue.after_commit(queue.DELIVER_TO_DESTINATION, claim.post.destination_id)
    log.info("found on the platform", post=claim.post.pk, remote_id=receipt.remote_id)


def _absent(claim: Claim) -> None:
    post = claim.post
    last_try = post.attempts.filter(kind=AttemptKind.SEND).latest("id")
    absences = (
        1
        + post.attempts.filter(
            kind=AttemptKind.LOOK_UP, outcome=AttemptOutcome.ABSENT, id__gt=last_try.pk
        ).count()
    )
    proven = (
        post.destination.channel.look_up_strength == LookUpStrength.STRONG
        and last_try.outcome != AttemptOutcome.DUPLICATE
    )
    with transaction.atomic():
        now = database_now()
        if absences < ABSENCES_NEEDED:
            target, reason = PostState.UNCERTAIN, LOOKING
            due_at: datetime | None = now + post.destination.channel.settle_time
        elif proven:
            target, reason, due_at = PostState.APPROVED, ABSENT, now
        else:
            target, reason, due_at = PostState.UNCERTAIN, ASK, None
        claim.finish(target, AttemptOutcome.ABSENT, reason=reason, due_at=due_at, now=now)
        if target == PostState.APPROVED:
            queue.after_commit(queue.DELIVER_TO_DESTINATION, post.destination_id)
    log.info("not found on the platform", post=post.pk, absences=absences, next=target)


def _inconclusive(
    claim: Claim, reason: Wording, *, status: int | None = None, answer: str = ""
) -> None:
    post = claim.post
    look_ups = Attempt.objects.filter(post=post, kind=AttemptKind.LOOK_UP).count()
    blind = post.destination.channel.look_up_strength == LookUpStrength.NONE
    with transaction.atomic():
        now = database_now()
        hopeless = blind or look_ups >= MAX_LOOK_UPS
        claim.finish(
            PostState.UNCERTAIN,
            AttemptOutcome.INCONCLUSIVE,
            reason=ASK if hopeless else reason,
            due_at=None if hopeless else now + post.destination.channel.settle_time * look_ups,
            status=status,
            answer=answer,
            now=now,
        )
    log.warning("look-up proved nothing", post=post.pk, look_ups=look_ups, why=str(reason))
