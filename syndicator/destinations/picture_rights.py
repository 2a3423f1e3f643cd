"""Whose pictures a destination may show, by their credits: lists as in `entries.word_lists`.

Asked twice: when a post is written, which then goes without the picture, and of the finished post
before it is sent, which then waits for an editor.
"""

from __future__ import annotations

from collections.abc import Iterable

from syndicator.content import Image, Picture
from syndicator.destinations.models import Destination
from syndicator.entries.word_lists import first_found, items
from syndicator.wording import Wording, gettext_noop

REFUSED = gettext_noop("The picture is %(credit)s's, which %(destination)s may not show.")
NOT_AMONG = gettext_noop(
    "The picture is credited to %(credit)s, who is not among those whose pictures %(destination)s "
    "may show."
)
NO_CREDIT = gettext_noop(
    "The picture names nobody to credit; %(destination)s may not show such pictures."
)
MUST_NOT_LEAVE = gettext_noop("%(why)s Edit the post: it then goes without the picture.")


def has_rules(destination: Destination) -> bool:
    rules = (destination.refused_credits, destination.only_credits)
    return any(map(items, rules)) or not destination.pictures_without_credit


def objection(destination: Destination, picture: Picture | Image) -> Wording | None:
    """Why *destination* may not show *picture*; None if it may."""
    credit = picture.credit
    said = {"credit": credit, "destination": destination.name}
    if first_found(destination.refused_credits, [credit]):
        return Wording(REFUSED, said)
    if not credit:
        if destination.pictures_without_credit:
            return None
        return Wording(NO_CREDIT, {"destination": destination.name})
    if items(destination.only_credits) and not first_found(destination.only_credits, [credit]):
        return Wording(NOT_AMONG, said)
    return None


def allowed(destination: Destination, pictures: Iterable[Picture]) -> tuple[Picture, ...]:
    """Those of *pictures* that *destination* may show."""
    return tuple(one for one in pictures if objection(destination, one) is None)


def first_objection(destination: Destination, pictures: Iterable[Picture]) -> Wording | None:
    """Why a finished post with *pictures* must not leave for *destination*; None if it may."""
    if not has_rules(destination):
        return None
    found = (objection(destination, one) for one in pictures)
    why = next(filter(None, found), None)
    return Wording(MUST_NOT_LEAVE, {"why": why}) if why else None
