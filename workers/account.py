from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.destinations.endings import tell_of_ends
from syndicator.destinations.rechecks import recheck, ring_for_due


@shared_task(name=queue.CHECK_ACCOUNT, time_limit=60)
def check(destination_id: int) -> None:
    """Ask the platform about one destination's account, if that is due."""
    recheck(destination_id)


@shared_task(name=queue.SWEEP_ACCOUNTS, time_limit=60)
def accounts() -> None:
    """Ring for every account that is to be checked again, and warn of access that ends."""
    ring_for_due()
    tell_of_ends()
