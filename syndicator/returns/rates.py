"""Stops a mailing of which too much comes back, before all mail from its sender suffers for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from syndicator.alerts.models import Alert
from syndicator.alerts.raising import end_alert, raise_alert
from syndicator.newsletter.models import (
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientState,
)
from syndicator.newsletter.progress import progress
from syndicator.returns.models import Rules, the_rules
from syndicator.wording import Wording, gettext_noop

#: A mailing is looked at while something came back within this time.
RECENT = timedelta(minutes=10)
#: So long people see that too much came back of a mailing that was out already.
TOLD = timedelta(days=1)

BOUNCES = gettext_noop("%(count)s of %(all)s mails could not be delivered.")
COMPLAINTS = gettext_noop("%(count)s of %(all)s mails were reported as spam.")
STOPPED = gettext_noop("The mailing “%(subject)s” was stopped")
STOPPED_WHY = gettext_noop(
    "%(why)s Mail providers take senders for spammers by that. Look at the answers of its "
    "recipients: if it is the list, clean it; if it is the mail server, mend it. Then let the "
    "mailing go on, or cancel it."
)
TOO_LATE = gettext_noop("Too much of the mailing “%(subject)s” came back")
TOO_LATE_WHY = gettext_noop(
    "%(why)s All of it had gone out by then. Look at the answers of its recipients before the next "
    "one goes out."
)


def watch_rates(now: datetime) -> int:
    """Stop the mailings that are over the limits, once each; the number of those stopped."""
    rules, stopped = the_rules(), 0
    lately = MailingRecipient.objects.filter(returned_at__gt=now - RECENT)
    for mailing in Mailing.objects.filter(pk__in=lately.values("mailing")).order_by("pk"):
        if Alert.objects.filter(key=_key(mailing.pk)).exists():
            continue  # a person knows, and may have let it go on
        if (why := _too_much(mailing, rules)) is not None:
            stopped += _stop(mailing, why, now)
    _end_alerts(now)
    return stopped


def _too_much(mailing: Mailing, rules: Rules) -> Wording | None:
    counts = progress(mailing.pk)
    bounces = counts[RecipientState.BOUNCED]
    complaints = counts[RecipientState.COMPLAINED]
    out = counts[RecipientState.ACCEPTED] + bounces + complaints
    if out < rules.from_mails:
        return None
    if bounces * 100 > rules.bounce_percent * out:
        return Wording(BOUNCES, {"count": bounces, "all": out})
    if complaints * 100 > rules.complaint_percent * out:
        return Wording(COMPLAINTS, {"count": complaints, "all": out})
    return None


def _stop(mailing: Mailing, why: Wording, now: datetime) -> bool:
    subject = {"subject": mailing.frozen_message.subject}
    with transaction.atomic():
        stopped = bool(
            Mailing.objects.filter(pk=mailing.pk, state=MailingState.SENDING).update(
                state=MailingState.PAUSED, reason=why.to_json()
            )
        )
        title, text = (STOPPED, STOPPED_WHY) if stopped else (TOO_LATE, TOO_LATE_WHY)
        raise_alert(_key(mailing.pk), Wording(title, subject), Wording(text, {"why": why}), now)
    return stopped


def _end_alerts(now: datetime) -> None:
    """Of mailings that somebody has let go on or cancelled; and after a while of those done."""
    for alert in Alert.objects.filter(key__startswith=_KEY, ended_at=None):
        mailing = Mailing.objects.filter(pk=int(alert.key.removeprefix(_KEY))).first()
        waits = mailing is not None and mailing.state == MailingState.PAUSED
        is_news = (
            mailing is not None
            and mailing.state == MailingState.DONE
            and alert.raised_at > now - TOLD
        )
        if not (waits or is_news):
            end_alert(alert.key, now)


_KEY = "returns-mailing-"


def _key(mailing_id: int) -> str:
    return f"{_KEY}{mailing_id}"
