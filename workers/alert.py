from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.alerts.mailing import mail_due
from syndicator.approval_mail.mailing import mail_due as mail_due_approvals


@shared_task(name=queue.MAIL_ALERTS, time_limit=60)
def mail() -> None:
    """Mail the alerts that are due."""
    mail_due()


@shared_task(name=queue.MAIL_APPROVALS, time_limit=60)
def approvals() -> None:
    """Mail waiting posts to the editors who want that."""
    mail_due_approvals()
