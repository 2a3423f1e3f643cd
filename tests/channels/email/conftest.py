from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.channels.email.scripted_relay import ScriptedRelay, serving


@pytest.fixture
def relay() -> Iterator[ScriptedRelay]:
    with serving() as running:
        yield running
