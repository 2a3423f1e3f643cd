"""Queue "alert": mail about trouble, waiting posts and the night, and what readers ask for."""

from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.alerts import mailing as alerts
from syndicator.approval_mail import mailing as approval_mails
from syndicator.nights import mailing as nights_mails
from syndicator.signup import mailing as asked_mails


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


@shared_task(name=queue.MAIL_ASKS, time_limit=60)
def asks() -> None:
    """Mail readers what they asked for on our pages."""
    asked_mails.mail_due()
