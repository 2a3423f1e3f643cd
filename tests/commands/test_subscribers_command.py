"""``syndicator subscribers`` as a person runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.installation import Installation


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    made = Installation(tmp_path / "data")
    made.set_up()
    return made


def subscribers(installation: Installation, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "syndicator", "subscribers", *words],
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_list_goes_in_and_comes_out_again(installation: Installation, tmp_path: Path) -> None:
    file, report = tmp_path / "leser.csv", tmp_path / "report.csv"
    file.write_text("email,pace\njana@example.org,daily\nnonsense,\n")
    blog = ("--blog", "genf")
    options = ("--consent", "Formular", "--report", str(report))
    first = subscribers(installation, "import", str(file), *blog, *options)
    assert first.stdout.split() == ["1", "added", "1", "not", "taken"], first.stderr
    assert "3,nonsense,refused," in report.read_text()
    again = subscribers(installation, "import", str(file), *blog, *options)
    assert "1  was on the list already" in again.stdout
    saved = subscribers(installation, "export", *blog)
    assert "jana@example.org,,active,daily,7," in saved.stdout


def test_it_says_which_live_blogs_there_are(installation: Installation) -> None:
    answer = subscribers(installation, "export", "--blog", "mars")
    assert answer.returncode == 1
    assert "There is no live blog “mars”. There are: genf." in answer.stderr
