"""Raises alerts and ends them, inside the transaction of whoever noticed."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from syndicator import queue
from syndicator.alerts.models import Alert
from syndicator.alerts.webhook import the_webhook
from syndicator.wording import Wording

log = structlog.get_logger(__name__)

#: At most one mail per key in this time: what comes and goes must not fill a mailbox.
QUIET = timedelta(minutes=30)


def raise_alert(key: str, title: Wording, text: Wording, now: datetime) -> bool:
    """Open the alert called *key*; False if it is open already, and then nothing is changed.

    *title* is what has happened, in one line without a full stop; *text* what that means and what
    to do about it. *now* is the database's time. The log and the mail follow the commit. An alert
    that comes again within `QUIET` of its last mail is mailed after that, if it lasts; a mail that
    is being handed in at this moment does not count yet.
    """
    # The constraint alone would do; but what lasts is noticed every few seconds.
    if Alert.objects.filter(key=key, ended_at=None).exists():
        return False
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                key=key,
                title=title.to_json(),
                text=text.to_json(),
                raised_at=now,
                due_at=_mail_at(key, now),
            )
    except IntegrityError:
        return False  # somebody else was quicker
    transaction.on_commit(partial(_log, alert), robust=True)
    if alert.due_at == now:
        queue.after_commit(queue.MAIL_ALERTS)
    return True


def end_alert(key: str, now: datetime) -> bool:
    """End the alert called *key*, if it is open. A mail that has not gone out by now is dropped."""
    ended = Alert.objects.filter(key=key, ended_at=None).update(ended_at=now, due_at=None)
    if ended:
        transaction.on_commit(partial(log.info, "alert ended", key=key), robust=True)
    return bool(ended)


def open_alerts() -> QuerySet[Alert]:
    """What lasts, the newest first."""
    return Alert.objects.filter(ended_at=None).order_by("-raised_at", "-pk")


def _mail_at(key: str, now: datetime) -> datetime | None:
    """When to mail or post it; None where there is neither a mail server nor a webhook."""
    if not settings.EMAIL_HOST and the_webhook() is None:
        return None
    last = Alert.objects.filter(key=key).aggregate(last=Max("mailed_at"))["last"]
    return max(now, last + QUIET) if last else now


def _log(alert: Alert) -> None:
    log.error(
        "alert",
        key=alert.key,
        title=str(alert.title_wording),
        text=str(alert.text_wording),
        mail=f"from {alert.due_at:%H:%M:%S} UTC" if alert.due_at else "none: no mail server is set",
    )
