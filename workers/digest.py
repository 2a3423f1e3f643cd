from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.digests.making import make_due


@shared_task(name=queue.MAKE_DIGESTS, time_limit=240)
def digests() -> None:
    """Make every digest that is due, and hand it over."""
    make_due()
