"""The one way to write into the audit trail; and its line in the log, without the values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from django.db import models, transaction

from syndicator.accounts.models import AuditEntry, User
from syndicator.clock import database_now
from syndicator.statements import storable

log = structlog.get_logger(__name__)

#: Their values are never written anywhere else; that they changed is.
SECRET = frozenset(
    {
        *("password", "encrypted_secrets", "token_hash", "token_digest", "session", "public_key"),
        "secret",
    }
)
#: Shown in the place of a secret value.
HIDDEN = "•••"
#: What changes by itself, by people's coming and workers' going.
_UNTOLD = frozenset(
    {
        "id",
        "last_login",
        "date_joined",
        "created_at",
        "changed_at",
        "account_key",
        "next_post_at",
        "next_post_set_at",
        "failures",
        "circuit_opened_at",
        "renewing_until",
        "renewals",
    }
)

Values = dict[str, Any]


def record(
    who: User | None,
    act: str,
    what: models.Model | None = None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    name: str = "",
    address: str = "",
) -> AuditEntry:
    """*act* is a past participle (“created”, “paused”)."""
    kind = what._meta.label_lower if what else ""
    written = AuditEntry.objects.create(
        at=database_now(),
        who=who if who is None or who.is_authenticated else None,
        act=act,
        what=kind,
        what_id=what.pk if what else None,
        name=storable(name or (str(what) if what else ""))[:200],
        before=dict(before or {}),
        after=dict(after or {}),
        address=address,
    )
    log.info(
        "settings changed",
        who=who.username if who else "",
        what=kind,
        pk=written.what_id,
        act=act,
        changed=sorted({**written.before, **written.after}),
    )
    return written


@contextmanager
def recorded(who: User | None, act: str, what: models.Model, address: str = "") -> Iterator[None]:
    """Around what changes *what*, or creates or removes it: in one transaction with its record.

    The values are those in the database before and after, whatever *what* holds by then.
    """
    with transaction.atomic():
        before, name = values(what), str(what) if what.pk else ""
        yield
        after = values(what)
        record(
            who,
            act,
            what,
            before=_changed(before, after),
            after=_changed(after, before),
            name=name if not after else str(what),
            address=address,
        )


def values(what: models.Model) -> Values:
    """What the database holds of *what* now, by the names of its fields; nothing if it is not
    there."""
    row = what.__class__._base_manager.filter(pk=what.pk).first() if what.pk else None
    if row is None:
        return {}
    return {
        field.name: _plain(getattr(row, field.name))
        for field in row._meta.concrete_fields
        if field.name not in _UNTOLD
    }


def _changed(these: Values, others: Values) -> Values:
    """Those of *these* that *others* has not, secrets hidden."""
    return {
        name: HIDDEN if name in SECRET and value else value
        for name, value in these.items()
        if name not in others or others[name] != value
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, models.Model | bytes | memoryview) else value
