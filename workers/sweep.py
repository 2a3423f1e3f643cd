from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.posts.sweep import sweep_in_turn


@shared_task(name=queue.SWEEP_POSTS)
def posts() -> None:
    """Ring for every entry, destination and post that is due."""
    sweep_in_turn()
