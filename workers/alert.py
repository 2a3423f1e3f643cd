"""Queue "alert": mail about trouble, about waiting posts, and about the night."""

from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.alerts import mailing as alerts
from syndicator.approval_mail import mailing as approval_mails
from syndicator.nights import mailing as nights_mails


@shared_task(name=queue.MAIL_ALERTS, time_limit=60)
def mail() -> None:
    """Mail the alerts that are due."""
    alerts.mail_due()


@shared_task(name=queue.MAIL_APPROVALS, time_limit=60)
def approvals() -> None:
    """Mail waiting posts to the editors who want that."""
    approval_mails.mail_due()


@shared_task(name=queue.MAIL_NIGHTS, time_limit=60)
def nights() -> None:
    """Mail what happened in the night to those whose hour it is."""
    nights_mails.mail_due()
