"""The mail that tells an administrator what has happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from email.utils import parseaddr
from hashlib import sha256

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation
from django.utils.translation import gettext

from syndicator.alerts.models import Alert


def compose(alerts: Sequence[Alert], address: str) -> EmailMessage:
    """One mail to *address* about *alerts* (at least one), in ``SYNDICATOR_ALERT_LANGUAGE``.

    The same alerts make the same Message-ID, so that a mail program can drop a repetition.
    """
    with translation.override(settings.ALERT_LANGUAGE):
        return EmailMessage(
            subject=_subject(alerts),
            body="\n\n".join([*map(_paragraph, alerts), _closing()]) + "\n",
            to=[address],
            headers={
                "Message-ID": _message_id(alerts, address),
                "Auto-Submitted": "auto-generated",
            },
        )


def _subject(alerts: Sequence[Alert]) -> str:
    first = " ".join(alerts[0].title_wording.said(gettext).split())
    if len(alerts) == 1:
        return f"Syndicator: {first}"
    more = gettext("%(title)s (and %(count)s more)") % {"title": first, "count": len(alerts) - 1}
    return f"Syndicator: {more}"


def _paragraph(alert: Alert) -> str:
    time = f"{alert.raised_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    since = gettext("Since %(time)s.") % {"time": time}
    return "\n".join([alert.title_wording.said(gettext), alert.text_wording.said(gettext), since])


def _closing() -> str:
    return gettext("To the desk: %(address)s") % {"address": f"{settings.BASE_URL}/"}


def _message_id(alerts: Sequence[Alert], address: str) -> str:
    told = f"{settings.BASE_URL} {[alert.pk for alert in alerts]} {address}"
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<alert.{sha256(told.encode()).hexdigest()[:32]}@{domain}>"
