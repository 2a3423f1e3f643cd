from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.following import subscribing
from syndicator.following.follow import follow, ring_for_due
from syndicator.following.purging import purge


@shared_task(name=queue.FOLLOW_SOURCE)
def look(source_id: int) -> None:
    """Look at one followed source."""
    follow(source_id)


@shared_task(name=queue.ASK_HUB)
def ask_hub(subscription_id: int) -> None:
    """Subscribe to one hub, renew that, or end it."""
    subscribing.ask(subscription_id)


@shared_task(name=queue.SWEEP_SOURCES)
def sweep() -> None:
    """Ring for every source and subscription that is due; forget readings that are too old."""
    ring_for_due()
    subscribing.ring_for_due()
    purge()
