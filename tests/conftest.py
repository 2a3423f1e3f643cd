from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.sandboxes import start_all

# A slow machine is no fault of the code.
settings.register_profile("without deadlines", deadline=None)
settings.load_profile("without deadlines")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    """The sandbox platforms, served from threads of this process on free ports."""
    server = start_all(tmp_path / "sandbox")
    yield server
    server.stop()
