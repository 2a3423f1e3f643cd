"""Starts that cannot work end with a sentence, and leave what runs alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from syndicator.embedded.exclusive import hold


def start(*arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SYNDICATOR", "DJANGO"))}
    return subprocess.run(
        [sys.executable, "-m", "syndicator", *arguments],
        env=kept,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("command", ["up", "demo"])
def test_a_folder_in_use_is_left_alone(tmp_path: Path, command: str) -> None:
    with hold(tmp_path, "supervisor.lock"):
        refused = start(command, f"--data={tmp_path}")
    assert refused.returncode == 1
    assert "already runs on" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["supervisor.lock"]


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = start("up", f"--data={tmp_path}", f"--port={port}")
    assert refused.returncode == 1
    assert f"Port {port}" in refused.stderr
    assert "password" not in refused.stdout


def test_a_child_that_can_never_start_ends_the_whole(tmp_path: Path) -> None:
    with hold(tmp_path, "serve.lock"):
        refused = start("up", f"--data={tmp_path}", "--port=0")
    assert refused.returncode == 1
    assert "cannot start" in refused.stderr
