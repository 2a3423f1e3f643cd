"""Times as sources write them: ISO 8601, and seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def aware_time(text: str, time_zone: tzinfo) -> datetime | None:
    """The time that *text* gives, in *time_zone* if it names none; None if it is no ISO 8601."""
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=time_zone)
        # Near the ends of the calendar a time exists that no other zone can show.
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment


def unix_time(seconds: int | None) -> datetime | None:
    """The time *seconds* after the start of 1970 UTC; None if no calendar has it."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
