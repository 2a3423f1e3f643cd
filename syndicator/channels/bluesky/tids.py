"""The record key of a post: a TID that belongs to its idempotency key for ever.

A TID is 63 bits, microseconds since 1970 and then a clock's number of 10 bits, in 13 characters
that sort as the numbers do: https://atproto.com/specs/tid.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime

ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")

_LENGTH = 13
_CLOCK_BITS = 10
_SECOND = 10**6
#: Where the entry has no time: years before there were TIDs, so that none by a clock is met.
_NO_TIME = 2**50
_NO_TIME_SPAN = 2**48
_LARGEST_TIME = 2**53


def record_key(key: str, published_at: str) -> str:
    """The TID for a post with the idempotency *key*, in the second of *published_at* (ISO 8601).

    The same for the same arguments, whenever and wherever. What within the second, and the
    clock's number, are taken from the key's SHA-256: 30 bits that two posts of one second share
    once in a thousand million. Without a time they are 58 bits.
    """
    digest = int.from_bytes(hashlib.sha256(key.encode()).digest())
    digest, clock = divmod(digest, 2**_CLOCK_BITS)
    second = _second(published_at)
    if second is None:
        moment = _NO_TIME + digest % _NO_TIME_SPAN
    else:
        moment = second * _SECOND + digest % _SECOND
    return encoded(moment << _CLOCK_BITS | clock)


def encoded(number: int) -> str:
    """The TID of *number*, from 0 to 2**63 - 1."""
    letters = [ALPHABET[number >> 5 * place & 31] for place in reversed(range(_LENGTH))]
    return "".join(letters)


def _second(published_at: str) -> int | None:
    try:
        moment = datetime.fromisoformat(published_at)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        second = int(aware.timestamp())
    except (ValueError, OverflowError):
        return None
    return second if 0 < second < _LARGEST_TIME // _SECOND else None
