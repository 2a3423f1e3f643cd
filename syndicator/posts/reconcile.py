"""Finds out what became of an uncertain post: by looking it up, or by asking a person.

A re-send needs proof of absence: the sender is dead, the settle time is over, and complete
look-ups of the account's posts since the first try show no permalink. Where the platform
recognises our key, the key is proof enough: the same post under the same key is one post.
Everything less goes on looking, and then to a person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.db import Error, transaction
from django.db.models import Min

from syndicator import queue
from syndicator.channels.base import ChannelError, LookUp, LookUpStrength, Receipt, TryLater
from syndicator.channels.registry import UnknownChannel
from syndicator.clock import database_now
from syndicator.destinations.models import DestinationState
from syndicator.posts import circuit
from syndicator.posts.attempts import DEADLINE, MAX_TRIES, Claim, backoff, begin, settle_time
from syndicator.posts.models import (
    Attempt,
    AttemptKind,
    AttemptOutcome,
    Post,
    PostState,
    Verdict,
)
from syndicator.posts.states import move
from syndicator.steps import Step, reached
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: Complete look-ups without a trace before a post is believed absent: an index may lag.
ABSENCES_NEEDED = 2
MAX_LOOK_UPS = 8
#: Our clock and the platform's may differ; an hour more of posts costs little to look through.
CLOCK_SKEW = timedelta(hours=1)
#: A key that ends within this time is no longer relied on: the next try may have to wait.
KEY_RESERVE = timedelta(minutes=10)

#: Outcomes of a try that may have made a post; "" is that of a worker that died.
PROVES_NOTHING = ("", AttemptOutcome.UNKNOWN, AttemptOutcome.DUPLICATE)

FOUND = Wording(gettext_noop("It was found on the platform."))
ABSENT = Wording(gettext_noop("It was not on the platform, so it is sent again."))
LOOKING = Wording(
    gettext_noop("It is not clear whether the post is out; the platform is being looked through.")
)
SAME_KEY = Wording(
    gettext_noop("The platform recognises a post it has already, so it is sent again.")
)
CLOCKS_DIFFER = Wording(
    gettext_noop(
        "The platform's clock and ours differ too much to be sure. "
        "Set the clock of the database server."
    )
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
    reached(Step.LOOK_UP_CLAIMED)
    if told_late := _told_late(claim.post):
        _found(claim, told_late)
    else:
        _look_up(claim)
    reached(Step.LOOK_UP_RECORDED)


def doubt(post: Post, now: datetime) -> Wording | None:
    """Why an approved *post* must not be sent again after all; None if it may.

    Since it was approved again, a sender long given up may have noted that it is out, or the
    platform may have forgotten the key that made another try safe.
    """
    if _told_late(post):
        return LOOKING
    try:
        channel = post.destination.channel
    except UnknownChannel:
        return None  # it cannot be sent at all, which the sender says better
    if channel.key_lifetime is None or channel.look_up_strength == LookUpStrength.STRONG:
        return None
    believed = post.decisions.filter(verdict=Verdict.CONFIRM_ABSENT).last()
    unclear = post.attempts.filter(kind=AttemptKind.SEND, outcome__in=PROVES_NOTHING)
    if believed is not None:
        unclear = unclear.filter(started_at__gt=believed.decided_at)
    return ASK if unclear.exists() and not _recognised(post, now) else None


def _look_up(claim: Claim) -> None:
    post = claim.post
    try:
        channel = post.destination.channel
        if channel.look_up_strength == LookUpStrength.NONE:
            _without_look_up(claim)
            return
        found = channel.client(post.destination.account).look_up(
            post.message,
            key=post.idempotency_key,
            since=_since(post),
            deadline=DEADLINE,
        )
    except ChannelError as error:
        wait = error.retry_after if isinstance(error, TryLater) else None
        _inconclusive(claim, error.reason, status=error.status, answer=error.answer, wait=wait)
    except Error:
        # Of the database: the lease ends by itself, and the next look-up sees more.
        raise
    except Exception:
        log.exception("looking up ended unexpectedly", post=post.pk)
        _inconclusive(claim, LOOKING)
    else:
        reached(Step.LOOK_UP_ANSWERED)
        _judge(claim, found)


def _judge(claim: Claim, found: LookUp) -> None:
    post = claim.post
    if found.receipt and _belongs_to_another(post, found.receipt):
        _ask(claim)
    elif found.receipt:
        _found(claim, found.receipt)
    elif not found.complete:
        _inconclusive(claim, LOOKING)
    elif found.platform_time and abs(found.platform_time - database_now()) > CLOCK_SKEW / 2:
        # What “since” meant to the platform is not what it meant here.
        _inconclusive(claim, CLOCKS_DIFFER)
    else:
        _absent(claim)


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
            queue.after_commit(queue.DELIVER_TO_DESTINATION, post.destination_id)
            return None
        return begin(post, AttemptKind.LOOK_UP, now, claimed)


def _told_late(post: Post) -> Receipt | None:
    """What a sender was told after its lease was over, and could only note with its attempt."""
    told = (
        post.attempts.filter(kind=AttemptKind.SEND, outcome=AttemptOutcome.ACCEPTED)
        .exclude(remote_id="")
        .first()
    )
    return Receipt(told.remote_id, told.remote_url, told.answer, told.status) if told else None


def _look_ups(post: Post) -> int:
    """How often the last try was looked up."""
    return post.attempts.filter(kind=AttemptKind.LOOK_UP, id__gt=_last_try(post).pk).count()


def _belongs_to_another(post: Post, receipt: Receipt) -> bool:
    """Two entries may carry one permalink; what another post became is not this one's proof."""
    return (
        Post.objects.filter(destination=post.destination_id, remote_id=receipt.remote_id)
        .exclude(pk=post.pk)
        .exists()
    )


def _since(post: Post) -> datetime:
    """From when on the account's posts are looked through: before the first try, by any clock.

    Attempts are numbered in the order they were made. One that was made later and bears an earlier
    time shows that the database's clock was set back, and how far at least.
    """
    first = post.attempts.filter(kind=AttemptKind.SEND).earliest("id")
    made = Attempt.objects.filter(pk__gte=first.pk).aggregate(earliest=Min("started_at"))
    earliest: datetime = made["earliest"]
    return earliest - CLOCK_SKEW


def _found(claim: Claim, receipt: Receipt) -> None:
    with transaction.atomic():
        now = database_now()
        circuit.found_working(claim.post.destination_id, now)
        claim.finish(
            PostState.SENT,
            AttemptOutcome.FOUND,
            reason=FOUND,
            receipt=receipt,
            now=now,
            sent_at=now,
        )
        queue.after_commit(queue.DELIVER_TO_DESTINATION, claim.post.destination_id)
    log.info("found on the platform", post=claim.post.pk, remote_id=receipt.remote_id)


def _absent(claim: Claim) -> None:
    post = claim.post
    last_try = _last_try(post)
    absences = (
        1
        + post.attempts.filter(
            kind=AttemptKind.LOOK_UP, outcome=AttemptOutcome.ABSENT, id__gt=last_try.pk
        ).count()
    )
    strong = post.destination.channel.look_up_strength == LookUpStrength.STRONG
    proven = strong and last_try.outcome != AttemptOutcome.DUPLICATE
    with transaction.atomic():
        now = database_now()
        if absences < ABSENCES_NEEDED:
            _record_absence(
                claim, PostState.UNCERTAIN, LOOKING, now, now + settle_time(post.destination)
            )
        elif proven:
            _again(claim, AttemptOutcome.ABSENT, ABSENT, now)
        elif _recognised(post, now):
            _again(claim, AttemptOutcome.ABSENT, SAME_KEY, now)
        else:
            _record_absence(claim, PostState.UNCERTAIN, ASK, now)
    log.info("not found on the platform", post=post.pk, absences=absences)


def _record_absence(
    claim: Claim,
    target: PostState,
    reason: Wording,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    claim.finish(target, AttemptOutcome.ABSENT, reason=reason, due_at=due_at, now=now)
    if due_at is None:
        queue.after_commit(queue.DELIVER_TO_DESTINATION, claim.post.destination_id)


def _again(claim: Claim, outcome: AttemptOutcome, reason: Wording, now: datetime) -> None:
    """One more try: it is safe now."""
    post = claim.post
    if post.tries >= MAX_TRIES:
        given_up = Wording(NEVER_ARRIVED, {"tries": post.tries})
        claim.finish(PostState.FAILED, outcome, reason=given_up, now=now)
    else:
        due_at = now + backoff(post.tries)
        claim.finish(PostState.APPROVED, outcome, reason=reason, due_at=due_at, now=now)
    queue.after_commit(queue.DELIVER_TO_DESTINATION, post.destination_id)


def _recognised(post: Post, now: datetime) -> bool:
    """Whether the platform still knows the key of the first try when the next one is made."""
    channel = post.destination.channel
    lifetime = channel.key_lifetime
    if lifetime is None or channel.look_up_strength == LookUpStrength.STRONG:
        return False
    first = post.attempts.filter(kind=AttemptKind.SEND).earliest("id")
    return first.started_at <= now < first.started_at + lifetime - KEY_RESERVE


def _last_try(post: Post) -> Attempt:
    return post.attempts.filter(kind=AttemptKind.SEND).latest("id")


def _without_look_up(claim: Claim) -> None:
    with transaction.atomic():
        now = database_now()
        if _recognised(claim.post, now):
            _again(claim, AttemptOutcome.INCONCLUSIVE, SAME_KEY, now)
            return
    _ask(claim)


def _inconclusive(
    claim: Claim,
    reason: Wording,
    *,
    status: int | None = None,
    answer: str = "",
    wait: timedelta | None = None,
) -> None:
    """The look-up proved nothing: another one later, each after a longer time."""
    post = claim.post
    look_ups = _look_ups(post)
    hopeless = look_ups >= MAX_LOOK_UPS
    with transaction.atomic():
        now = database_now()
        wait = max(settle_time(post.destination), backoff(look_ups), wait or timedelta(0))
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
