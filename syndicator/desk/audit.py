"""Who changed which setting: one log line each, without the values."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from django.db.models import Model

from syndicator.accounts.models import User

log = structlog.get_logger(__name__)


def saved(who: User, what: Model, act: str, changed: Iterable[str] = ()) -> None:
    """*act* is a past participle (“created”, “paused”); *changed* the names of changed fields."""
    log.info(
        "settings changed",
        who=who.username,
        what=what._meta.label_lower,
        pk=what.pk,
        act=act,
        changed=sorted(changed),
    )
