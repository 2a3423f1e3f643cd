"""ISO 8601 times as sources write them."""

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
