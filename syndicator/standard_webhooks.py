"""Calls signed by the rules of Standard Webhooks (https://www.standardwebhooks.com, version 1.0.0).

``webhook-signature`` is ``v1,`` and the base64 of the HMAC-SHA256, under the secret, of the texts
of ``webhook-id`` and ``webhook-timestamp`` and of the body's bytes, with full stops between.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

#: How far the caller's clock may be from ours: a call that was listened in on is worth nothing
#: later.
TOLERANCE = timedelta(minutes=5)
PREFIX = "whsec_"
#: In bytes.
SHORTEST_SECRET = 16
_NEW_SECRET = 32
#: While a secret is exchanged there are several signatures.
_MOST_SIGNATURES = 10
#: Without a full stop, so that the three parts that are signed can be told apart in one way only.
_ID = re.compile(r"[!-\-/-~]{1,200}")
_SECONDS = re.compile(r"[0-9]{1,12}")


class NotSigned(Exception):
    """The call is not proven to come from who has the secret; the text says why, in a sentence."""


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_NEW_SECRET)).decode()


def sign(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """One signature, ``v1,…``. `ValueError` if *secret* is none."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, sha256).digest()).decode()


def check(known: Iterable[str], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The ``webhook-id`` of a call that was signed with one of the *known* secrets just now.

    *now* is aware. Raises `NotSigned`.
    """
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(message_id):
        raise NotSigned(
            "webhook-id must have 1 to 200 printable characters, without spaces and full stops."
        )
    if not _SECONDS.fullmatch(timestamp):
        raise NotSigned("webhook-timestamp must be a time in Unix seconds.")
    offered = headers.get("webhook-signature", "").split(" ")[:_MOST_SIGNATURES]
    if not any(
        hmac.compare_digest(right.encode(), one.encode())
        for right in _right(known, message_id, timestamp, body)
        for one in offered
    ):
        raise NotSigned("webhook-signature has no signature of this call with the secret.")
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        minutes = int(TOLERANCE.total_seconds() // 60)
        raise NotSigned(f"webhook-timestamp is more than {minutes} minutes away from now.")
    return message_id


def _right(known: Iterable[str], message_id: str, timestamp: str, body: bytes) -> list[str]:
    signatures = []
    for secret in known:
        try:
            signatures.append(sign(secret, message_id, timestamp, body))
        except ValueError:
            continue
    return signatures


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("the secret is not base64") from None
    if len(key) < SHORTEST_SECRET:
        raise ValueError("the secret is too short")
    return key
