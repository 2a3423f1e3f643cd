"""How following a source goes, in a sentence: for the desk and for the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syndicator.following.models import Following
from syndicator.following.pace import LEASE
from syndicator.outbound.fetch import NOT_OK
from syndicator.wording import TimedWording, Wording, gettext_noop

#: A source that nobody looked at for so long after its time: no worker does.
OVERDUE = timedelta(minutes=2)
#: With these a server asks to be left alone for a while (RFC 9110, 15.6.4; RFC 6585, 4).
_ASKS_TO_WAIT = (429, 503)


class Kind(StrEnum):
    """How it goes; WAITS and FAILS are not well, NOT_LOOKED_AT is our own fault."""

    OFF = "off"
    FIRST = "first"
    LOOKING = "looking"
    FOLLOWS = "follows"
    WAITS = "waits"
    FAILS = "fails"
    NOT_LOOKED_AT = "not looked at"


OFF = gettext_noop("It is switched off: nothing new is seen.")
FIRST = gettext_noop("It is looked at for the first time; what is there already is not posted.")
LOOKING = gettext_noop("It is being looked at now.")
FOLLOWS = gettext_noop("It is followed; the next look is at %(next)s.")
WAITS = gettext_noop("The site asked to be left alone until %(next)s.")
FAILS = gettext_noop("It has not been read since %(since)s; the next try is at %(next)s.")
NEVER_READ = gettext_noop("It has not been read yet; the next try is at %(next)s.")
NOT_LOOKED_AT = gettext_noop("It should have been looked at at %(next)s, and nobody did.")


@dataclass(frozen=True, slots=True)
class Standing:
    """*because* is why it is not well, where the last look said so."""

    kind: Kind
    what: TimedWording
    because: Wording | None = None

    @property
    def is_well(self) -> bool:
        return self.kind in (Kind.FIRST, Kind.LOOKING, Kind.FOLLOWS)


def standing(following: Following, now: datetime) -> Standing:
    due, asked = following.due_at, following.asked_at
    if due is None:
        return Standing(Kind.OFF, TimedWording(OFF))
    why = following.problem_wording
    if due < now - OVERDUE:
        return Standing(Kind.NOT_LOOKED_AT, TimedWording(NOT_LOOKED_AT, {"next": due}), why)
    if asked is not None and due == asked + LEASE:
        kind = Kind.FAILS if following.failures else Kind.LOOKING
        return Standing(kind, TimedWording(LOOKING), why)
    if following.failures:
        return _failing(following, due, why)
    if following.began_at is None:
        return Standing(Kind.FIRST, TimedWording(FIRST))
    return Standing(Kind.FOLLOWS, TimedWording(FOLLOWS, {"next": due}))


def _failing(following: Following, due: datetime, why: Wording | None) -> Standing:
    if why and why.sentence == NOT_OK.sentence and why.gaps.get("status") in _ASKS_TO_WAIT:
        return Standing(Kind.WAITS, TimedWording(WAITS, {"next": due}), why)
    if following.answered_at is None:
        return Standing(Kind.FAILS, TimedWording(NEVER_READ, {"next": due}), why)
    said = TimedWording(FAILS, {"since": following.answered_at, "next": due})
    return Standing(Kind.FAILS, said, why)
