"""What a mail provider reports by calling us, signed by the rules of Standard Webhooks.

The body is one event as JSON, ``{"type": "mail.bounced" | "mail.complained", "data": {…}}``, or a
returned mail as it is (``message/rfc822``). *data* names the mail by ``message_id`` or
``return_path``; of a bounce it has ``status`` (an enhanced code) and ``answer`` (the remote's
words), of a complaint perhaps ``kind``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from syndicator.channels.email.delivery_status import is_status
from syndicator.channels.email.returned import WORDS_KEPT
from syndicator.content import clean_text
from syndicator.newsletter.models import MailingRecipient
from syndicator.newsletter.return_path import ForgedReturnPath, recipient_of
from syndicator.returns import effects
from syndicator.returns.taking_in import Outcome


class NotAnEvent(ValueError):
    """The body is none of what is understood."""


def take_in_event(body: bytes, destination_id: int, now: datetime) -> Outcome:
    """Do what follows from one event about a mail of that destination, and commit it."""
    try:
        event = json.loads(body)
        kind, data = event["type"], event["data"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise NotAnEvent from None
    if not (isinstance(kind, str) and isinstance(data, dict)):
        raise NotAnEvent
    if kind not in ("mail.bounced", "mail.complained"):
        return Outcome.UNRECOGNISED
    recipient_id = _recipient(data, destination_id, now)
    if recipient_id is None:
        return Outcome.UNPROVEN
    if kind == "mail.complained":
        new = effects.complained(recipient_id, _text(data, "kind") or "abuse", now)
        return Outcome.COMPLAINED if new else Outcome.KNOWN
    status = _text(data, "status")
    new = effects.bounced(
        recipient_id, status if is_status(status) else "", _text(data, "answer"), now
    )
    return Outcome.BOUNCED if new else Outcome.KNOWN


def _recipient(data: Mapping[str, Any], destination_id: int, now: datetime) -> int | None:
    mails = MailingRecipient.objects.filter(mailing__destination=destination_id)
    try:
        mails = mails.filter(pk=recipient_of(_text(data, "return_path"), now=now))
    except ForgedReturnPath:
        name = _text(data, "message_id").strip("<>")
        mails = mails.filter(message_id=f"<{name}>")
    return mails.values_list("pk", flat=True).first()


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        return ""
    return clean_text(value[: 4 * WORDS_KEPT].encode("utf-8", "replace").decode())[:WORDS_KEPT]
