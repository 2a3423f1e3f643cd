"""Checks the account of every active destination once a day, so that nobody learns from a post
that its keys are dead.

Claim (committed, under a lease), ask (outside any transaction), keep. Only a clear answer changes
anything: the account as the platform shows it, or that it refuses the access.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from syndicator import queue
from syndicator.clock import database_now
from syndicator.destinations.checking import ask, keep
from syndicator.destinations.models import AccountProfile, Destination, DestinationState
from syndicator.destinations.trouble import access_refused

log = structlog.get_logger(__name__)

EVERY = timedelta(days=1)
#: Longer than any check may take.
LEASE = timedelta(minutes=15)


def due(now: datetime) -> QuerySet[Destination]:
    """The destinations whose account is to be checked now."""
    long_ago = now - EVERY
    return Destination.objects.filter(
        # Never asked, with or without a profile.
        Q(profile__recheck_at=None, profile__asked_at=None, created_at__lte=long_ago)
        | Q(profile__recheck_at=None, profile__asked_at__lte=long_ago)
        | Q(profile__recheck_at__lte=now)
        # Written by a clock that was ahead.
        | Q(profile__recheck_at__gt=now + EVERY),
        state=DestinationState.ACTIVE,
    )


def ring_for_due() -> int:
    pks = list(due(database_now()).order_by("pk").values_list("pk", flat=True))
    for pk in pks:
        queue.ring(queue.CHECK_ACCOUNT, pk)
    return len(pks)


def recheck(pk: int) -> bool:
    """Check the account of destination *pk*; False if that is not due, or somebody is at it."""
    destination = _claim(pk)
    if destination is None:
        return False
    asked = ask(destination)
    if asked.problem and not asked.refused:
        log.warning("an account was not checked", destination=pk, why=str(asked.problem))
        AccountProfile.objects.filter(pk=pk).update(recheck_at=database_now() + EVERY)
        return True
    keep(destination, asked)
    if asked.problem:
        with transaction.atomic():
            # Not if it was paused meanwhile: then people have been told why.
            row = Destination.objects.filter(pk=pk, state=DestinationState.ACTIVE).first()
            if row is not None:
                access_refused(row, asked.problem, database_now())
    return True


def _claim(pk: int) -> Destination | None:
    try:
        with transaction.atomic():
            # The profile is the lock: who comes second finds the first one's lease.
            AccountProfile.objects.select_for_update(no_key=True).get_or_create(destination_id=pk)
            now = database_now()
            destination = due(now).filter(pk=pk).first()
            if destination is not None:
                AccountProfile.objects.filter(pk=pk).update(recheck_at=now + LEASE)
    except IntegrityError:
        return None  # it was disconnected for good at this moment
    return destination
