from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.returns.reading_box import read_box
from syndicator.returns.sweep import sweep


@shared_task(name=queue.READ_RETURN_BOX, time_limit=200)
def return_box(destination_id: int) -> None:
    """Take in what came back to one destination's mailbox."""
    read_box(destination_id)


@shared_task(name=queue.SWEEP_RETURNS, time_limit=240)
def returns() -> None:
    """Judge bounces, watch how many there are, forget old addresses, ring for mailboxes."""
    sweep()
