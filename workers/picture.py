from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.posts.picturing import fetch_pictures


@shared_task(name=queue.FETCH_PICTURES)
def entry(entry_id: int) -> None:
    """Fetch the pictures of one entry."""
    fetch_pictures(entry_id)
