"""docs/samples.md says what the platforms post now, as the command itself finds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "samples.md"


def check(page: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "syndicator", "samples", "--check", str(page)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_is_what_the_platforms_post_now() -> None:
    done = check(PAGE)
    assert done.returncode == 0, done.stderr


def test_another_page_is_noticed_and_left_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "samples.md"
    page.write_text(PAGE.read_text(encoding="utf-8").replace("Foto: Robert Falk/dpa", "", 1))
    before = page.read_text(encoding="utf-8")
    done = check(page)
    assert done.returncode == 1
    assert "syndicator samples" in done.stderr
    assert page.read_text(encoding="utf-8") == before
