from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.posts.reconcile import reconcile


@shared_task(name=queue.RECONCILE_POST)
def post(post_id: int) -> None:
    """Look one uncertain post up."""
    reconcile(post_id)
