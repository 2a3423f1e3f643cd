"""The file of an installation's keys: made once, read by every process, replaced as a whole.

Whoever reads it finds the old keys or the new ones, never half of them, however the writer ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import TypedDict

from cryptography.fernet import Fernet

NAME = "keys.json"


class Keys(TypedDict):
    """*encryption* are Fernet keys, newest first: the first one encrypts, all of them decrypt."""

    session: str
    encryption: list[str]


def read(path: Path) -> Keys:
    loaded: Keys = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def read_or_make(path: Path) -> Keys:
    """The keys in *path*; made there if it does not exist, by one of all who try at once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, part = tempfile.mkstemp(prefix=path.name, dir=path.parent)
        try:
            _fill(
                descriptor,
                {"session": secrets.token_urlsafe(50), "encryption": [new_encryption_key()]},
            )
            # If somebody was quicker, theirs count.
            with contextlib.suppress(FileExistsError):
                os.link(part, path)
        finally:
            Path(part).unlink()
        _sync(path.parent)
    return read(path)


def replace(path: Path, keys: Keys) -> None:
    """Put *keys* in the place of those in *path*; its owner stays. One writer at a time."""
    path = path.resolve()
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    before = path.stat()
    if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
        # An administrator's root must not shut the service out.
        os.fchown(descriptor, before.st_uid, before.st_gid)
    _fill(descriptor, keys)
    part.replace(path)
    _sync(path.parent)


def encryption_keys(path: Path) -> tuple[str, ...]:
    """The encryption keys in *path*, newest first: such a file, or keys separated by commas.

    `ValueError` if it holds none, or one that is none.
    """
    text = path.read_text(encoding="utf-8").strip()
    found: list[str] = json.loads(text)["encryption"] if text.startswith("{") else text.split(",")
    keys = tuple(key.strip() for key in found if key.strip())
    if not keys:
        raise ValueError(f"{path} holds no encryption key")
    for key in keys:
        Fernet(key)
    return keys


def new_encryption_key() -> str:
    return Fernet.generate_key().decode()


def _fill(descriptor: int, keys: Keys) -> None:
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(keys, file)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
