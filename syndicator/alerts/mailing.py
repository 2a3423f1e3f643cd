"""Mails open alerts to the administrators, and posts them to the webhook: at least once to each,
tried again for a day.

Claim (committed, under a lease), hand in (outside any transaction), record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, QuerySet

from syndicator.accounts.models import Role, User
from syndicator.alerts.letter import compose
from syndicator.alerts.models import Alert, Webhook
from syndicator.alerts.relay import Relay
from syndicator.alerts.webhook import post_alerts, target, the_webhook
from syndicator.clock import database_now
from syndicator.outbound.deadline import Deadline

log = structlog.get_logger(__name__)

#: All recipients' mails of one claim are handed in within this time; shorter than the lease.
DEADLINE = timedelta(seconds=40)
LEASE = timedelta(minutes=2)
#: The wait after the n-th try; the last one repeats.
BACKOFF = (
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
)
#: What could not be mailed for so long is old news.
GIVE_UP = timedelta(days=1)


def due_alerts(now: datetime) -> QuerySet[Alert]:
    """The alerts whose mail is to be tried now."""
    return Alert.objects.filter(due_at__lte=now)


def mail_due() -> int:
    """Tell of what is due, gathered to one mail per recipient; the number of mails handed in."""
    alerts = claim(database_now())
    if not alerts:
        return 0
    addresses = recipients() if settings.EMAIL_HOST else []
    webhook = the_webhook()
    if settings.EMAIL_HOST and not addresses:
        log.warning("alerts not mailed: no administrator has an email address")
    if webhook:
        _post(webhook, alerts)
    handed_in = _hand_in(alerts, addresses) if addresses else 0
    _record(alerts, [*addresses, *([target(webhook)] if webhook else [])], database_now())
    return handed_in


def _post(webhook: Webhook, alerts: Sequence[Alert]) -> None:
    """Post what the webhook has not got yet, and note it in the alerts' *mailed_to*."""
    name = target(webhook)
    news = [alert for alert in alerts if name not in alert.mailed_to]
    if news and post_alerts(webhook, news):
        for alert in news:
            alert.mailed_to.append(name)


def recipients() -> list[str]:
    """Active administrators' addresses and those of ``SYNDICATOR_ALERT_ADDRESSES``, each once."""
    administrators = User.objects.filter(role=Role.ADMIN, is_active=True).exclude(email="")
    addresses = [*administrators.values_list("email", flat=True), *settings.ALERT_ADDRESSES]
    return sorted({address.casefold(): address for address in addresses}.values())


def claim(now: datetime) -> list[Alert]:
    """Take the due alerts for one try, and commit that; those that are too old are given up."""
    claimed = []
    with transaction.atomic(durable=True):
        # In one order, so that two workers do not wait for each other.
        for alert in due_alerts(now).order_by("pk"):
            as_seen = Alert.objects.filter(pk=alert.pk, due_at=alert.due_at)
            if alert.raised_at < now - GIVE_UP:
                if as_seen.update(due_at=None):
                    log.error("gave up mailing an alert", key=alert.key, tries=alert.tries)
                continue
            alert.due_at = now + LEASE
            if as_seen.update(due_at=alert.due_at, tries=F("tries") + 1):
                alert.tries += 1
                claimed.append(alert)
    return claimed


def _hand_in(alerts: Sequence[Alert], addresses: Sequence[str]) -> int:
    """Hand one mail in for each of *addresses*, and note it in the alerts' *mailed_to*."""
    handed_in = 0
    try:
        with Deadline(DEADLINE) as limit, Relay(limit) as relay:
            for address in addresses:
                news = [alert for alert in alerts if address not in alert.mailed_to]
                if news and _took(relay, compose(news, address)):
                    handed_in += 1
                    for alert in news:
                        alert.mailed_to.append(address)
    except OSError as error:  # which smtplib's errors are, too
        log.warning("alerts not mailed: no way into the mail server", error=str(error))
    return handed_in


def _took(relay: Relay, mail: EmailMessage) -> bool:
    """Whether the mail server took *mail*; one recipient's trouble is not another's."""
    try:
        relay.send_messages([mail])
    except (OSError, ValueError) as error:  # ValueError: an address that cannot be written
        log.warning("alerts not mailed", to=mail.to, error=str(error))
        return False
    log.info("alerts mailed", to=mail.to, subject=mail.subject)
    return True


def _record(alerts: Sequence[Alert], targets: Sequence[str], now: datetime) -> None:
    for alert in alerts:
        row = Alert.objects.filter(pk=alert.pk)
        if alert.mailed_to and not alert.mailed_at:
            row.update(mailed_at=now)
        if targets and set(targets) <= set(alert.mailed_to):
            row.update(mailed_to=alert.mailed_to, due_at=None)
        else:
            wait = BACKOFF[min(alert.tries, len(BACKOFF)) - 1]
            # Only by the holder of the lease, and not if the alert has ended since.
            row.filter(due_at=alert.due_at).update(mailed_to=alert.mailed_to, due_at=now + wait)
