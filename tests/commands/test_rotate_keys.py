"""``syndicator rotate-keys`` as a person runs it, beside a process that works on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from syndicator import keys_file
from syndicator.destinations.key_rotation import WAIT_SECONDS
from tests.installation import Installation

#: Says what it decrypts, and stores anew what it is told, for every line it reads.
WORKS = """
import json, sys
from syndicator.boot import boot
boot()
from syndicator.destinations.accounts import account_of
from syndicator.destinations.models import Destination
for line in sys.stdin:
    account = account_of(Destination.objects.get(name="x"))
    print(json.dumps(account.settings["access_token"]), flush=True)
    account.renew(lambda given: {"access_token": line.strip()})
"""


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    made = Installation(tmp_path / "data")
    made.set_up()
    return made


def rotate_keys(installation: Installation, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "syndicator", "rotate-keys", *options],
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@contextmanager
def working(installation: Installation) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", WORKS],
        env=installation.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def renewed(process: subprocess.Popen[str], token: str) -> str:
    """What *process* read of the destination before it stored *token*."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{token}\n")
    process.stdin.flush()
    said: str = json.loads(process.stdout.readline())
    return said


def test_a_running_process_takes_the_new_key_up_and_the_old_ones_loss(
    installation: Installation,
) -> None:
    file = installation.folder / "keys.json"
    (old,) = keys_file.encryption_keys(file)
    with working(installation) as process:
        renewed(process, "first")
        said = rotate_keys(installation)
        assert said.returncode == 0, said.stderr
        assert "just now" in said.stdout
        assert renewed(process, "second") == "first"
        again = rotate_keys(installation, "--forget-old")
        assert again.returncode == 1
        assert "minutes" in again.stderr
        then = file.stat().st_mtime - WAIT_SECONDS
        os.utime(file, (then, then))
        forgotten = rotate_keys(installation, "--forget-old")
        assert forgotten.returncode == 0, forgotten.stderr
        (kept,) = keys_file.encryption_keys(file)
        assert kept != old
        assert renewed(process, "third") == "second"
    with working(installation) as process:
        assert renewed(process, "fourth") == "third"


def test_run_again_after_it_was_killed_it_makes_no_further_key(
    installation: Installation,
) -> None:
    file = installation.folder / "keys.json"
    keys = keys_file.read(file)
    # What a run leaves that is killed right after the key is there.
    keys["encryption"].insert(0, keys_file.new_encryption_key())
    keys_file.replace(file, keys)
    said = rotate_keys(installation)
    assert "no further key is made" in said.stdout
    assert len(keys_file.encryption_keys(file)) == 2
    rotate_keys(installation)
    assert len(keys_file.encryption_keys(file)) == 3


def test_keys_of_the_environment_are_left_to_whoever_set_them(installation: Installation) -> None:
    file = installation.folder / "keys.json"
    before = file.read_bytes()
    (old,) = keys_file.encryption_keys(file)
    new = keys_file.new_encryption_key()
    installation.environment |= {
        "SYNDICATOR_SECRET_KEY": keys_file.read(file)["session"],
        "SYNDICATOR_ENCRYPTION_KEYS": f"{new},{old}",
    }
    said = rotate_keys(installation)
    assert said.returncode == 0, said.stderr
    assert "Put it first on every machine" in said.stdout
    assert "remove the others" in rotate_keys(installation, "--forget-old").stdout
    assert file.read_bytes() == before
    installation.environment["SYNDICATOR_ENCRYPTION_KEYS"] = new
    with working(installation) as process:
        assert renewed(process, "next")


def test_it_makes_no_installation_where_there_is_none(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SYNDICATOR_")}
    folder = tmp_path / "nowhere"
    said = subprocess.run(
        [sys.executable, "-m", "syndicator", "rotate-keys", "--data", str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert said.returncode == 1
    assert "holds no syndicator.sqlite3" in said.stderr
    assert not folder.exists()
