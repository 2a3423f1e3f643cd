"""Gives the installation a new encryption key, and encrypts everything stored with it.

The order makes it safe to be ended at any point, and to be run again: the new key is in the file
before anything needs it, and an old one leaves it only when it is proven that nothing does. What
is encrypted in sessions lasts for minutes and is never encrypted anew: see `WAIT_SECONDS`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Model, QuerySet

from syndicator import keys_file, secrets
from syndicator.secrets import Sealed

#: How long the newest key must have been known before others are forgotten: longer than a sign-in
#: under way lasts in a session, and than anything between encrypting and committing.
WAIT_SECONDS = 15 * 60

#: Whatever is stored encrypted stands in a column of this name, whichever model it belongs to.
COLUMN = "encrypted_secrets"


class NotYet(Exception):
    """Old keys may still be needed; the text says what to do."""


@dataclass
class Rotated:
    """*rewritten* and *untouched* count rows; *unreadable* names those that none of the keys
    decrypts."""

    rewritten: int = 0
    untouched: int = 0
    unreadable: list[str] = field(default_factory=list)


def is_unfinished() -> bool:
    """Whether something needs an older key, because a rotation was ended half-way."""
    return any(
        secrets.sealed(token) == Sealed.OLDER
        for rows in _stored()
        for token in rows.values_list(COLUMN, flat=True)
    )


def add_key(file: Path) -> None:
    """Put a new key first; from then on every process encrypts with it."""
    keys = keys_file.read(file)
    keys["encryption"].insert(0, keys_file.new_encryption_key())
    keys_file.replace(file, keys)


def encrypt_anew() -> Rotated:
    """Encrypt all that is stored with the newest key, one row at a time."""
    done = Rotated()
    for rows in _stored():
        for pk in rows.order_by("pk").values_list("pk", flat=True):
            _encrypt_row_anew(rows, pk, done)
    return done


def _encrypt_row_anew(rows: QuerySet[Any], pk: int, done: Rotated) -> None:
    with transaction.atomic():
        # A worker may be renewing what it holds.
        row = rows.select_for_update(no_key=True).filter(pk=pk).first()
        if row is None:
            return
        match secrets.sealed(row.encrypted_secrets):
            case Sealed.NEWEST:
                done.untouched += 1
            case Sealed.NONE_OF_OURS:
                done.unreadable.append(str(row))
            case Sealed.OLDER:
                row.encrypted_secrets = secrets.sealed_anew(row.encrypted_secrets)
                row.save(update_fields=[COLUMN])
                done.rewritten += 1


def forget_old(file: Path | None) -> int:
    """Leave only the newest key in *file* (None: prove only that this may be done); the number of
    keys that nothing needs any more. `NotYet` if something may."""
    if file is not None:
        _must_be_old(file)
    with transaction.atomic():
        # Until the file is written nobody can store what an old key encrypted: who writes takes
        # the row first, and encrypts then.
        rows = [
            row
            for stored in _stored()
            for row in stored.order_by("pk").select_for_update(no_key=True)
        ]
        needy = [str(row) for row in rows if secrets.sealed(row.encrypted_secrets) == Sealed.OLDER]
        if needy:
            raise NotYet(
                f"Still encrypted with an older key: {', '.join(needy)}. "
                "Run “syndicator rotate-keys” first."
            )
        old = secrets.number_of_keys() - 1
        if file is not None and old:
            keys = keys_file.read(file)
            keys["encryption"] = keys["encryption"][:1]
            keys_file.replace(file, keys)
    return old


def _must_be_old(file: Path) -> None:
    age = _time_there(file.parent) - file.stat().st_mtime
    if not age >= WAIT_SECONDS:
        minutes = max(1, round((WAIT_SECONDS - age) / 60))
        raise NotYet(
            "The newest key is not known for long enough: something under way may still need an "
            f"older one. Run this again in {minutes} minutes."
        )


def _time_there(folder: Path) -> float:
    """The time by the clock that dates the files in *folder*, which may be another machine's."""
    with NamedTemporaryFile(dir=folder) as probe:
        return os.fstat(probe.fileno()).st_mtime


def _stored() -> list[QuerySet[Any]]:
    """All rows of any model that hold something encrypted."""
    return [
        model._default_manager.exclude(**{COLUMN: ""})
        for model in apps.get_models()
        if _has_secrets(model)
    ]


def _has_secrets(model: type[Model]) -> bool:
    return any(field.name == COLUMN for field in model._meta.concrete_fields)
