"""Finds out what became of an uncertain post: by looking it up, or by asking a person.

A re-send needs proof of absence: the sender is dead, the settle time is over, and complete
look-ups of the account's posts since the first try show no permalink. Where look-ups cannot prove
that, but the platform recognises our key, the same post is sent under the same key once more: that
makes one post, whether or not it is out, and its answer names it. Everything less goes on looking,
and then to a person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from django.db import Error, transaction
from django.db.models import Min, Q

from syndicator import queue
from syndicator.channels.base import (
    ALSO,
    ChannelError,
    LookUp,
    LookUpStrength,
    Receipt,
    TryLater,
    Unknown,
)
from syndicator.channels.registry import UnknownChannel
from syndicator.clock import database_now
from syndicator.destinations.accounts import account_of
from syndicator.destinations.models import DestinationState
from syndicator.destinations.stops import held
from syndicator.outbound.deadline import no_call_after
from syndicator.posts import circuit
from syndicator.posts.attempts import (
    DEADLINE,
    MAX_TRIES,
    Claim,
    backoff,
    begin,
    lock,
    rerender_if_outdated,
    settle_time,
)
from syndicator.posts.late_answers import told_late
from syndicator.posts.models import (
    Attempt,
    AttemptKind,
    AttemptOutcome,
    Post,
    PostState,
)
from syndicator.posts.states import move
from syndicator.steps import Step, reached
from syndicator.uptime import uptime
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: Complete look-ups without a trace before a post is believed absent. An index may lag, nobody says
#: by how much, and each of them waits twice as long as the one before: 3½ minutes in all where
#: posts settle in 30 s.
ABSENCES_NEEDED = 3
MAX_LOOK_UPS = 8
#: Our clock and the platform's may differ; an hour more of posts costs little to look through.
CLOCK_SKEW = timedelta(hours=1)
#: A key that ends within this time is no longer relied on: the next try may have to wait.
KEY_RESERVE = timedelta(minutes=10)

LOOKING_UP = (AttemptKind.LOOK_UP, AttemptKind.REPEAT)

FOUND = Wording(gettext_noop("It was found on the platform."))
ABSENT = Wording(gettext_noop("It was not on the platform, so it is sent again."))
LOOKING = Wording(
    gettext_noop("It is not clear whether the post is out; the platform is being looked through.")
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
OTHER_ACCOUNT = Wording(
    gettext_noop(
        "It is not clear whether the post is out, and the destination is another account by now. "
        "Look at the earlier account, then decide."
    )
)
DONE_AGAIN = Wording(gettext_noop("The worker stopped meanwhile; it is done again."))
NEVER_DONE = gettext_noop("%(tries)s tries did not get through; see on the platform what it says.")
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
        marked += move(
            post.pk,
            PostState.SENDING,
            PostState.UNCERTAIN,
            now=now,
            fence=post.epoch,
            reason=SENDER_DIED,
            due_at=now + settle_time(post.destination),
        )
    return marked


def reconcile(post_id: int) -> None:
    """Look an uncertain post up, if that is due, and act on what was found."""
    claim = _claim(post_id)
    if claim is None:
        return
    reached(Step.LOOK_UP_CLAIMED)
    if told := told_late(claim.post):
        _found(claim, told)
    else:
        _find_out(claim)
    reached(Step.LOOK_UP_RECORDED)


def _find_out(claim: Claim) -> None:
    post = claim.post
    if _account_changed(post):
        _ask(claim, OTHER_ACCOUNT)
        return
    try:
        channel = post.destination.channel
        if claim.attempt.kind == AttemptKind.REPEAT:
            client, message = channel.client(account_of(post.destination)), post.message
            with no_call_after(claim.ends):
                if not claim.in_time:
                    return  # whoever finds it when the lease is over goes on
                receipt = client.send(message, key=post.idempotency_key, deadline=DEADLINE)
            reached(Step.LOOK_UP_ANSWERED)
            _found(claim, receipt)
            return
        if channel.look_up_strength == LookUpStrength.NONE:
            _ask(claim)
            return
        found = channel.client(account_of(post.destination)).look_up(
            post.message,
            key=post.idempotency_key,
            since=_since(post),
            deadline=DEADLINE,
        )
    except ChannelError as error:
        _inconclusive(claim, error)
    except Error:
        # Of the database: the lease ends by itself, and the next look-up sees more.
        raise
    except Exception:
        log.exception("looking up ended unexpectedly", post=post.pk)
        _inconclusive(claim, Unknown(LOOKING))
    else:
        reached(Step.LOOK_UP_ANSWERED)
        _judge(claim, found)


def _account_changed(post: Post) -> bool:
    """Whether the destination is another account by now than the one that was posted to: there
    the post is absent, whatever became of it."""
    now = post.destination.account_key
    tried = post.attempts.filter(kind=AttemptKind.SEND).exclude(account_key=now)
    return bool(now) and tried.exclude(account_key="").exists()


def _judge(claim: Claim, found: LookUp) -> None:
    post = claim.post
    if found.receipt and _belongs_to_another(post, found.receipt):
        _ask(claim, cost=found.cost)
    elif found.receipt:
        _found(claim, found.receipt, found.cost)
    elif not found.complete:
        _inconclusive(claim, Unknown(LOOKING), found.cost)
    elif found.platform_time and abs(found.platform_time - database_now()) > CLOCK_SKEW / 2:
        # What “since” meant to the platform is not what it meant here.
        _inconclusive(claim, Unknown(CLOCKS_DIFFER), found.cost)
    else:
        _absent(claim, found.cost)


def _claim(post_id: int) -> Claim | None:
    due = Post.objects.filter(pk=post_id, state=PostState.UNCERTAIN)
    destination_id = due.values_list("destination", flat=True).first()
    if destination_id is None:
        return None
    with transaction.atomic():
        destination = lock(destination_id)
        claimed, now = uptime(), database_now()
        post = due.select_related("entry").filter(due_at__lte=now).first()
        if post is None or destination.state != DestinationState.ACTIVE:
            return None
        post.destination = destination
        if not post.makes_a_post:
            _do_again(post, now)
            return None
        if _look_ups(post) >= MAX_LOOK_UPS and not told_late(post):
            # Counted before, so that a look-up that kills its worker ends with a person too.
            move(
                post.pk,
                PostState.UNCERTAIN,
                PostState.UNCERTAIN,
                now=now,
                fence=post.epoch,
                reason=ASK,
            )
            queue.after_commit(queue.DELIVER_TO_DESTINATION, destination_id)
            return None
        kind = AttemptKind.LOOK_UP if _account_changed(post) else _kind(post, now)
        if kind == AttemptKind.REPEAT and not _may_repeat(post, now):
            return None
        return begin(post, kind, now, claimed)


def _do_again(post: Post, now: datetime) -> None:
    """An edit or a deletion whose worker died: doing it again changes nothing more."""
    if post.tries < MAX_TRIES:
        target, reason, due_at = PostState.APPROVED, DONE_AGAIN, now
    else:
        target, reason, due_at = PostState.FAILED, Wording(NEVER_DONE, {"tries": post.tries}), None
    move(
        post.pk,
        PostState.UNCERTAIN,
        target,
        now=now,
        fence=post.epoch,
        reason=reason,
        due_at=due_at,
    )
    rerender_if_outdated(post, now)
    queue.after_commit(queue.DELIVER_TO_DESTINATION, post.destination_id)


def _look_ups(post: Post) -> int:
    """How often the last try was looked up."""
    return post.attempts.filter(kind__in=LOOKING_UP, id__gt=_last_try(post).pk).count()


def _belongs_to_another(post: Post, receipt: Receipt) -> bool:
    """Two entries may carry one permalink; what another post became is not this one's proof."""
    first = receipt.remote_id.partition(ALSO)[0]
    return (
        Post.objects.filter(
            Q(remote_id=first) | Q(remote_id__startswith=first + ALSO),
            destination=post.destination_id,
        )
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


def _found(claim: Claim, receipt: Receipt, cost: Decimal = Decimal(0)) -> None:
    with transaction.atomic():
        destination = lock(claim.post.destination_id)
        now = database_now()
        circuit.found_working(destination, now)
        circuit.heed_limit(destination, receipt, now)
        claim.finish(
            PostState.SENT,
            AttemptOutcome.FOUND,
            reason=receipt.note or FOUND,
            receipt=receipt,
            cost=cost,
            now=now,
            sent_at=now,
        )
        queue.after_commit(queue.DELIVER_TO_DESTINATION, claim.post.destination_id)
    log.info("found on the platform", post=claim.post.pk, remote_id=receipt.remote_id)


def _absent(claim: Claim, cost: Decimal) -> None:
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
        lock(post.destination_id)
        now = database_now()
        due_at: datetime | None = None
        if absences < ABSENCES_NEEDED:
            target, reason = PostState.UNCERTAIN, LOOKING
            due_at = now + settle_time(post.destination) * 2**absences
        elif not proven:
            target, reason = PostState.UNCERTAIN, ASK
        elif post.tries >= MAX_TRIES:
            target, reason = PostState.FAILED, Wording(NEVER_ARRIVED, {"tries": post.tries})
        else:
            target, reason = PostState.APPROVED, ABSENT
            due_at = now + backoff(post.tries)
        claim.finish(
            target, AttemptOutcome.ABSENT, reason=reason, due_at=due_at, cost=cost, now=now
        )
        if target != PostState.UNCERTAIN or due_at is None:
            queue.after_commit(queue.DELIVER_TO_DESTINATION, post.destination_id)
    log.info("not found on the platform", post=post.pk, absences=absences, next=target)


def _kind(post: Post, now: datetime) -> AttemptKind:
    """Whether to look *post* up, or to send it again under the key its platform recognises."""
    try:
        channel = post.destination.channel
    except UnknownChannel:
        return AttemptKind.LOOK_UP
    if channel.key_lifetime is None or channel.look_up_strength == LookUpStrength.STRONG:
        return AttemptKind.LOOK_UP
    first = post.attempts.filter(kind=AttemptKind.SEND).earliest("id").started_at
    remembered = first <= now < first + channel.key_lifetime - KEY_RESERVE
    # An old version must not go out now, if it has not before.
    return AttemptKind.REPEAT if remembered and not post.outdated else AttemptKind.LOOK_UP


def _may_repeat(post: Post, now: datetime) -> bool:
    """Whether the account may post at this moment: a repetition may be the first to arrive."""
    destination, stops = post.destination, held()
    limit = destination.next_post_at
    sending = Post.objects.filter(destination=destination, state=PostState.SENDING)
    return (
        not (limit and limit > now)
        and not sending.exists()
        and not stops.covers(destination)
        and post.entry.blog_id not in stops.blogs
    )


def _last_try(post: Post) -> Attempt:
    return post.attempts.filter(kind=AttemptKind.SEND).latest("id")


def _inconclusive(claim: Claim, error: ChannelError, cost: Decimal = Decimal(0)) -> None:
    """That proved nothing: once more later, each time after a longer wait."""
    post = claim.post
    look_ups = _look_ups(post)
    # A repetition may still arrive: a person is asked when it cannot any more.
    hopeless = look_ups >= MAX_LOOK_UPS and claim.attempt.kind != AttemptKind.REPEAT
    asked = error.retry_after if isinstance(error, TryLater) else None
    with transaction.atomic():
        destination = lock(post.destination_id)
        now = database_now()
        circuit.heed_limit(destination, error, now)
        wait = max(settle_time(post.destination), backoff(look_ups), asked or timedelta(0))
        claim.finish(
            PostState.UNCERTAIN,
            AttemptOutcome.INCONCLUSIVE,
            reason=ASK if hopeless else error.reason,
            due_at=None if hopeless else now + wait,
            status=error.status,
            answer=error.answer,
            cost=cost,
            now=now,
        )
        if hopeless:
            queue.after_commit(queue.DELIVER_TO_DESTINATION, post.destination_id)
    log.warning("look-up proved nothing", post=post.pk, why=str(error.reason))


def _ask(claim: Claim, why: Wording = ASK, cost: Decimal = Decimal(0)) -> None:
    """Looking further would not help: a person decides."""
    with transaction.atomic():
        lock(claim.post.destination_id)
        claim.finish(PostState.UNCERTAIN, AttemptOutcome.INCONCLUSIVE, reason=why, cost=cost)
        queue.after_commit(queue.DELIVER_TO_DESTINATION, claim.post.destination_id)
    log.warning("a person has to look", post=claim.post.pk)
