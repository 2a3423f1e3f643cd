"""Finds out what became of an uncertain post: by looking it up, or by asking a person.

A re-send needs proof of absence: the sender is dead, the settle time is over, and complete
look-ups of the account's posts since the first try show no permalink. Everything less goes on
looking, and then to a person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.db import transaction

from syndicator import queue
from syndicator.channels.base import ChannelError, LookUpStrength, Receipt
from syndicator.clock import database_now
from syndicator.destinations.models import DestinationState
from syndicator.posts.attempts import DEADLINE, MAX_TRIES, Claim, backoff, begin, settle_time
from syndicator.posts.models import AttemptKind, AttemptOutcome, Post, PostState
from syndicator.posts.states import move
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: Complete look-ups without a trace before a post is believed absent: an index may lag.
ABSENCES_NEEDED = 2
MAX_LOOK_UPS = 8
#: Our clock and the platform's may differ; an hour more of posts costs little to look through.
CLOCK_SKEW = timedelta(hours=1)

FOUND = Wording(gettext_noop("It was found on the platform."))
ABSENT = Wording(gettext_noop("It was not on the platform, so it is sent again."))
LOOKING = Wording(
    gettext_noop("It is not clear whether the post is out; the platform is being looked through.")
)
NEVER_ARRIVED = gettext_noop("%(tries)s tries did not arrive on the platform.")
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
            due_at=now + settle_time(post.destination),
        )
    return marked


def reconcile(post_id: int) -> None:
    """Look an uncertain post up, if that is due, and act on what was found."""
    claim = _claim(post_id)
    if claim is None:
        return
    post = claim.post
    try:
        channel = post.destination.channel
        if channel.look_up_strength == LookUpStrength.NONE:
            _ask(claim)
            return
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
        if found.receipt and _belongs_to_another(post, found.receipt):
            _ask(claim)
        elif found.receipt:
            _found(claim, found.receipt)
        elif found.complete:
            _absent(claim, channel.look_up_strength)
        else:
            _inconclusive(claim, LOOKING)


def _claim(post_id: int) -> Claim | None:
    with transaction.atomic():
        claimed, now = monotonic(), database_now()
        post = (
            Post.objects.select_related("destination")
            .filter(
                pk=post_id,
                state=PostState.UNCERTAIN,
                due_at__lte=now,
                destination__state=DestinationState.ACTIVE,
            )
            .first()
        )
        if post is None:
            return None
        if _look_ups(post) >= MAX_LOOK_UPS:
            # Counted before, so that a look-up that kills its worker ends with a person too.
            move(
                post.pk,
                PostState.UNCERTAIN,
                PostState.UNCERTAIN,
                now=now,
                fence=post.epoch,
                reason=ASK,
            )
            return None
        return begin(post, AttemptKind.LOOK_UP, now, claimed)


def _look_ups(post: Post) -> int:
    """How often the last try was looked up."""
    last_try = post.attempts.filter(kind=AttemptKind.SEND).latest("id")
    return post.attempts.filter(kind=AttemptKind.LOOK_UP, id__gt=last_try.pk).count()


def _belongs_to_another(post: Post, receipt: Receipt) -> bool:
    """Two entries may carry one permalink; what another post became is not this one's proof."""
    return (
        Post.objects.filter(destination=post.destination_id, remote_id=receipt.remote_id)
        .exclude(pk=post.pk)
        .exists()
    )


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


def _absent(claim: Claim, strength: LookUpStrength) -> None:
    post = claim.post
    last_try = post.attempts.filter(kind=AttemptKind.SEND).latest("id")
    absences = (
        1
        + post.attempts.filter(
            kind=AttemptKind.LOOK_UP, outcome=AttemptOutcome.ABSENT, id__gt=last_try.pk
        ).count()
    )
    proven = strength == LookUpStrength.STRONG and last_try.outcome != AttemptOutcome.DUPLICATE
    with transaction.atomic():
        now = database_now()
        due_at: datetime | None = None
        if absences < ABSENCES_NEEDED:
            target, reason = PostState.UNCERTAIN, LOOKING
            due_at = now + settle_time(post.destination)
        elif not proven:
            target, reason = PostState.UNCERTAIN, ASK
        elif post.tries >= MAX_TRIES:
            target, reason = PostState.FAILED, Wording(NEVER_ARRIVED, {"tries": post.tries})
        else:
            target, reason = PostState.APPROVED, ABSENT
            due_at = now + backoff(post.tries)
        claim.finish(target, AttemptOutcome.ABSENT, reason=reason, due_at=due_at, now=now)
        if target != PostState.UNCERTAIN:
            queue.after_commit(queue.DELIVER_TO_DESTINATION, post.destination_id)
    log.info("not found on the platform", post=post.pk, absences=absences, next=target)


def _inconclusive(
    claim: Claim, reason: Wording, *, status: int | None = None, answer: str = ""
) -> None:
    """The look-up proved nothing: another one later, each after a longer time."""
    post = claim.post
    look_ups = _look_ups(post)
    hopeless = look_ups >= MAX_LOOK_UPS
    with transaction.atomic():
        now = database_now()
        wait = max(settle_time(post.destination), backoff(look_ups))
        claim.finish(
            PostState.UNCERTAIN,
            AttemptOutcome.INCONCLUSIVE,
            reason=ASK if hopeless else reason,
            due_at=None if hopeless else now + wait,
            status=status,
            answer=answer,
            now=now,
        )
    log.warning("look-up proved nothing", post=post.pk, why=str(reason))


def _ask(claim: Claim) -> None:
    """Looking further would not help: a person decides."""
    claim.finish(PostState.UNCERTAIN, AttemptOutcome.INCONCLUSIVE, reason=ASK)
    with transaction.atomic():
        queue.after_commit(queue.DELIVER_TO_DESTINATION, claim.post.destination_id)
    log.warning("a person has to look", post=claim.post.pk)
