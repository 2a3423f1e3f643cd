"""Queue "subscribers": whole lists of people, which may take minutes."""

from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.subscriber_lists.importing import work_off
from syndicator.subscriber_lists.sweep import sweep


@shared_task(name=queue.IMPORT_SUBSCRIBERS, time_limit=120)
def batch(batch_id: int) -> None:
    """Take in what is left of one import."""
    work_off(batch_id)


@shared_task(name=queue.SWEEP_IMPORTS, time_limit=120)
def batches() -> None:
    """Ring for every import that is under way."""
    sweep()
