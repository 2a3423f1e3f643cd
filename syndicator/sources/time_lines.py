"""Lines that say when: "14:32 Uhr", "17. November 2026, 14:32 Uhr", "vor 3 Stunden"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januar jänner january jan",
            "februar february feb",
            "märz march mär mrz mar",
            "april apr",
            "mai may",
            "juni june jun",
            "juli july jul",
            "august aug",
            "september sept sep",
            "oktober october okt oct",
            "november nov",
            "dezember december dez dec",
        ),
        start=1,
    )
    for name in names.split()
}
_ZONES: dict[str, tzinfo] = {
    "z": UTC,
    "utc": UTC,
    "gmt": UTC,
    "bst": timezone(timedelta(hours=1)),
    "mez": timezone(timedelta(hours=1)),
    "cet": timezone(timedelta(hours=1)),
    "mesz": timezone(timedelta(hours=2)),
    "cest": timezone(timedelta(hours=2)),
    "est": timezone(timedelta(hours=-5)),
    "edt": timezone(timedelta(hours=-4)),
    "et": ZoneInfo("America/New_York"),
}
_MONTH = rf"(?:{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_NUMBER = r"(?:\d{1,3}|an?|one|two|few|eine[rnm]?|zwei|drei|vier|fünf|wenigen|einigen|mehreren)"
_UNIT = (
    r"(?:s|sec|seconds?|sek|sekunden?|m|mins?|minutes?|minuten?|h|hrs?|hours?|std|stunden?"
    r"|d|days?|tage?n?|weeks?|wochen?)\b\.?"
)
_DATE = (
    rf"(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th)?\s?(?P<month>{_MONTH})(?:,?\s(?P<year>\d{{4}}))?\b"
    rf"|(?P<month_first>{_MONTH})\s(?P<day_second>\d{{1,2}})(?:st|nd|rd|th)?\b"
    r"(?:,?\s(?P<year_third>\d{4})\b)?"
    r"|(?P<day_number>\d{1,2})\.\s?(?P<month_number>\d{1,2})\."
    r"(?:\s?(?P<year_number>\d{4}|\d{2})(?![\d:.]))?"
)
_PIECE = re.compile(
    r"(?P<iso>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?)"
    rf"|(?P<date>{_DATE})"
    r"|(?P<clock>(?P<hour>[01]?\d|2[0-3])(?:[:.](?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\d:.]\d)"
    r"|(?=\s?(?:Uhr|[ap]\.?m\b)))"
    r"(?:\s?(?:Uhr\b|h\b))?(?:\s?(?P<half>[ap])\.?m\b\.?)?"
    r"(?:\s?\(?(?P<zone>UTC|GMT|BST|ME?S?Z|CES?T|E[SD]?T|Z)\b\)?)?)"
    rf"|(?P<relative>vor\s(?:etwa\s|rund\s|ca\.\s|über\s)?{_NUMBER}\s?{_UNIT}"
    rf"|(?:about\s|over\s)?{_NUMBER}\s?{_UNIT}\sago\b|\d{{1,3}}\s?(?:min|h|m)\b\.?"
    r"|gerade\seben\b|soeben\b|just\snow\b|vor\skurzem\b)"
    r"|(?P<named_day>heute|gestern|today|yesterday)\b"
    r"|(?:(?:Zuletzt\s)?(?:Aktualisiert|Veröffentlicht|Stand|Update|Published|Posted)"
    r"|(?:Last\s)?Updated|am|um|at|on|den|vom|as\sof"
    r"|(?:Mon|Diens|Donners|Frei|Sams|Sonn)tag|Mittwoch|Sonnabend|(?:Mo|Di|Mi|Do|Fr|Sa|So)\."
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b)"
    r"(?=[\s,:.]|$)"
    r"|[\s,:|•·()/–—-]+",
    re.IGNORECASE,
)
_MAY_SAY_WHEN = re.compile(
    r"\d|\b(?:vor|ago|gerade|soeben|just|heute|gestern|today|yesterday)\b", re.IGNORECASE
)
_FULL_DATE = re.compile(rf"(?<![\d.])(?:{_DATE}|(?P<iso>\d{{4}}-\d\d-\d\d)(?!\d))", re.IGNORECASE)
_SINCE = re.compile(r"(?:seit|since|ab|nach|before|after)(?:\s(?:dem|the))?\s?$", re.IGNORECASE)
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Moment:
    """What a time line says. All empty for a relative one, which is worth nothing in a copy.

    *day* is None where no day is given; *yearless* then may hold (month, day). *days_ago* is 1
    for "yesterday".
    """

    day: date | None = None
    clock: time | None = None
    zone: tzinfo | None = None
    yearless: tuple[int, int] | None = None
    days_ago: int = 0

    def on(self, today: date | None) -> date | None:
        """The day meant, where *today* is the page's own date."""
        if self.day or not today:
            return self.day
        if self.yearless:
            return _date(today.year, *self.yearless)
        return today - timedelta(days=self.days_ago)

    def __or__(self, other: Moment) -> Moment:
        """What two time lines of one entry say together; *self* wins."""
        return Moment(
            self.day or other.day,
            *((self.clock, self.zone) if self.clock else (other.clock, other.zone)),
            self.yearless or other.yearless,
            self.days_ago or other.days_ago,
        )


def read_time_line(line: str) -> Moment | None:
    """What *line* says if it says nothing but when; None for any other line."""
    moment, end = _scan(line)
    return moment if moment and end == len(line) else None


def split_time(line: str) -> tuple[str, Moment] | None:
    """A line like "Mara Lindner, 14:32 Uhr" as what is beside the time, and the time."""
    if len(line) > _LONGEST or not _MAY_SAY_WHEN.search(line):
        return None
    moment, end = _scan(line)
    if moment and end < len(line):
        return line[end:], moment
    for gap in re.finditer(r"[\s,|•·(–—-]+", line):
        if gap.start() and (moment := read_time_line(line[gap.start() :])):
            return line[: gap.start()], moment
    return None


def dates_in(text: str) -> set[date]:
    """The days with a year that *text* names, apart from those it only counts from."""
    return {
        day
        for found in _FULL_DATE.finditer(text)
        if not _SINCE.search(text[max(0, found.start() - 20) : found.start()])
        and (day := date.fromisoformat(found["iso"]) if _valid_iso(found["iso"]) else _day(found))
    }


def _scan(line: str) -> tuple[Moment | None, int]:
    """The moment that *line* begins with, if any, and where what belongs to it ends."""
    moment: Moment | None = None
    position = 0
    if len(line) > _LONGEST:
        return None, 0
    while position < len(line) and (piece := _PIECE.match(line, position)):
        # "Mayer" is no month, "1.500" no clock time: a piece ends where a word or number does.
        if piece.end() < len(line) and _joined(line[piece.end() - 1], line[piece.end()]):
            break
        said = _moment(piece)
        if said is not None:
            moment = moment | said if moment else said
        position = piece.end()
    return moment, position


def _joined(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum()


def _moment(piece: re.Match[str]) -> Moment | None:
    if iso := piece["iso"]:
        try:
            stamp = datetime.fromisoformat(iso)
        except ValueError:
            return None
        return Moment(stamp.date(), stamp.time() if len(iso) > 10 else None, stamp.tzinfo)
    if piece["date"]:
        day = _day(piece)
        return Moment(day, yearless=None if day else _month_and_day(piece))
    if piece["clock"]:
        return Moment(clock=_clock(piece), zone=_ZONES.get((piece["zone"] or "").lower()))
    if piece["named_day"]:
        return Moment(days_ago=int(piece["named_day"].lower() in ("gestern", "yesterday")))
    return Moment() if piece["relative"] else None


def _clock(piece: re.Match[str]) -> time:
    hour = int(piece["hour"])
    if piece["half"] and hour <= 12:
        hour = hour % 12 + (12 if piece["half"].lower() == "p" else 0)
    return time(hour, int(piece["minute"] or 0))


def _month_and_day(found: re.Match[str]) -> tuple[int, int]:
    if found["month_number"]:
        return int(found["month_number"]), int(found["day_number"])
    month = (found["month"] or found["month_first"]).rstrip(".").lower()
    return _MONTHS[month], int(found["day"] or found["day_second"])


def _day(found: re.Match[str]) -> date | None:
    year = found["year"] or found["year_third"] or found["year_number"]
    if not year:
        return None
    return _date(int(year) + (2000 if len(year) == 2 else 0), *_month_and_day(found))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _valid_iso(text: str | None) -> bool:
    return bool(text) and _date(*map(int, str(text).split("-"))) is not None
