from __future__ import annotations

from datetime import timedelta

import pytest

from syndicator.channels.mastodon import pictures


@pytest.fixture(autouse=True)
def short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers of this process are asked more often whether a picture is ready."""
    monkeypatch.setattr(pictures, "PAUSE", timedelta(milliseconds=20))
