"""The times of feeds: RFC 822 in RSS, ISO 8601 in Atom, and what is written instead."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

from syndicator.sources.timestamps import aware_time

#: Hours east of Greenwich of the zones that RFC 822 leaves out and European systems write.
_ZONES = dict.fromkeys(("Z", "UTC", "WET"), 0)
_ZONES |= dict.fromkeys(("MEZ", "CET", "WEST", "BST"), 1)
_ZONES |= dict.fromkeys(("MESZ", "CEST", "EET"), 2)
_ZONES |= {"EEST": 3}
_ZONE_NAME = re.compile(r"(?<=[\d\s])[A-Za-z]{1,5}$")
#: By their first three letters, where these are not the English ones.
_GERMAN_MONTHS = {
    "jän": "Jan",
    "mär": "Mar",
    "mrz": "Mar",
    "mai": "May",
    "okt": "Oct",
    "dez": "Dec",
}
_DAY_NAME = re.compile(r"^[^\W\d_]{2,12}\.?,\s*")
_DAY_AND_MONTH = re.compile(r"^(\d{1,2})\.?\s+([^\W\d_]{3,9})\.?(?=\s)")
_LONGEST = 80


def feed_time(text: str, time_zone: tzinfo) -> datetime | None:
    """The time that *text* gives, in *time_zone* if it names none; None if it is unclear."""
    text = " ".join(text[: _LONGEST + 1].split())
    if not text or len(text) > _LONGEST:
        return None
    return aware_time(text, time_zone) or _rfc_822(text, time_zone)


def _rfc_822(text: str, time_zone: tzinfo) -> datetime | None:
    zone = time_zone
    text = _DAY_AND_MONTH.sub(_in_english, _DAY_NAME.sub("", text))
    if (name := _ZONE_NAME.search(text)) and name[0].upper() in _ZONES:
        zone = timezone(timedelta(hours=_ZONES[name[0].upper()]))
        text = text[: name.start()].rstrip()
    elif text.endswith("-0000"):
        zone = UTC
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo:
        return aware_time(moment.isoformat(), zone)
    # A zone that nobody knows is not the live blog's.
    return None if _ZONE_NAME.search(text) else aware_time(moment.isoformat(), zone)


def _in_english(found: re.Match[str]) -> str:
    month = found[2][:3]
    return f"{found[1]} {_GERMAN_MONTHS.get(month.lower(), month)}"
