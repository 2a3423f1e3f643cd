"""Sandboxes that other packages bring are found by their entry points."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

MODULE = """
from syndicator.channels.sandbox.base import Route, SandboxPlatform
from werkzeug.wrappers import Response


class ForeignSandbox(SandboxPlatform):
    name = "foreign"
    label = "Foreign"
    prefix = "/foreign"
    credentials = {"token": "t"}
    fault_labels = {}

    def routes(self):
        return [Route("GET", "/", self.page)]

    def page(self, request):
        return Response("here")


class Unnamed(ForeignSandbox):
    name = "other"


def function(surroundings):
    return None
"""
LISTS = (
    "from syndicator.channels.sandboxes import SANDBOX_SETTINGS; print(*sorted(SANDBOX_SETTINGS))"
)
OURS = ["bluesky", "email", "facebook", "mastodon", "x"]


def installed(folder: Path, points: str) -> dict[str, str]:
    """The environment of a process for which a package with these entry *points* is installed."""
    (folder / "foreign_sandbox.py").write_text(MODULE, encoding="utf-8")
    information = folder / "foreign-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[syndicator.sandboxes]\n{points}\n")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


def listed(folder: Path, points: str) -> tuple[list[str], str]:
    done = subprocess.run(
        [sys.executable, "-c", LISTS],
        env=installed(folder, points),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1].split(), done.stdout + done.stderr


def test_one_that_is_right_is_served_beside_ours(tmp_path: Path) -> None:
    names, _ = listed(tmp_path, "foreign = foreign_sandbox:ForeignSandbox")
    assert names == sorted([*OURS, "foreign"])


@pytest.mark.parametrize(
    "point",
    [
        "foreign = foreign_sandbox:Unnamed",
        "foreign = foreign_sandbox:function",
        "foreign = foreign_sandbox:nothing",
        "foreign = no_such_module:ForeignSandbox",
    ],
)
def test_a_broken_one_is_named_and_takes_no_other_down(tmp_path: Path, point: str) -> None:
    names, said = listed(tmp_path, point)
    assert names == OURS
    assert "sandbox" in said
    assert "foreign" in said
