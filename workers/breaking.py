"""Queue "breaking": mail about breaking news, which no digest may hold up."""

from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.newsletter.fanout import send_due


@shared_task(name=queue.SEND_BREAKING, time_limit=240)
def mailing(mailing_id: int) -> None:
    """Send what is due of one mailing about breaking news."""
    send_due(mailing_id)
