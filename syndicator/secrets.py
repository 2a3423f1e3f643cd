"""Encryption at rest for what must be read again: Fernet keys, newest first.

The keys may change while this process runs (`syndicator rotate-keys`). So where they are kept in a
file, it is looked at before every use.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from pathlib import Path

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from syndicator import keys_file

log = structlog.get_logger(__name__)


class UnreadableSecrets(Exception):
    """No key of this installation decrypts the secrets: the keys were lost or replaced."""

    def __init__(self) -> None:
        super().__init__(
            "The stored access keys cannot be decrypted with this installation's encryption keys. "
            "Restore the keys, or enter the access keys of the destination again."
        )


class Sealed(Enum):
    """With which key something was encrypted."""

    NEWEST = auto()
    OLDER = auto()
    NONE_OF_OURS = auto()


@dataclass(frozen=True, slots=True)
class _Read:
    """The keys of *file* as it was when it bore *stamp*."""

    file: Path
    stamp: tuple[int, int, int]
    keys: tuple[str, ...]


_last_read: _Read | None = None


def encrypt(values: Mapping[str, str]) -> str:
    return _fernet(_keys()).encrypt(json.dumps(dict(values)).encode()).decode()


def decrypt(token: str) -> dict[str, str]:
    if not token:
        return {}
    try:
        plain = _fernet(_keys()).decrypt(token.encode())
    except InvalidToken:
        try:
            plain = _fernet(_keys(afresh=True)).decrypt(token.encode())
        except InvalidToken:
            raise UnreadableSecrets from None
    values: dict[str, str] = json.loads(plain)
    return values


def sealed(token: str) -> Sealed:
    """Which of the keys *token* needs."""
    for number, key in enumerate(_keys()):
        try:
            Fernet(key).decrypt(token.encode())
        except InvalidToken:
            continue
        return Sealed.OLDER if number else Sealed.NEWEST
    return Sealed.NONE_OF_OURS


def sealed_anew(token: str) -> str:
    """The same, encrypted with the newest key."""
    return _fernet(_keys()).rotate(token.encode()).decode()


def number_of_keys() -> int:
    return len(_keys())


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _keys(*, afresh: bool = False) -> tuple[str, ...]:
    """The keys, newest first; read again if their file has changed, or *afresh*."""
    global _last_read  # noqa: PLW0603
    file: Path | None = settings.ENCRYPTION_KEYS_FILE
    if file is None:
        return tuple(settings.ENCRYPTION_KEYS)
    last = _last_read if _last_read and _last_read.file == file else None
    try:
        stamp = _stamp(file)
        if last is None or afresh or last.stamp != stamp:
            _last_read = last = _Read(file, stamp, keys_file.encryption_keys(file))
    except (OSError, ValueError, LookupError) as error:
        # Somebody is at it, or has broken it: what is running goes on with what it knows.
        log.error("the encryption keys cannot be read again", file=str(file), error=str(error))
    return last.keys if last else tuple(settings.ENCRYPTION_KEYS)


def _stamp(file: Path) -> tuple[int, int, int]:
    found = file.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size
