"""What an answer's headers say about time: the other side's clock, and when to come back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

#: Headers have whole seconds: what is true at 7.9 s is told at 7.
WHOLE_SECOND = timedelta(seconds=1)
#: Larger numbers count as this one: as a time in Unix seconds, the year 5138.
LARGEST_NUMBER = 10**11


def whole_number(text: str) -> int | None:
    """The number that *text* is, without a sign, at most `LARGEST_NUMBER`; None if it is none."""
    text = text.strip(" \t")  # RFC 9110, 5.6.3; Python strips what `int` does not
    if not (text.isascii() and text.isdigit()):
        return None
    return min(int(text[:4000]), LARGEST_NUMBER)  # `int` refuses endless digits


def platform_time(headers: Mapping[str, str]) -> datetime | None:
    """The time (aware) on the clock of who answered, by ``Date``; None if it does not say.

    In any of the three forms of RFC 9110, 5.6.7.
    """
    return _http_date(headers.get("Date", ""))


def retry_after(
    headers: Mapping[str, str], *, now: datetime, longest: timedelta
) -> timedelta | None:
    """How long ``Retry-After`` asks to wait, never less; None if it does not say.

    Seconds or a date (RFC 9110, 10.2.3); at least one second, at most *longest*. *now* as in
    `wait_until`.
    """
    asked = headers.get("Retry-After", "")
    seconds = whole_number(asked)
    if seconds is not None:
        return max(WHOLE_SECOND, min(timedelta(seconds=seconds), longest))
    moment = _http_date(asked)
    if moment is None:
        return None
    return wait_until(moment, headers, now=now, longest=longest)


def wait_until(
    moment: datetime, headers: Mapping[str, str], *, now: datetime, longest: timedelta
) -> timedelta:
    """How long from the arrival of an answer until *moment* on its sender's clock, never less.

    Measured on the answer's own ``Date``, so that it does not matter if this machine's clock
    (*now*) is wrong; and on *now* where there is none, or where it makes no sense: *moment* would
    be over, or further away than *longest*. At least a second, at most *longest*.
    """
    told = platform_time(headers)
    if told is None or not timedelta(0) <= moment - told <= longest:
        told = now
    return max(WHOLE_SECOND, min(moment - told + WHOLE_SECOND, longest))


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text.strip())
        # RFC 9110 has no zone but GMT; "-0000", which `email` takes for none at all, is the same.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
