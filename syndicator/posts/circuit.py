"""What a try says about the whole account: its platform's limits, and whether it works at all.

After `FAILURES_ALLOWED` tries in a row that failed through no fault of their post, the circuit
opens: one try is made now and then until one gets through, and people are told.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.db import transaction

from syndicator.channels.base import ChannelError, Receipt, TryLater, Unauthorised, Unknown
from syndicator.destinations.models import Destination, DestinationState
from syndicator.wording import Wording

FAILURES_ALLOWED = 5
#: How long an open circuit rests between two tries; the last one repeats.
RESTS = tuple(timedelta(minutes=m) for m in (1, 2, 5, 10, 15))


def learn(destination: Destination, result: Receipt | ChannelError, now: datetime) -> None:
    """Write down what *result* says about the account. Its row is locked by the caller."""
    before = (destination.failures, destination.circuit_opened_at, destination.next_post_at)
    match result:
        case Receipt():
            _works(destination)
            _not_before(destination, now, result.wait)
        case TryLater(retry_after=timedelta() as wait):
            # The platform's limit is the account's, not this post's; and it does answer.
            _works(destination)
            _not_before(destination, now, wait)
        case TryLater(tries=None) | Unknown():
            _failed(destination, result.reason, now)
        case Unauthorised():
            if Destination.pause(destination.pk, result.reason, now):
                destination.state = DestinationState.PAUSED
        case ChannelError(status=int()):
            # It refused this post, so it answers.
            _works(destination)
    after = (destination.failures, destination.circuit_opened_at, destination.next_post_at)
    if after != before:
        destination.save(update_fields=["failures", "circuit_opened_at", "next_post_at"])


def found_working(destination_id: int) -> None:
    """A look-up found the post of an unclear answer: the platform takes posts after all."""
    with transaction.atomic(savepoint=False):
        destination = Destination.objects.select_for_update(no_key=True).get(pk=destination_id)
        if destination.failures:
            close(destination)
            destination.save(update_fields=["failures", "circuit_opened_at", "next_post_at"])


def close(destination: Destination) -> None:
    """Try again now; the caller saves. Limits that the platform named still hold."""
    if destination.circuit_opened_at is not None:
        destination.next_post_at = None
    _works(destination)


def _works(destination: Destination) -> None:
    destination.failures = 0
    destination.circuit_opened_at = None


def _failed(destination: Destination, reason: Wording, now: datetime) -> None:
    destination.failures = min(destination.failures + 1, 1000)
    beyond = destination.failures - FAILURES_ALLOWED
    if beyond < 0:
        return
    destination.circuit_opened_at = destination.circuit_opened_at or now
    rest = RESTS[min(beyond, len(RESTS) - 1)]
    _not_before(destination, now, rest * random.uniform(1, 1.2))


def _not_before(destination: Destination, now: datetime, wait: timedelta) -> None:
    if wait > timedelta(0):
        destination.next_post_at = max(now + wait, destination.next_post_at or now)
