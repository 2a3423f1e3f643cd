"""Encryption at rest for what connects a destination: Fernet keys, newest first."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class UnreadableSecrets(Exception):
    """No key of this installation decrypts the secrets: the keys were lost or replaced."""

    def __init__(self) -> None:
        super().__init__(
            "The stored access keys cannot be decrypted with this installation's encryption keys. "
            "Restore the keys, or enter the access keys of the destination again."
        )


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])


def encrypt(values: Mapping[str, str]) -> str:
    return _fernet().encrypt(json.dumps(dict(values)).encode()).decode()


def decrypt(token: str) -> dict[str, str]:
    if not token:
        return {}
    try:
        values: dict[str, str] = json.loads(_fernet().decrypt(token.encode()))
    except InvalidToken:
        raise UnreadableSecrets from None
    return values
