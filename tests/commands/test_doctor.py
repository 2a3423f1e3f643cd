"""``syndicator doctor`` as a person runs it, beside what runs and beside what is down."""

from __future__ import annotations

import json
import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation

#: Topics × what each may take, and the start of the process.
PATIENCE = 60
MAKE = """
from syndicator.boot import boot
boot()
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
"""
PAUSE = """
from syndicator.boot import boot
boot()
from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.wording import Wording
destination = Destination.objects.get(name="x")
Destination.pause(destination.pk, Wording("The token was refused."), database_now())
"""


def doctor(
    environment: dict[str, str], folder: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "syndicator", "doctor", "--data", str(folder), *options],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(
        tmp_path / "data",
        {
            "SYNDICATOR_MAIL_URL": "smtp://127.0.0.1:9",
            "SYNDICATOR_MAIL_FROM": "desk@example.org",
            "SYNDICATOR_ALERT_ADDRESSES": "duty@example.org",
        },
    )
    yield made
    made.stop()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def topics(report: dict[str, Any]) -> dict[str, list[str]]:
    return {
        row["topic"]: [finding["severity"] for finding in row["findings"]]
        for row in report["topics"]
    }


def test_beside_a_running_installation(installation: Installation) -> None:
    installation.set_up()
    installation.start("desk", "syndicator", "serve", "--port", str(installation.port))
    installation.wait_until_ready()
    environment, folder = installation.environment, installation.folder

    def well() -> bool:
        return doctor(environment, folder).returncode == 0

    installation.eventually(well)
    said = doctor(environment, folder)
    assert said.stdout.rstrip().endswith("All is well.")
    assert "\x1b" not in said.stdout

    installation.script(PAUSE)
    said = doctor(environment, folder)
    assert said.returncode == 1
    assert "x is paused; posts that wait: 0." in said.stdout
    assert "The token was refused." in said.stdout
    assert re.search(r"since \d\d:\d\d:\d\d \(\d+ s\)", said.stdout)
    assert "1 thing needs a person." in said.stdout
    assert max(map(len, said.stdout.splitlines())) <= 80

    said = doctor(environment, folder, "--json")
    assert said.returncode == 1
    report = json.loads(said.stdout)
    assert report["status"] == "needs a person"
    assert topics(report)["Delivery"] == ["problem"]
    finding = next(row for row in report["topics"] if row["topic"] == "Delivery")["findings"][0]
    assert finding["because"] == "The token was refused."
    assert finding["since"].endswith("+00:00")
    assert "Resume" in finding["what_to_do"]


def test_it_makes_no_installation_where_there_is_none(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SYNDICATOR_")}
    folder = tmp_path / "nowhere"
    said = doctor(environment, folder)
    assert said.returncode == 2
    assert "holds no syndicator.sqlite3" in said.stderr
    assert not folder.exists()


def test_it_changes_nothing(installation: Installation) -> None:
    installation.script(MAKE)
    before = (installation.folder / "syndicator.sqlite3").read_bytes()
    assert doctor(installation.environment, installation.folder).returncode == 1
    assert (installation.folder / "syndicator.sqlite3").read_bytes() == before


def test_a_database_that_lacks_changes_is_not_looked_into(installation: Installation) -> None:
    installation.script(MAKE.replace('"migrate"', '"migrate", "posts", "0001"'))
    said = doctor(installation.environment, installation.folder, "--json")
    assert said.returncode == 1
    report = json.loads(said.stdout)
    assert topics(report)["Database"] == ["problem"]
    looked_at = {row["topic"] for row in report["topics"] if row["looked_at"]}
    assert looked_at == {"Database", "Broker", "Disk"}


def test_a_database_that_is_no_database(installation: Installation) -> None:
    (installation.folder / "syndicator.sqlite3").write_bytes(b"scribbled over" * 100)
    said = doctor(installation.environment, installation.folder)
    assert said.returncode == 2
    assert "The database does not answer: file is not a database" in " ".join(said.stdout.split())
    assert "not looked at, for want of the database" in said.stdout


@pytest.mark.parametrize("broker", ["redis://{}/0", "amqp://guest:guest@{}//"])
def test_servers_that_never_answer_do_not_hold_it_up(
    installation: Installation, silent: str, broker: str
) -> None:
    environment = {
        **installation.environment,
        "SYNDICATOR_DATABASE_URL": f"postgres://someone:s3cret@{silent}/syndicator",
        "SYNDICATOR_BROKER_URL": broker.format(silent),
    }
    said = doctor(environment, installation.folder)
    assert said.returncode == 2
    assert "2 parts do not answer." in said.stdout
    assert "Disk        ✓ well" in said.stdout
    assert "s3cret" not in said.stdout + said.stderr


def test_it_is_coloured_on_a_terminal(installation: Installation) -> None:
    installation.script(MAKE)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "syndicator", "doctor", "--data", str(installation.folder)],
        env=installation.environment,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(theirs)
        said = b""
        while chunk := _read(ours):
            said += chunk
        process.wait(PATIENCE)
    os.close(ours)
    assert b"\x1b[32m" in said


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        # What Linux says at the end of a terminal.
        return b""
