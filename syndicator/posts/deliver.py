"""Sends what is due to one destination: one post at a time, in the entries' order.

Claim (one transaction, which also writes the attempt), call the platform (outside of any), record
(fenced by the epoch, in one transaction with the next claim). The platform's answer is one of a
closed set, and what is not proof either way is *uncertain*: it is looked up, never sent again
blindly.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from time import sleep

import structlog
from django.db import InterfaceError, InternalError, OperationalError, connection, transaction
from django.db.models import Sum

from syndicator import queue
from syndicator.channels.base import (
    ALSO,
    ChannelError,
    Client,
    Message,
    Receipt,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.registry import UnknownChannel
from syndicator.clock import database_now
from syndicator.destinations import budget, picture_rights
from syndicator.destinations.accounts import account_of
from syndicator.destinations.models import Destination
from syndicator.entries.models import Entry, EntryState
from syndicator.outbound.deadline import no_call_after
from syndicator.pictures import storage
from syndicator.posts import circuit, gathering
from syndicator.posts.attempts import (
    DEADLINE,
    MARGIN,
    MAX_TRIES,
    OTHER_ACCOUNT,
    Claim,
    backoff,
    begin,
    lock,
    other_account,
    settle_time,
)
from syndicator.posts.late_answers import (
    earlier_version_is_out,
    tell_if_taken_back,
    told_late,
)
from syndicator.posts.line import next_in_line
from syndicator.posts.models import (
    MAKES_A_POST,
    Action,
    AttemptKind,
    AttemptOutcome,
    Post,
    PostState,
)
from syndicator.posts.reconcile import LOOKING
from syndicator.posts.states import move
from syndicator.secrets import UnreadableSecrets
from syndicator.steps import Step, reached
from syndicator.uptime import uptime
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: One task sends at most this many, then rings again: other destinations wait for workers too.
BATCH = 20
#: Nor does it go on for longer than this many seconds: a worker that is told to stop must end.
SPAN = 20.0
#: Seconds for all the pictures of a post, so that enough of the lease is left to send it.
PICTURES_SPAN = 15.0
#: Seconds between two tries to write an outcome down, while the lease lasts.
RECORD_AGAIN = 0.5
#: What a database says that is restarting, full, locked or out of reach.
AWAY = (OperationalError, InterfaceError, InternalError)

GAVE_UP = gettext_noop("%(tries)s tries did not get through; the last one says why.")
UNEXPECTED = Wording(gettext_noop("The try ended in a way nobody foresaw; the post may be out."))
NOT_AS_APPROVED = Wording(
    gettext_noop("The stored post is not the one that was approved. Edit and approve it again.")
)
KEYS_LOST = Wording(gettext_noop("The stored access keys cannot be decrypted. Enter them again."))
PLUG_IN_BROKEN = Wording(
    gettext_noop("The plug-in for this platform is missing or broken. Install it, then resume.")
)
EARLIER_IS_OUT = gettext_noop(
    "An earlier version of this entry is out after all: %(url)s. Correct that one and reject this, "
    "or approve this to post it as well."
)
NO_PICTURE = Wording(
    gettext_noop("A picture of this post is no longer stored. Reject it, and edit the entry.")
)
TAKEN_BACK = Wording(gettext_noop("It was deleted on the platform."))
PICTURE_AWAY = Wording(
    gettext_noop("A picture of this post cannot be had from the picture store now; tried again.")
)
NO_TIME_LEFT = Wording(gettext_noop("The worker was too slow to start sending; tried again."))


def deliver(destination_id: int) -> int:
    """Send the due posts of a destination; the number of tries made."""
    ends = uptime() + SPAN
    tried = 0
    claim = claim_next(destination_id)
    while claim is not None:
        tried += 1
        enough = tried >= BATCH or uptime() >= ends
        claim = record(claim, send(claim), go_on=not enough)
        if enough:
            queue.ring(queue.DELIVER_TO_DESTINATION, destination_id)
    return tried


def claim_next(destination_id: int) -> Claim | None:
    """Take the post whose turn it is, and commit the attempt; None if it is nobody's turn."""
    with transaction.atomic():
        destination = _locked(destination_id)
        claim = _claim(destination, uptime(), database_now())
    if claim is not None:
        reached(Step.CLAIM_COMMITTED)
    return claim


def send(claim: Claim) -> Receipt | ChannelError:
    """Call the platform for a claimed post; whatever happens is put as one of the closed set."""
    post = claim.post
    try:
        message = post.message
        client, problems = _prepare(post.destination, message)
        # What is deleted says nothing any more.
        objected = problems and post.action != Action.DELETE
        if message.fingerprint() != post.payload_hash or objected:
            return Rejected(NOT_AS_APPROVED)
        reached(Step.SEND_PREPARED)
        with no_call_after(claim.ends):
            if not claim.in_time:
                return TryLater(NO_TIME_LEFT, tries=MAX_TRIES)
            receipt = _act(client, post, message)
    except ChannelError as error:
        return error
    except Exception:
        log.exception("sending ended unexpectedly", post=post.pk, destination=post.destination.name)
        return Unknown(UNEXPECTED)
    reached(Step.SEND_ANSWERED)
    return receipt


def _act(client: Client, post: Post, message: Message) -> Receipt:
    key = post.idempotency_key
    match Action(post.action):
        case Action.EDIT:
            return client.edit(post.remote_id, message, key=key, deadline=DEADLINE)
        case Action.DELETE:
            return client.delete(post.remote_id, key=key, deadline=DEADLINE)
        case _:
            return client.send(message, key=key, deadline=DEADLINE)


def record(claim: Claim, result: Receipt | ChannelError, *, go_on: bool) -> Claim | None:
    """Write down what a try came to, and (if *go_on*) claim the destination's next post with it.

    A database that is away is asked again until the lease is over; from then on whoever finds the
    post looks it up, and it is no longer this worker's to change.
    """
    while True:
        try:
            with transaction.atomic():
                following = _record(claim, result, go_on=go_on)
                reached(Step.RECORD_WRITTEN)
            break
        except AWAY:
            if connection.in_atomic_block or claim.left < MARGIN:
                raise
            log.exception("an outcome could not be recorded yet", post=claim.post.pk)
            connection.close()
            sleep(RECORD_AGAIN)
        except Exception:
            if not go_on:
                raise
            # Whatever is wrong with the next post must not cost this one its outcome.
            log.exception("the next post could not be claimed", post=claim.post.pk)
            go_on = False
    reached(Step.RECORD_COMMITTED)
    if following is not None:
        reached(Step.CLAIM_COMMITTED)
    return following


def _locked(destination_id: int) -> Destination:
    destination = lock(destination_id)
    reached(Step.CLAIM_LOCKED)
    return destination


def _claim(destination: Destination, claimed: float, now: datetime) -> Claim | None:
    post = _permitted(destination, now)
    if post is None:
        return None
    post.destination = destination
    if post.action != Action.PUBLISH and other_account(post):
        move(post.pk, PostState.APPROVED, PostState.PENDING, now=now, reason=OTHER_ACCOUNT)
        return None
    if not post.makes_a_post:
        if post.action == Action.EDIT and gathering.superseded(post, now):
            return None
        # To edit or delete again changes nothing more: what came late does not matter.
        return _begin(post, now, claimed)
    if post.epoch and told_late(post):
        # A sender long given up has noted since that it is out.
        move(post.pk, PostState.APPROVED, PostState.UNCERTAIN, now=now, reason=LOOKING, due_at=now)
        queue.after_commit(queue.RECONCILE_POST, post.pk)
        return None
    if post.action == Action.PUBLISH and (out := earlier_version_is_out(post)):
        told = Wording(EARLIER_IS_OUT, {"url": out.url or out.remote_id})
        move(post.pk, PostState.APPROVED, PostState.PENDING, now=now, reason=told)
        return None
    return _begin(post, now, claimed)


def _permitted(destination: Destination, now: datetime) -> Post | None:
    """The post whose turn it is; those that would go beyond the budget, or show a picture that may
    not be shown there, are put before an editor."""
    while (post := next_in_line(destination, now)) is not None:
        told = _picture_objection(destination, post) or _beyond_budget(destination, post, now)
        if told is None:
            return post
        if not move(post.pk, PostState.APPROVED, PostState.PENDING, now=now, reason=told):
            return None
        log.warning("held for review", post=post.pk, why=str(told))
    return None


def _picture_objection(destination: Destination, post: Post) -> Wording | None:
    # What is deleted shows nothing any more.
    if post.action == Action.DELETE or not picture_rights.has_rules(destination):
        return None
    return picture_rights.first_objection(destination, post.message.all_pictures)


def _beyond_budget(destination: Destination, post: Post, now: datetime) -> Wording | None:
    if post.over_budget or not post.cost or not destination.has_budget:
        return None
    return budget.beyond(destination, post.cost, _reserved(destination), now)


def _begin(post: Post, now: datetime, claimed: float) -> Claim | None:
    destination = post.destination
    claim = begin(post, AttemptKind.SEND, now, claimed)
    if claim is not None and (gap := _gap(destination)):
        destination.not_before(now + gap, now)
        destination.save(update_fields=["next_post_at", "next_post_set_at"])
    if claim is not None:
        reached(Step.CLAIM_WRITTEN)
    return claim


def _gap(destination: Destination) -> timedelta:
    try:
        return destination.channel.gap
    except UnknownChannel:
        return timedelta(0)


def _prepare(destination: Destination, message: Message) -> tuple[Client, list[Wording]]:
    """The client, and why *message* must not be sent. Nothing is sent here, so any failure is one
    of the connection: `Unauthorised`, which pauses the destination until a person mends it."""
    try:
        channel = destination.channel
        with no_call_after(uptime() + PICTURES_SPAN):
            pictures = {one.digest: storage.read(one) for one in message.all_pictures}
        account = account_of(destination, lambda picture: pictures[picture.digest])
        return channel.client(account), channel.problems(message)
    except storage.PictureGone as error:
        raise Rejected(NO_PICTURE) from error
    except storage.PictureAway as error:
        # It says nothing about the platform, so it must not open its circuit.
        raise TryLater(PICTURE_AWAY, tries=MAX_TRIES) from error
    except ChannelError:
        raise
    except UnreadableSecrets as error:
        raise Unauthorised(KEYS_LOST) from error
    except Exception as error:
        log.exception("a destination cannot be used", destination=destination.name)
        raise Unauthorised(PLUG_IN_BROKEN) from error


def _record(claim: Claim, result: Receipt | ChannelError, *, go_on: bool) -> Claim | None:
    destination = _locked(claim.post.destination_id)
    at, now = uptime(), database_now()
    if isinstance(result, Receipt):
        recorded = claim.finish(
            PostState.SENT,
            AttemptOutcome.ACCEPTED,
            reason=result.note,
            receipt=result,
            now=now,
            sent_at=now,
        )
        if recorded and claim.post.action == Action.DELETE:
            _mark_deleted(claim.post, now)
        log.info("sent", post=claim.post.pk, remote_id=result.remote_id, recorded=recorded)
    else:
        target, reason, due_at = _consequence(claim, result, now)
        recorded = claim.finish(
            target,
            AttemptOutcome(result.outcome.value),
            reason=reason,
            due_at=due_at,
            status=result.status,
            answer=result.answer,
            now=now,
        )
        log.warning(
            "not sent",
            post=claim.post.pk,
            outcome=result.outcome,
            status=result.status,
            why=str(result.reason),
            recorded=recorded,
        )
    if recorded:
        circuit.learn(destination, result, now)
    else:
        circuit.heed_limit(destination, result, now)
        if isinstance(result, Receipt) and claim.post.makes_a_post:
            tell_if_taken_back(claim.post.pk, result, now)
    return _claim(destination, at, now) if go_on else None


def _consequence(
    claim: Claim, error: ChannelError, now: datetime
) -> tuple[PostState, Wording, datetime | None]:
    """The post's next state, why, and when it is due again; None ends it."""
    post = claim.post
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
        case _ if not post.makes_a_post and post.tries < MAX_TRIES:
            # To do it again changes nothing more, once this try cannot arrive any more.
            wait = max(backoff(post.tries), settle_time(post.destination))
            return PostState.APPROVED, error.reason, now + wait
        case _ if not post.makes_a_post:
            return PostState.FAILED, Wording(GAVE_UP, {"tries": post.tries}), None
        case _:
            return PostState.UNCERTAIN, error.reason, now + settle_time(post.destination)


def _mark_deleted(act: Post, now: datetime) -> None:
    """What *act* deleted is out no more, replies included: the entry may be posted anew."""
    out = Post.objects.filter(
        entry=act.entry_id,
        destination=act.destination_id,
        action__in=MAKES_A_POST,
        state=PostState.SENT,
    ).exclude(remote_id="")
    for pk, remote_id in out.values_list("pk", "remote_id"):
        if act.names.issuperset(remote_id.split(ALSO)):
            move(pk, PostState.SENT, PostState.DELETED, now=now, reason=TAKEN_BACK)
    gathering.deleted_along(act, now)
    # It was deleted to be posted anew, or the entry came back meanwhile.
    live = Entry.objects.filter(pk=act.entry_id, state=EntryState.LIVE, render_due_at=None)
    if live.update(render_due_at=now, render_tried_at=None, render_tries=0):
        queue.after_commit(queue.RENDER_ENTRY, act.entry_id)


def _reserved(destination: Destination) -> Decimal:
    """The cost of what may be out, and is not on record as spent yet."""
    unclear = Post.objects.filter(
        destination=destination, state__in=(PostState.SENDING, PostState.UNCERTAIN)
    )
    return unclear.aggregate(sum=Sum("cost"))["sum"] or Decimal(0)
