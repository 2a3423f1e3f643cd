from __future__ import annotations

import sqlite3
import stat
import tarfile
from pathlib import Path

import pytest

from syndicator.embedded.backup import BackupRefused, restore, save


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "keys.json").write_text('{"session": "s", "encryption": ["k"]}')
    database = sqlite3.connect(folder / "syndicator.sqlite3")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE post (text)")
    database.execute("INSERT INTO post VALUES ('Der Abzug beginnt.')")
    database.commit()
    return folder


def posts(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "syndicator.sqlite3") as database:
        return [row[0] for row in database.execute("SELECT text FROM post ORDER BY rowid")]


def test_a_backup_taken_while_somebody_writes_is_restored_whole(
    folder: Path, tmp_path: Path
) -> None:
    writer = sqlite3.connect(folder / "syndicator.sqlite3")
    writer.execute("INSERT INTO post VALUES ('nicht abgeschlossen')")
    save(folder, tmp_path / "night.tar.gz")
    writer.commit()
    restore(tmp_path / "night.tar.gz", tmp_path / "new")
    assert posts(tmp_path / "new") == ["Der Abzug beginnt."]
    assert (tmp_path / "new/keys.json").read_bytes() == (folder / "keys.json").read_bytes()


def test_nobody_else_can_read_the_keys(folder: Path, tmp_path: Path) -> None:
    save(folder, tmp_path / "night.tar.gz")
    restore(tmp_path / "night.tar.gz", tmp_path / "new")
    for path in (tmp_path / "night.tar.gz", tmp_path / "new/keys.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_overwritten(folder: Path, tmp_path: Path) -> None:
    save(folder, tmp_path / "night.tar.gz")
    with pytest.raises(BackupRefused, match="exists already"):
        save(folder, tmp_path / "night.tar.gz")
    with pytest.raises(BackupRefused, match="already holds a database"):
        restore(tmp_path / "night.tar.gz", folder)


def test_other_files_are_no_backups(tmp_path: Path) -> None:
    (tmp_path / "text.tar.gz").write_text("no archive")
    with pytest.raises(BackupRefused, match="cannot be read"):
        restore(tmp_path / "text.tar.gz", tmp_path / "new")
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "text.tar.gz", "../../escaped")
    with pytest.raises(BackupRefused, match="not a backup"):
        restore(tmp_path / "evil.tar.gz", tmp_path / "new")
    assert not (tmp_path / "escaped").exists()
    with pytest.raises(BackupRefused, match="holds no"):
        save(tmp_path / "new", tmp_path / "empty.tar.gz")
