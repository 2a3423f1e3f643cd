"""Backup and restore of a data folder: the SQLite databases and the keys, in one .tar.gz."""

from __future__ import annotations

import io
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from syndicator import keys_file

DATABASE = "syndicator.sqlite3"
KEYS = keys_file.NAME
SAVED = (DATABASE, KEYS)


class BackupRefused(Exception):
    """A backup or restore that would not be one; the text says what to do instead."""


def save(folder: Path, target: Path) -> None:
    """Write a consistent copy of *folder* to *target*, while it is in use or not.

    The file appears under its name only when it is complete. It holds the encryption keys, so it
    is readable by its owner alone.
    """
    database = folder / DATABASE
    if not database.is_file():
        raise BackupRefused(f"{folder} holds no {DATABASE}: name the data folder by --data.")
    if target.exists():
        raise BackupRefused(f"{target} exists already: choose another name.")
    part = target.with_name(target.name + ".part")
    try:
        with (
            tempfile.TemporaryDirectory(dir=target.parent) as scratch,
            os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
            tarfile.open(fileobj=file, mode="w:gz") as archive,
        ):
            copy = Path(scratch) / DATABASE
            with (
                closing(sqlite3.connect(database)) as here,
                closing(sqlite3.connect(copy)) as there,
            ):
                here.backup(there)
            archive.add(copy, DATABASE)
            # After the database: a key that was put first meanwhile is there beside the old ones.
            if (folder / KEYS).is_file():
                archive.add(folder / KEYS, KEYS)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def restore(source: Path, folder: Path) -> None:
    """Bring the backup *source* back into *folder*, which must not hold a database yet."""
    if (folder / DATABASE).exists():
        raise BackupRefused(f"{folder} already holds a database: restore into an empty folder.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    contents = dict(_contents(source))
    # The database comes last: a folder with a database is a restored one.
    for name in reversed(SAVED):
        if name in contents:
            part = folder / f"{name}.part"
            part.touch(mode=0o600)
            part.write_bytes(contents[name])
            part.rename(folder / name)


def _contents(source: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(source, mode="r:gz") as archive:
            names = archive.getnames()
            if DATABASE not in names or set(names) - set(SAVED):
                raise BackupRefused(
                    f"{source} is not a backup of Syndicator: it holds {', '.join(names[:5])}."
                )
            for member in archive.getmembers():
                file = archive.extractfile(member)
                yield member.name, (file or io.BytesIO()).read()
    except (OSError, tarfile.TarError, EOFError) as error:
        raise BackupRefused(f"{source} cannot be read as a backup: {error}.") from error
