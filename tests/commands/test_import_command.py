"""``syndicator import`` as a person runs it: in a process and an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from syndicator.channels.x.weighted_length import weighted_length
from tests.installation import Installation

LABELS = "Link kopieren\nAuf Facebook teilen\nAuf X teilen\nPer E-Mail teilen\n"
COPY = f"""Friedensgespräche in Genf
Wichtige Updates
Gespräche haben begonnen

Jana Brandt

Gespräche haben begonnen
Um 9.41 Uhr haben sich die Türen des Verhandlungssaals geschlossen.
Die Ministerin betritt das Palais.
Die Ministerin betritt das Palais. Lena Hartwig/dpa
{LABELS}
Tobias Kessler
Der Luftraum über dem Palais ist bis Mitternacht gesperrt, teilt die Polizei mit.
{LABELS}
Jana Brandt
Delegationen in Genf eingetroffen
Die Unterhändler sind am frühen Morgen gelandet und in ihre Hotels gefahren.
„Wir sind bereit, lange zu bleiben.“Ilse Radowan, Außenministerin
{LABELS}"""


def run(
    *arguments: str, home: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SYNDICATOR", "DJANGO"))}
    return subprocess.run(
        [sys.executable, "-m", "syndicator", "import", *arguments],
        env={**(environment or kept), "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "copy.txt"
    path.write_text(COPY, encoding="utf-8")
    return path


def test_a_dry_run_needs_nothing_and_leaves_nothing(copy: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = run(str(copy), "--blog=genf", "--dry-run", "--format=json", home=home)
    assert done.returncode == 0, done.stderr
    entries = json.loads(done.stdout)["entries"]
    assert [(entry["author"], entry["headline"]) for entry in entries] == [
        ("Jana Brandt", "Delegationen in Genf eingetroffen"),
        ("Tobias Kessler", ""),
        ("Jana Brandt", "Gespräche haben begonnen"),
    ]
    for entry in entries:
        assert set(entry["posts"]) >= {"x", "facebook", "email"}
        for text in entry["posts"].values():
            assert text.split().count(entry["permalink"]) == 1
            assert "teilen" not in text
        assert weighted_length(entry["posts"]["x"]) <= 280
        assert all({"type", "text"} <= set(block) for block in entry["blocks"])
    assert entries[2]["posts"]["email"].count("betritt das Palais") == 1
    assert "Lena Hartwig/dpa" in entries[2]["posts"]["email"]
    assert "Palais" not in entries[2]["posts"]["x"]
    assert not home.exists()


def test_the_table_shows_every_entry_and_says_that_nothing_happened(
    copy: Path, tmp_path: Path
) -> None:
    done = run(str(copy), "--blog=genf", "--dry-run", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 entries. Nothing was imported or posted" in done.stdout
    assert "of 280 characters" in done.stdout


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
        (b"<!doctype html><html><p>Nur ein Artikel.</p></html>", "HTML page"),
    ],
)
def test_another_file_is_refused_with_what_was_expected_and_found(
    tmp_path: Path, content: bytes, found: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    done = run(str(path), "--blog=genf", "--dry-run", home=tmp_path)
    assert done.returncode == 1
    assert "Expected" in done.stderr
    assert found in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no-such-file.txt", "--dry-run"], "cannot be read"),
        (["http://127.0.0.1:1/", "--dry-run"], "private network"),
        (["{copy}"], "no installation"),
        (["{copy}", "--dry-run", "--time-zone=Mars/Rover"], "no time zone"),
        (["{copy}", "--dry-run", "--url=ftp://example.org/"], "http"),
    ],
)
def test_what_cannot_work_says_what_to_do(
    copy: Path, tmp_path: Path, arguments: list[str], says: str
) -> None:
    done = run(
        *(argument.format(copy=copy) for argument in arguments), "--blog=genf", home=tmp_path / "h"
    )
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_importing_again_changes_nothing_and_an_edit_updates_exactly_itself(
    copy: Path, tmp_path: Path
) -> None:
    installation = Installation(tmp_path / "data")
    installation.set_up()

    def take_in(blog: str = "genf") -> tuple[dict[str, int], dict[str, str]]:
        done = run(
            str(copy),
            f"--blog={blog}",
            "--format=json",
            home=tmp_path,
            environment=installation.environment,
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        links = {entry["external_id"]: entry["permalink"] for entry in told["entries"]}
        return {change: n for change, n in told["summary"].items() if n}, links

    counted, links = take_in()
    assert counted == {"created": 3}
    assert all(link.startswith("https://m.example.org/lb#") for link in links.values())
    assert take_in() == ({"unchanged": 3}, links)
    copy.write_text(COPY.replace("bis Mitternacht gesperrt", "bis 2 Uhr gesperrt"), "utf-8")
    assert take_in() == ({"updated": 1, "unchanged": 2}, links)
    missing = run(str(copy), "--blog=bern", home=tmp_path, environment=installation.environment)
    assert missing.returncode == 1
    assert "--create" in missing.stderr
