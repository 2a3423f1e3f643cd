"""What the columns of a list mean: our own, listmonk's, Mailchimp's, or just addresses.

listmonk exports `uuid, email, name, attributes, status, created_at, updated_at`. Mailchimp exports
three files, of those who are subscribed, who have left (with `UNSUB_TIME`) and whose address is
dead (with `CLEAN_TIME`); its times are in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from django.core.exceptions import ValidationError

from syndicator.content import clean_text
from syndicator.entries.models import known_time_zone
from syndicator.newsletter.models import Pace, SubscriptionState
from syndicator.newsletter.subscribing import normalise
from syndicator.subscriber_lists.files import UnreadableFile
from syndicator.wording import Wording, gettext_noop

NO_ADDRESSES = Wording(
    gettext_noop(
        "No column of email addresses was found. Call it “email” in the first line of the file."
    )
)
NO_ADDRESS = gettext_noop("“%(address)s” is not an email address that mail can be sent to.")
MISSING = Wording(gettext_noop("The line has no email address."))
BLOCKED = Wording(gettext_noop("This person is blocked in the other program."))
DISABLED = Wording(gettext_noop("This person is switched off in the other program."))
DEAD = Wording(gettext_noop("Mail to this address came back in the other program."))
NOT_CONFIRMED = Wording(gettext_noop("This person has never confirmed the address."))
NO_STATE = gettext_noop("The state “%(state)s” is not understood.")

#: The longest address (RFC 5321, 4.5.3.1.3) and name that are kept.
_LONGEST_ADDRESS, _LONGEST_NAME = 254, 200


class Origin(StrEnum):
    """Which program a list comes from."""

    SYNDICATOR = "syndicator"
    LISTMONK = "listmonk"
    MAILCHIMP = "mailchimp"
    PLAIN = "plain"


#: What a column may be called, in small letters, by what it says.
_NAMES = {
    "email": ("email", "email address", "e-mail", "e-mail-adresse", "e-mail address", "adresse"),
    "name": ("name", "full name", "vollständiger name"),
    "first_name": ("first name", "firstname", "vorname"),
    "last_name": ("last name", "lastname", "nachname"),
    "state": ("state", "status"),
    "pace": ("pace",),
    "daily_hour": ("daily_hour",),
    "time_zone": ("time_zone", "timezone"),
    "confirmed_at": ("confirmed_at", "confirm_time", "created_at"),
    "asked_at": ("optin_time",),
    "left_at": ("unsubscribed_at", "unsub_time"),
    "dead_at": ("clean_time",),
}
_MEANINGS = {name: meaning for meaning, names in _NAMES.items() for name in names}
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+")


@dataclass(frozen=True, slots=True)
class Person:
    """One line: who it is about, and whether they want mail or have *left*.

    What the line does not say is None or empty. Times are aware.
    """

    email: str
    name: str = ""
    left: bool = False
    pace: Pace | None = None
    daily_hour: int | None = None
    time_zone: str = ""
    confirmed_at: datetime | None = None
    left_at: datetime | None = None


class UnusableLine(ValueError):
    """Nobody is taken from this line; *reason* says why."""

    def __init__(self, reason: Wording) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a record what stands. *places* goes from a meaning to a cell's index."""

    origin: Origin
    places: Mapping[str, int]
    has_header: bool = True

    def used(self, cells: Sequence[str]) -> list[str]:
        """Those of *cells* that mean something here: no more of a person need be kept."""
        return [cells[place] if place < len(cells) else "" for place in self.places.values()]

    def person(self, used: Sequence[str]) -> Person:
        """The person of a line, of whose cells are left what `used` gives; or `UnusableLine`."""
        return _person(self.origin, dict(zip(self.places, used, strict=True)))


def columns_of(first: Sequence[str]) -> Columns:
    """The meaning of columns by the *first* record; `UnreadableFile` if there are no addresses."""
    places: dict[str, int] = {}
    names = [cell.strip().casefold() for cell in first]
    for index, name in enumerate(names):
        if (meaning := _MEANINGS.get(name)) and meaning not in places:
            places[meaning] = index
    if "email" in places:
        return Columns(_origin(set(names)), places)
    for index, cell in enumerate(first):
        if _ADDRESS.search(cell):
            return Columns(Origin.PLAIN, {"email": index}, has_header=False)
    raise UnreadableFile(NO_ADDRESSES)


def _origin(names: set[str]) -> Origin:
    if "leid" in names or "member_rating" in names or "euid" in names:
        return Origin.MAILCHIMP
    if {"uuid", "attributes"} & names:
        return Origin.LISTMONK
    return Origin.SYNDICATOR if {"pace", "confirmed_at"} <= names else Origin.PLAIN


def _person(origin: Origin, said: Mapping[str, str]) -> Person:
    email, named = _address(said["email"])
    if said.get("dead_at"):
        raise UnusableLine(DEAD)
    names = (said.get("first_name", ""), said.get("last_name", ""))
    name = said.get("name") or " ".join(filter(None, names)) or named
    return Person(
        email=email,
        name=clean_text(_as_it_was(name))[:_LONGEST_NAME],
        left=_has_left(origin, said),
        pace=Pace(said["pace"]) if said.get("pace") in Pace.values else None,
        daily_hour=_hour(said.get("daily_hour", "")),
        time_zone=_zone(said.get("time_zone", "")),
        confirmed_at=_time(said.get("confirmed_at", "")) or _time(said.get("asked_at", "")),
        left_at=_time(said.get("left_at", "")),
    )


def _address(cell: str) -> tuple[str, str]:
    """The address in *cell*, and the name beside it: also “Name <name@example.org>”."""
    text = _as_it_was(cell)
    if not text:
        raise UnusableLine(MISSING)
    name = ""
    if text.endswith(">") and "<" in text:
        name, _, text = text[:-1].rpartition("<")
    try:
        if len(text) > _LONGEST_ADDRESS:
            raise ValidationError("too long")
        return normalise(text), name.strip(' "')
    except ValidationError:
        shown = clean_text(text)[:100]
        raise UnusableLine(Wording(NO_ADDRESS, {"address": shown})) from None


def _as_it_was(cell: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    return cell[1:].strip() if cell[:2] in ("'=", "'+", "'-", "'@") else cell.strip()


def _has_left(origin: Origin, said: Mapping[str, str]) -> bool:
    """Whether the line is about somebody who wants no mail; `UnusableLine` if nobody can tell."""
    state = said.get("state", "").casefold()
    if origin == Origin.LISTMONK and state in ("blocklisted", "blacklisted"):
        raise UnusableLine(BLOCKED)
    if origin == Origin.LISTMONK and state == "disabled":
        raise UnusableLine(DISABLED)
    if state in ("cleaned", "bounced", "complained", "suppressed"):
        raise UnusableLine(DEAD)
    if state in ("pending", "unconfirmed"):
        raise UnusableLine(NOT_CONFIRMED)
    if state in (SubscriptionState.UNSUBSCRIBED, "abgemeldet"):
        return True
    if state not in ("", SubscriptionState.ACTIVE, "enabled", "subscribed", "confirmed"):
        raise UnusableLine(Wording(NO_STATE, {"state": clean_text(state)[:40]}))
    return bool(said.get("left_at"))


def _hour(cell: str) -> int | None:
    return int(cell) if re.fullmatch("[01]?[0-9]|2[0-3]", cell) else None


def _zone(name: str) -> str:
    try:
        known_time_zone(name)
    except ValidationError:
        return ""
    return name


def _time(cell: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
