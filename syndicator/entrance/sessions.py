"""Sessions in the database, with whose they are, from where and when they were last used."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.db.models import QuerySet
from django.http import HttpRequest

from syndicator.accounts.models import User
from syndicator.clock import database_now
from syndicator.entrance.models import PersonSession
from syndicator.entrance.places import address_of

#: How exactly it is known when a session was last used.
GRAIN = timedelta(minutes=1)
#: For how long after a log-in, or a password entered again, one may change how to get in.
CONFIRMED_FOR = timedelta(minutes=15)
#: How long a session without a person lasts: long enough to finish a log-in.
NOBODYS = timedelta(minutes=10)
_SEEN, _BROWSER, _ADDRESS, _CONFIRMED = "seen_at", "browser", "address", "confirmed_at"


class SessionStore(DatabaseSessions):
    @classmethod
    def get_model_class(cls) -> type[PersonSession]:
        return PersonSession

    def create_model_instance(self, data: dict[str, Any]) -> PersonSession:
        row: PersonSession = super().create_model_instance(data)  # type: ignore[assignment]
        row.person_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.browser = data.get(_BROWSER, "")
        row.address = data.get(_ADDRESS, "")
        row.seen_at = _moment(data, _SEEN)
        if row.person_id is None:
            row.expire_date = min(row.expire_date, database_now() + NOBODYS)
        return row


def note_use(request: HttpRequest) -> None:
    """Write down, at most once a minute, that a person's session is in use, and from where."""
    session = request.session
    if SESSION_KEY not in session:
        return
    now, seen = database_now(), _moment(session, _SEEN)
    if seen is None or not timedelta(0) <= now - seen < GRAIN:
        _note(session, request, now)


def confirm(session: SessionBase) -> None:
    """The person has just proved to be who they are."""
    session[_CONFIRMED] = database_now().isoformat()


def is_confirmed(session: SessionBase) -> bool:
    confirmed = _moment(session, _CONFIRMED)
    return confirmed is not None and timedelta(0) <= database_now() - confirmed < CONFIRMED_FOR


def of(person: User) -> QuerySet[PersonSession]:
    """A person's sessions, the last used one first."""
    return PersonSession.objects.filter(person=person, expire_date__gt=database_now()).order_by(
        "-seen_at"
    )


def end(person: User, handle: str) -> bool:
    """End one of a person's sessions."""
    ended = [row.session_key for row in of(person) if row.handle == handle]
    PersonSession.objects.filter(session_key__in=ended).delete()
    return bool(ended)


def end_all(person: User, but: str | None = None) -> int:
    """End all of a person's sessions but the one with that key; their number."""
    ended, _by_model = (
        PersonSession.objects.filter(person=person).exclude(session_key=but or "").delete()
    )
    return ended


def _begin(sender: Any, request: HttpRequest, user: User, **_: Any) -> None:
    now = database_now()
    PersonSession.objects.filter(expire_date__lt=now).delete()
    _note(request.session, request, now)
    confirm(request.session)


def _note(session: SessionBase, request: HttpRequest, now: datetime) -> None:
    session[_SEEN] = now.isoformat()
    session[_BROWSER] = request.headers.get("User-Agent", "")[:300]
    session[_ADDRESS] = address_of(request)


def _moment(data: Any, name: str) -> datetime | None:
    said = data.get(name)
    return datetime.fromisoformat(said) if said else None


user_logged_in.connect(_begin, dispatch_uid="syndicator.sessions")
