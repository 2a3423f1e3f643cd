"""Who changed what on the desk: the audit trail, written for the person who asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from django.db.models import Model

from syndicator.accounts import audit
from syndicator.accounts.models import User
from syndicator.desk.access import DeskRequest
from syndicator.entrance.places import address_of


def recorded(request: DeskRequest, act: str, what: Model) -> AbstractContextManager[None]:
    """Around what changes *what*: its record, with the values before and after, or neither.

    *act* is a past participle (“created”, “paused”).
    """
    return audit.recorded(request.user, act, what, address_of(request))


def record(
    request: DeskRequest,
    act: str,
    what: Model | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """An act upon what has no values of its own to compare, or none that matter."""
    audit.record(request.user, act, what, before=before, after=after, address=address_of(request))


def saved(who: User, what: Model, act: str, changed: Iterable[str] = (), name: str = "") -> None:
    """An act whose values before are of no interest; *changed* names those to keep from after."""
    now = audit.values(what)
    after = {name: now[name] for name in changed if name in now and name not in audit.SECRET}
    audit.record(who, act, what, after=after, name=name)
