"""The examples of docs/importing.md do what they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from syndicator.entries.models import Entry, EntryRevision
from syndicator.signed_push.signing import issue
from tests.factories import make_source

PAGE = Path(__file__).parents[2] / "docs" / "importing.md"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def environment(live_server: LiveServer) -> dict[str, str]:
    row, secret = issue(make_source())
    address = live_server.url + reverse("api-1:push_signed", args=[row.key])
    return {"ADDRESS": address, "SECRET": secret, "PATH": os.environ["PATH"]}


def example(language: str) -> str:
    section = PAGE.read_text(encoding="utf-8").partition("## Push, signed")[2]
    return str(re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)[0])


def run(*command: str, env: dict[str, str]) -> Any:
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def test_the_one_in_python(environment: dict[str, str]) -> None:
    said = run(sys.executable, "-c", example("python"), env=environment).splitlines()
    assert [change for change in ("created", "updated", "withdrawn") if change in str(said)] == [
        "created",
        "updated",
        "withdrawn",
    ]
    assert EntryRevision.objects.filter(entry__external_id="4711").count() == 3


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl"
)
def test_the_one_in_a_shell(environment: dict[str, str]) -> None:
    assert "created" in run("/bin/sh", "-ec", example("sh"), env=environment)
    assert Entry.objects.get().headline == "Die Delegationen sind da"
