"""A log-in whose password was right and whose second step is to come."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from syndicator.accounts.models import User
from syndicator.clock import database_now

_KEPT = "half_way"
LASTS = 10 * 60


@dataclass(frozen=True, slots=True)
class HalfWay:
    person: User
    leads_to: str


def keep(session: SessionBase, person: User, leads_to: str) -> None:
    session.cycle_key()
    session[_KEPT] = [
        person.pk,
        person.get_session_auth_hash(),
        database_now().timestamp(),
        leads_to,
    ]


def kept(session: SessionBase) -> HalfWay | None:
    """None if there is none, it took too long, or the password was changed meanwhile."""
    if _KEPT not in session:
        return None
    pk, password, began, leads_to = session[_KEPT]
    person = User.objects.filter(pk=pk, is_active=True).first()
    if (
        person is None
        or not 0 <= database_now().timestamp() - began <= LASTS
        or not constant_time_compare(password, person.get_session_auth_hash())
    ):
        return None
    return HalfWay(person, leads_to)


def forget(session: SessionBase) -> None:
    session.pop(_KEPT, None)
