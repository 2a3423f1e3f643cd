from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.following.follow import follow, ring_for_due
from syndicator.following.purging import purge


@shared_task(name=queue.FOLLOW_SOURCE)
def look(source_id: int) -> None:
    """Look at one followed source."""
    follow(source_id)


@shared_task(name=queue.SWEEP_SOURCES)
def sweep() -> None:
    """Ring for every source that is due; forget readings that are too old."""
    ring_for_due()
    purge()
