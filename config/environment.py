"""Reads the environment: ``SYNDICATOR_<NAME>``, or the file named by ``SYNDICATOR_<NAME>_FILE``."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TypedDict

from cryptography.fernet import Fernet

PREFIX = "SYNDICATOR_"
PACKAGE = Path(__file__).parent.parent / "syndicator"


class MisconfiguredEnvironment(SystemExit):
    """A variable that cannot be used; the text says which one and what it should hold."""


def read(name: str, default: str = "") -> str:
    """The value of ``SYNDICATOR_<name>``; secrets may come from a file, as Docker mounts them."""
    path = os.environ.get(f"{PREFIX}{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise MisconfiguredEnvironment(
                f"{PREFIX}{name}_FILE names {path}, which cannot be read: {error.strerror}."
            ) from error
    return os.environ.get(PREFIX + name, default)


def read_list(name: str, default: str = "") -> list[str]:
    """A comma-separated value as a list."""
    return [item.strip() for item in read(name, default).split(",") if item.strip()]


def read_flag(name: str, default: bool = False) -> bool:
    value = read(name).lower()
    if value in ("", "1", "true", "yes", "on", "0", "false", "no", "off"):
        return default if not value else value in ("1", "true", "yes", "on")
    raise MisconfiguredEnvironment(f"{PREFIX}{name} must be yes or no, not {value!r}.")


class Keys(TypedDict):
    session: str
    encryption: list[str]


def data_folder() -> Path:
    """Where the database, the keys and everything else worth a backup live."""
    return Path(read("DATA", "~/.local/share/syndicator")).expanduser().absolute()


def keys(folder: Path) -> Keys:
    """Signing and encryption keys: from the environment, else made once and kept in *folder*.

    ``SYNDICATOR_ENCRYPTION_KEYS`` holds Fernet keys, newest first; older ones still decrypt.
    """
    session, encryption = read("SECRET_KEY"), read_list("ENCRYPTION_KEYS")
    if session and encryption:
        return {"session": session, "encryption": encryption}
    if session or encryption:
        raise MisconfiguredEnvironment(
            f"Set both {PREFIX}SECRET_KEY and {PREFIX}ENCRYPTION_KEYS, or neither: "
            "then both are made and kept in the data folder."
        )
    kept = folder / "keys.json"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        loaded: Keys = json.loads(kept.read_text(encoding="utf-8"))
        return loaded
    made: Keys = {
        "session": secrets.token_urlsafe(50),
        "encryption": [Fernet.generate_key().decode()],
    }
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(made, file)
        file.flush()
        os.fsync(file.fileno())
    return made
