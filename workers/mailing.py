from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.newsletter.fanout import send_due
from syndicator.newsletter.sweep import sweep


@shared_task(name=queue.SEND_MAILING, time_limit=240)
def mailing(mailing_id: int) -> None:
    """Send what is due of one mailing."""
    send_due(mailing_id)


@shared_task(name=queue.SWEEP_MAILINGS, time_limit=60)
def mailings() -> None:
    """Ring again for every mailing that is due, and mark mails whose sender is lost."""
    sweep()
