"""What a try says about the whole account: its platform's limits, and whether it works at all.

After `FAILURES_ALLOWED` tries in a row that failed through no fault of their post, the circuit
opens: one try is made now and then until one gets through, and people are told.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from syndicator.channels.base import ChannelError, Receipt, TryLater, Unauthorised, Unknown
from syndicator.destinations.models import Destination
from syndicator.destinations.trouble import close_circuit, open_circuit, pause_and_tell
from syndicator.wording import Wording

FAILURES_ALLOWED = 5
MOST_COUNTED = 1000
#: How long an open circuit rests between two tries; the last one repeats.
RESTS = tuple(timedelta(minutes=m) for m in (1, 2, 5, 10, 15))


def learn(destination: Destination, result: Receipt | ChannelError, now: datetime) -> None:
    """Write down what *result* says about the account. Its row is locked by the caller."""
    before = (destination.failures, destination.circuit_opened_at, destination.next_post_at)
    match result:
        case Receipt():
            close_circuit(destination, now)
            _not_before(destination, now, result.wait)
        case TryLater(retry_after=timedelta() as wait):
            # The platform's limit is the account's, not this post's; and it does answer.
            close_circuit(destination, now)
            _not_before(destination, now, wait)
        case TryLater(tries=None) | Unknown():
            _failed(destination, result.reason, now)
        case Unauthorised():
            pause_and_tell(destination, result.reason, now)
        case ChannelError(status=int()):
            # It refused this post, so it answers.
            close_circuit(destination, now)
    after = (destination.failures, destination.circuit_opened_at, destination.next_post_at)
    if after != before:
        _save(destination)


def heed_limit(destination: Destination, result: Receipt | ChannelError, now: datetime) -> None:
    """Only the account's limit: of a look-up, or of what came too late to say more."""
    match result:
        case Receipt(wait=wait) | TryLater(retry_after=timedelta() as wait) if wait:
            _not_before(destination, now, wait)
            _save(destination)


def found_working(destination: Destination, now: datetime) -> None:
    """A look-up found the post of an unclear answer: the platform takes posts after all. Its row is
    locked by the caller."""
    if destination.failures:
        try_now(destination, now)


def try_now(destination: Destination, now: datetime) -> None:
    """Close the circuit. Limits that the platform named still hold."""
    if destination.circuit_opened_at is not None:
        destination.next_post_at = None
    close_circuit(destination, now)
    _save(destination)


def _failed(destination: Destination, reason: Wording, now: datetime) -> None:
    destination.failures = min(destination.failures + 1, MOST_COUNTED)
    beyond = destination.failures - FAILURES_ALLOWED
    if beyond < 0:
        return
    open_circuit(destination, reason, now)
    rest = RESTS[min(beyond, len(RESTS) - 1)]
    _not_before(destination, now, rest * random.uniform(1, 1.2))


def _not_before(destination: Destination, now: datetime, wait: timedelta) -> None:
    if wait > timedelta(0):
        destination.not_before(now + wait, now)


def _save(destination: Destination) -> None:
    destination.save(
        update_fields=["failures", "circuit_opened_at", "next_post_at", "next_post_set_at"]
    )
