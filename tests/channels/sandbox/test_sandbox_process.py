"""The sandboxes as the product runs them: one process, killed and started again."""

from __future__ import annotations

import contextlib
import itertools
import re
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from syndicator.channels.sandbox.store import SandboxStore
from syndicator.channels.x.sandbox import SANDBOX_BEARER_TOKEN


@dataclass
class Running:
    process: subprocess.Popen[str]
    url: str
    smtp_port: int

    def post(self, text: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {SANDBOX_BEARER_TOKEN}"}
        return requests.post(
            f"{self.url}x/2/tweets", json={"text": text}, headers=headers, timeout=10
        )


MODULE = ("-m", "syndicator.channels.sandboxes")
COMMAND = ("-m", "syndicator", "sandbox")


@contextmanager
def sandboxes(folder: Path, *options: str, started: Sequence[str] = MODULE) -> Iterator[Running]:
    ports = ("--http-port", "0", "--smtp-port", "0")
    with subprocess.Popen(
        [sys.executable, *started, "--data", str(folder), *ports, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = process.stdout.readline() + process.stdout.readline()
        addresses = re.search(r"(http://127\.0\.0\.1:\d+/)\s.*: 127\.0\.0\.1:(\d+)\s", lines)
        assert addresses, lines
        try:
            yield Running(process, addresses[1], int(addresses[2]))
        finally:
            process.kill()


def test_what_was_answered_with_success_survives_a_kill(tmp_path: Path) -> None:
    with sandboxes(tmp_path) as first:
        ids = [first.post(text).json()["data"]["id"] for text in ("Eins", "Zwei")]
        with smtplib.SMTP("127.0.0.1", first.smtp_port, timeout=10) as client:
            client.sendmail("a@a.example", ["b@b.example"], b"Subject: Drei\r\n\r\n")
            first.process.kill()
            first.process.wait(10)

    with closing(SandboxStore(tmp_path)) as store:
        assert [post.remote_id for post in store.accepted("x")] == ids
        assert [mail.request["subject"] for mail in store.accepted("email")] == ["Drei"]
    with sandboxes(tmp_path) as second:
        assert second.post("Eins").status_code == 403
        assert int(second.post("Vier").json()["data"]["id"]) > int(ids[1])
        accepted = requests.get(f"{second.url}_sandbox/accepted?platform=x", timeout=10).json()
        assert [act["text"] for act in accepted] == ["Eins", "Zwei", "Vier"]


def test_a_kill_under_load_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    answered: list[str] = []

    def post_until_it_dies(running: Running, client: int) -> None:
        with contextlib.suppress(requests.RequestException):
            for number in itertools.count():
                post = running.post(f"{client} {number}")
                answered.append(post.json()["data"]["id"])

    with sandboxes(tmp_path, "--generosity", "1000") as running, ThreadPoolExecutor(8) as clients:
        for client in range(8):
            clients.submit(post_until_it_dies, running, client)
        while len(answered) < 100:
            time.sleep(0.005)
        running.process.kill()

    with closing(SandboxStore(tmp_path)) as store:
        accepted = [post.remote_id for post in store.accepted("x")]
    assert set(answered) <= set(accepted)
    # What was accepted and not answered is one request of each client at most.
    assert len(accepted) - len(answered) <= 8
    assert len(set(accepted)) == len(accepted)


@pytest.mark.parametrize("started", [MODULE, COMMAND])
def test_it_serves_as_many_accounts_and_posts_as_asked(
    tmp_path: Path, started: Sequence[str]
) -> None:
    options = ("--accounts", "2", "--generosity", "0.03")
    with sandboxes(tmp_path, *options, started=started) as running:
        assert [running.post(text).status_code for text in "abcd"] == [201] * 3 + [429]
        assert requests.get(f"{running.url}x-2/", timeout=10).status_code == 200
        assert requests.get(f"{running.url}facebook-2/", timeout=10).status_code == 200
        assert requests.get(f"{running.url}x-3/", timeout=10).status_code == 404


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, ending: signal.Signals) -> None:
    with sandboxes(tmp_path) as running:
        running.post("Eins")
        running.process.send_signal(ending)
        assert running.process.wait(10) == 0
        assert running.process.stdout is not None
        assert running.process.stdout.read() == ""


def test_it_ends_with_its_parent_if_asked_to(tmp_path: Path) -> None:
    with sandboxes(tmp_path, "--exit-with-parent") as running:
        assert running.process.stdin is not None
        running.process.stdin.close()
        assert running.process.wait(10) == 0


def test_a_taken_port_is_said_in_words(tmp_path: Path) -> None:
    with sandboxes(tmp_path / "first") as running:
        port = running.url.rsplit(":", 1)[1].strip("/")
        command = [sys.executable, "-m", "syndicator.channels.sandboxes", "--smtp-port", "0"]
        second = subprocess.run(
            [*command, "--data", str(tmp_path / "second"), "--http-port", port],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )

    assert second.returncode == 1
    assert second.stderr.startswith("The sandbox platforms cannot start:")
    assert "Traceback" not in second.stderr
