from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.posts.deliver import deliver


@shared_task(name=queue.DELIVER_TO_DESTINATION)
def destination(destination_id: int) -> None:
    """Send what is due to one destination."""
    deliver(destination_id)
