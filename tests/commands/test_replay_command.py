"""``syndicator replay`` as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.following.followed import PATH, document
from tests.following.site import Site, serving
from tests.installation import Installation

FOLLOW = """
import json, sys
from syndicator.boot import boot
boot()
from syndicator.clock import database_now
from syndicator.entries.models import LiveBlog
from syndicator.following import switching
from syndicator.following.follow import follow
from syndicator.following.models import Following
blog = LiveBlog.objects.get()
if not Following.objects.exists():
    switching.begin(blog, "ticker", sys.argv[1], "")
Following.objects.update(due_at=database_now())
pk = Following.objects.get().pk
assert follow(pk)
from django.utils import timezone
print(json.dumps([pk, str(timezone.localtime(database_now()).date())]))
"""
FORGE = """
from syndicator.boot import boot
boot()
from syndicator.following.models import Reading
Reading.objects.filter(first_run=False).update(created=5)
"""


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


def run(installation: Installation, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_day_is_printed_as_a_table(site: Site, tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data")
    installation.set_up()
    site.put(PATH, document(1, 2))
    run(installation, "-c", FOLLOW, site.url + PATH)
    site.put(PATH, document(1, 2, 3))
    followed = run(installation, "-c", FOLLOW, site.url + PATH)
    pk, day = json.loads(followed.stdout)
    command = ("-m", "syndicator", "replay")
    answer = run(installation, *command, "genf/ticker", day)
    lines = answer.stdout.splitlines()
    assert lines[0].split() == ["time", "entries", "new", "changed", "taken", "back", "held"]
    assert [line.split()[1:] for line in lines[1:3]] == [[*"22000"], [*"31000"]]
    assert lines[3] == "2 readings, 0 came out differently."
    assert answer.returncode == 0
    run(installation, "-c", FORGE)
    answer = run(installation, *command, str(pk), day)
    assert answer.stdout.splitlines()[2].split()[1:] == ["3", "1", "(5)", "0", "0", "0", "differs"]
    assert answer.returncode == 1
    answer = run(installation, *command, "genf/ticker", "2020-01-01")
    assert "Nothing is kept of 2020-01-01" in answer.stderr
    answer = run(installation, *command, "mars/ticker", day)
    assert f"No source “mars/ticker” is followed. Known: genf/ticker ({pk})." in answer.stderr
