"""Posts alerts to one address of the newsroom's choice, signed; tried by the mails' own clock.

The body is JSON. Its signature is the HMAC-SHA256, under the installation's webhook key, of the
time in ``X-Syndicator-Timestamp``, a full stop, and the body's bytes.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog
from django.conf import settings
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from syndicator.alerts.models import Alert, Webhook
from syndicator.clock import database_now
from syndicator.outbound.deadline import Deadline
from syndicator.outbound.http import make_session
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: For one call, whatever the other side does.
DEADLINE = timedelta(seconds=10)
LARGEST_ANSWER = 64 * 1024

NOT_REACHED = Wording(gettext_noop("The address did not answer, or its certificate is not valid."))
REFUSED = gettext_noop("The address answered with status %(status)s.")
NOT_HTTPS = Wording(gettext_noop("The address must begin with https://."))
TEST_TITLE = Wording(gettext_noop("This is a test"))
TEST_TEXT = Wording(gettext_noop("Alerts of this installation arrive here. Nothing is wrong."))


def the_webhook() -> Webhook | None:
    """Where alerts are posted to; None if nowhere."""
    return Webhook.objects.first()


def key_of(webhook: Webhook) -> str:
    """What the receiver checks signatures with. Follows from the installation's secret key, so
    that it stands in no database and no backup of one."""
    return salted_hmac("syndicator.alerts.webhook", webhook.salt, algorithm="sha256").hexdigest()


def target(webhook: Webhook) -> str:
    """How `Alert.mailed_to` names it: another for another address."""
    return f"webhook {sha256(webhook.url.encode()).hexdigest()[:32]}"


def post_alerts(webhook: Webhook, alerts: Sequence[Alert]) -> bool:
    """Post *alerts* (at least one) in one call; whether it was taken. Outside any transaction."""
    with translation.override(settings.ALERT_LANGUAGE):
        told = [
            {
                "key": alert.key,
                "title": alert.title_wording.said(gettext),
                "text": alert.text_wording.said(gettext),
                "since": alert.raised_at.isoformat(),
            }
            for alert in alerts
        ]
    return _post(webhook, [alert.pk for alert in alerts], told) is None


def post_test(webhook: Webhook) -> Wording | None:
    """Post something that is no alert; why it was not taken, None if it was."""
    now = database_now().isoformat()
    told = {
        "key": "test",
        "title": TEST_TITLE.said(gettext),
        "text": TEST_TEXT.said(gettext),
        "since": now,
    }
    return _post(webhook, ["test", now], [told])


def _post(webhook: Webhook, name: object, told: list[dict[str, str]]) -> Wording | None:
    body = {
        "installation": settings.BASE_URL,
        # The same at every try: the receiver can drop a repetition.
        "delivery": sha256(f"{settings.BASE_URL} {name}".encode()).hexdigest()[:32],
        # What chat programs show.
        "text": "\n".join(f"{one['title']}. {one['text']}" for one in told),
        "alerts": told,
    }
    why = _call(webhook, body)
    host = urlsplit(webhook.url).hostname
    now = database_now()
    row = Webhook.objects.filter(pk=webhook.pk, url=webhook.url)
    if why is None:
        log.info("alerts posted", host=host, count=len(told))
        row.update(taken_at=now, problem=None)
    else:
        log.warning("alerts not posted", host=host, why=str(why))
        row.update(failed_at=now, problem=why.to_json())
    return why


def _call(webhook: Webhook, body: dict[str, Any]) -> Wording | None:
    if urlsplit(webhook.url).scheme != "https":
        return NOT_HTTPS
    data = json.dumps(body, ensure_ascii=False).encode()
    time = str(int(database_now().timestamp()))
    signed = hmac.new(key_of(webhook).encode(), f"{time}.".encode() + data, sha256).hexdigest()
    try:
        with (
            Deadline(DEADLINE) as limit,
            make_session(
                limit,
                allow_private_addresses=settings.ALLOW_PRIVATE_ADDRESSES,
                largest_answer=LARGEST_ANSWER,
            ) as session,
        ):
            answer = session.post(
                webhook.url,
                data=data,
                headers={
                    "Content-Type": "application/json; charset=utf-8",
                    "User-Agent": "Syndicator",
                    "X-Syndicator-Timestamp": time,
                    "X-Syndicator-Signature": f"sha256={signed}",
                },
            )
    except (requests.RequestException, OSError, ValueError):
        return NOT_REACHED
    if not 200 <= answer.status_code < 300:
        return Wording(REFUSED, {"status": answer.status_code})
    return None
