"""Sends the mails of a mailing, one at a time, at most once each.

Claim (committed, under a lease), hand in (outside any transaction), record (fenced by the epoch).
A mail whose fate is not known is held as uncertain and never sent again by itself: it cannot be
looked up, and a subscriber forgives a missing mail sooner than the same one twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from syndicator import queue
from syndicator.alerts.raising import end_alert, raise_alert
from syndicator.channels.base import (
    Account,
    ChannelError,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.email.mime import Envelope, build
from syndicator.channels.email.pictures import PictureFile
from syndicator.channels.email.relay import Relay
from syndicator.channels.email.smtp import Connection
from syndicator.clock import database_now
from syndicator.destinations.accounts import account_of
from syndicator.destinations.models import Destination, DestinationState
from syndicator.destinations.secrets import UnreadableSecrets
from syndicator.destinations.stops import held
from syndicator.destinations.trouble import pause_and_tell
from syndicator.newsletter.models import (
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientState,
    Subscription,
    SubscriptionState,
)
from syndicator.newsletter.pictures import files_of
from syndicator.newsletter.subscribing import unsubscribe_url
from syndicator.newsletter.taking_back import stop_withdrawn
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: How long a claimed mail is nobody else's. Longer than its deadline.
LEASE = timedelta(minutes=5)
SEND_DEADLINE = timedelta(minutes=2)
CONNECT_DEADLINE = timedelta(seconds=30)
#: After so long a task rings again and ends: a worker that is told to stop must not wait longer.
SPAN = timedelta(seconds=10)
#: The n-th wait after a relay's "later"; after the last one the mail counts as bounced.
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240))
#: The wait for a relay that cannot be used at all; it costs no mail a try.
RELAY_PAUSE = timedelta(minutes=1)
ANSWER_KEPT = 500

GAVE_UP = gettext_noop("The relay put it off %(tries)s times, at last with: %(answer)s")
RELAY_AWAY = gettext_noop("%(name)s sends no mail")
RELAY_AWAY_WHY = gettext_noop(
    "%(why)s It is tried again every minute, and the mails wait. "
    "Look whether the mail server runs and can be reached."
)
UNEXPECTED = Wording(gettext_noop("The try ended in a way nobody foresaw; the mail may be out."))


def send_due(mailing_id: int) -> int:
    """Send what is due of a mailing, for as long as one task may; the number of tries made."""
    tries, end = 0, monotonic() + SPAN.total_seconds()
    stop_withdrawn(mailing_id)
    recipient = _next_due(mailing_id)
    if recipient is None:
        close_finished()
        return tries
    mailing = recipient.mailing
    try:
        account = _account(mailing.destination)
        files = files_of(mailing.frozen_message, account.open_picture)
        with Connection(Relay.from_account(account)) as connection:
            while recipient is not None:
                connection.ready(CONNECT_DEADLINE)
                if claim(recipient):
                    tries += 1
                    _send(recipient, connection, files)
                recipient = _next_due(mailing_id)
                if monotonic() >= end:
                    break
    except (TryLater, Unauthorised) as error:
        _hold(mailing, error)
    else:
        if mailing.reason is not None:
            Mailing.objects.filter(pk=mailing_id).update(reason=None, paused_until=None)
            end_alert(_alert(mailing), database_now())
        if recipient is not None:
            queue.ring(queue.SEND_MAILING, mailing_id)
    close_finished()
    log.info("mailing worked on", mailing=mailing_id, tries=tries)
    return tries


def due() -> QuerySet[MailingRecipient]:
    """All mails that may be sent now."""
    now = database_now()
    return MailingRecipient.objects.filter(
        held().allows(channel="mailing__destination__channel_name", blog="mailing__blog"),
        Q(mailing__paused_until=None) | Q(mailing__paused_until__lte=now),
        mailing__destination__state=DestinationState.ACTIVE,
        state=RecipientState.QUEUED,
        due_at__lte=now,
    )


def claim(recipient: MailingRecipient) -> bool:
    """Take one due mail for one try, and commit that; False if it is not to be had (any longer)."""
    with transaction.atomic(durable=True):
        # Not joined: PostgreSQL would judge by the old row after waiting for another's claim.
        subscribed = Subscription.objects.filter(
            pk=recipient.subscription_id or 0, state=SubscriptionState.ACTIVE
        )
        claimed = _fenced(recipient).filter(Exists(subscribed), state=RecipientState.QUEUED)
        if not claimed.update(
            state=RecipientState.IN_FLIGHT,
            due_at=database_now() + LEASE,
            epoch=F("epoch") + 1,
            attempts=F("attempts") + 1,
        ):
            return False
    recipient.refresh_from_db(fields=["state", "due_at", "epoch", "attempts"])
    return True


def close_finished() -> int:
    """Mark the mailings of which no mail is waiting or on its way; their number."""
    unfinished = MailingRecipient.objects.filter(
        mailing=OuterRef("pk"), state__in=(RecipientState.QUEUED, RecipientState.IN_FLIGHT)
    )
    return Mailing.objects.filter(~Exists(unfinished), state=MailingState.SENDING).update(
        state=MailingState.DONE
    )


def _next_due(mailing_id: int) -> MailingRecipient | None:
    """The mail whose turn it is; those whose readers have left meanwhile are put aside."""
    line = (
        due()
        .filter(mailing=mailing_id)
        .select_related("mailing__destination", "mailing__blog", "subscription")
        .order_by("due_at", "id")
    )
    while (recipient := line.first()) is not None:
        subscription = recipient.subscription
        if subscription is not None and subscription.state == SubscriptionState.ACTIVE:
            return recipient
        _fenced(recipient).filter(state=RecipientState.QUEUED).update(
            state=RecipientState.SUPPRESSED, due_at=None
        )
    return None


def _send(
    recipient: MailingRecipient, connection: Connection, files: Mapping[str, PictureFile]
) -> None:
    """Hand one claimed mail in and record what came of it; `Unauthorised` if none may be sent."""
    try:
        envelope = _envelope(recipient, connection.relay)
        mail = build(recipient.mailing.frozen_message, envelope, files)
        answer = connection.send(recipient.address, mail, SEND_DEADLINE)
    except ChannelError as error:
        _record_error(recipient, error)
        if isinstance(error, Unauthorised):
            raise
    except Exception:
        log.exception("sending ended unexpectedly", recipient=recipient.pk)
        _record_error(recipient, Unknown(UNEXPECTED))
    else:
        now = database_now()
        _record(recipient, RecipientState.ACCEPTED, answer=answer, accepted_at=now)


def _record_error(recipient: MailingRecipient, error: ChannelError) -> None:
    tries, now = recipient.attempts, database_now()
    state, due_at, reason = RecipientState.UNCERTAIN, None, error.reason
    match error:
        case Unauthorised():
            state, due_at, tries = RecipientState.QUEUED, now, tries - 1
        case TryLater() if tries <= len(BACKOFF):
            state, due_at = RecipientState.QUEUED, now + BACKOFF[tries - 1]
        case TryLater():
            state = RecipientState.BOUNCED
            reason = Wording(GAVE_UP, {"tries": tries, "answer": error.answer})
        case Rejected():
            state = RecipientState.BOUNCED
    _record(recipient, state, answer=error.answer, reason=reason, due_at=due_at, attempts=tries)
    log.warning("mail not sent", recipient=recipient.pk, outcome=error.outcome, status=error.status)


def _record(
    recipient: MailingRecipient,
    state: RecipientState,
    *,
    answer: str,
    reason: Wording | None = None,
    due_at: datetime | None = None,
    **changes: Any,
) -> None:
    """Write down what a try came to, unless the mail has been claimed anew since.

    A lease that the sweeper ended meanwhile does not stand in the way: this knows more.
    """
    _fenced(recipient).update(
        state=state,
        due_at=due_at,
        answer=answer[:ANSWER_KEPT],
        reason=reason.to_json() if reason else None,
        **changes,
    )


def _fenced(recipient: MailingRecipient) -> QuerySet[MailingRecipient]:
    return MailingRecipient.objects.filter(pk=recipient.pk, epoch=recipient.epoch)


def _envelope(recipient: MailingRecipient, relay: Relay) -> Envelope:
    mailing = recipient.mailing
    assert recipient.subscription_id is not None  # nobody erases it while it is being sent
    return Envelope(
        from_address=relay.from_address,
        from_name=relay.from_name,
        to_address=recipient.address,
        message_id=recipient.message_id,
        list_id=f"<{mailing.blog.slug}.{relay.from_address.rpartition('@')[2]}>",
        unsubscribe_url=unsubscribe_url(recipient.subscription_id),
        date=mailing.created_at,
    )


def _account(destination: Destination) -> Account:
    try:
        return account_of(destination)
    except UnreadableSecrets as error:
        raise Unauthorised(Wording(str(error))) from error


def _alert(mailing: Mailing) -> str:
    return f"destination-{mailing.destination_id}-relay"


def _hold(mailing: Mailing, error: TryLater | Unauthorised) -> None:
    """Nothing can be sent at present: wait, and if the account is to blame, wait for a person."""
    with transaction.atomic():
        now = database_now()
        Mailing.objects.filter(pk=mailing.pk).update(
            reason=error.reason.to_json(), paused_until=now + RELAY_PAUSE
        )
        if isinstance(error, Unauthorised):
            pause_and_tell(mailing.destination, error.reason, now)
        elif mailing.reason is not None:
            # For the second time: it is not a moment's trouble.
            name = mailing.destination.name
            why = Wording(RELAY_AWAY_WHY, {"why": error.reason})
            raise_alert(_alert(mailing), Wording(RELAY_AWAY, {"name": name}), why, now)
    log.warning("mailing held", mailing=mailing.pk, outcome=error.outcome, why=str(error.reason))
