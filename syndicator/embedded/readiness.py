"""Waits until a desk that was just started answers."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests

#: Seconds between two looks, and until there is no more hope.
INTERVAL = 0.1
PATIENCE = 60.0


def wait_until_ready(desk_url: str, patience: float = PATIENCE) -> bool:
    """Whether the desk answered its health check within *patience* seconds."""
    ends = time.monotonic() + patience
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < ends:
            try:
                if session.get(f"{desk_url}/health/", timeout=2).ok:
                    return True
            except requests.RequestException:
                pass
            time.sleep(INTERVAL)
    return False


def when_ready(desk_url: str, then: Callable[[], None]) -> None:
    if wait_until_ready(desk_url):
        then()
