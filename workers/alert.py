from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.alerts import mailing as alerts
from syndicator.nights import mailing as nights_mails


@shared_task(name=queue.MAIL_ALERTS, time_limit=60)
def mail() -> None:
    """Mail the alerts that are due."""
    alerts.mail_due()


@shared_task(name=queue.MAIL_NIGHTS, time_limit=60)
def nights() -> None:
    """Mail what happened in the night to those whose hour it is."""
    nights_mails.mail_due()
