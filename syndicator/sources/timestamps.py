"""Times as sources write them: ISO 8601, and seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

#: Systems write other years where they have no time: 0001, 9999. Not all that comes after, nor all
#: databases, can hold those in each zone.
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(2201, 1, 1, tzinfo=UTC)


def is_plausible(moment: datetime) -> bool:
    """Whether *moment* (aware) is of the years 1970 to 2200, UTC."""
    return _FIRST <= moment < _END


def iso_time(text: str, time_zone: tzinfo) -> datetime | None:
    """The time that *text* gives, in *time_zone* if it names none; None if it is no ISO 8601."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=time_zone)


def aware_time(text: str, time_zone: tzinfo) -> datetime | None:
    """The same; None also if it is not plausible."""
    moment = iso_time(text, time_zone)
    return moment if moment and is_plausible(moment) else None


def unix_time(seconds: int | None) -> datetime | None:
    """The time *seconds* after the start of 1970 UTC; None if that is not plausible."""
    if seconds is None:
        return None
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if is_plausible(moment) else None
