"""Plays the sample live blog through the push API, entry by entry, as a newsroom's system would.

How far it got is written down after each answer. A step that was answered but not written down is
pushed again at the next start, which the API takes without harm.
"""

from __future__ import annotations

import json
import time
from importlib import resources
from pathlib import Path
from typing import Any

import requests
import structlog

from syndicator.demo.memory import Memory
from syndicator.embedded.readiness import wait_until_ready

log = structlog.get_logger(__name__)

#: Seconds to wait for the desk before a push is tried again.
PATIENCE = 1.0


def sample() -> dict[str, Any]:
    """The sample: ``live_blog`` and its ``steps``, each a push, an update or a withdrawal."""
    text = resources.files("syndicator.demo").joinpath("sample.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def play(folder: Path, desk_url: str, pause: float) -> None:
    """Push what is left of the sample, *pause* seconds apart; returns when it has ended."""
    wait_until_ready(desk_url)
    memory = Memory.load(folder)
    told = sample()
    steps = told["steps"]
    url = f"{desk_url}/api/v1/blogs/{told['live_blog']['slug']}/entries"
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {memory.token}"
        while memory.position < len(steps):
            _push(session, url, steps[memory.position])
            memory.position += 1
            memory.save(folder)
            time.sleep(pause)


def _push(session: requests.Session, url: str, step: dict[str, Any]) -> None:
    entry = step.get("push") or step.get("update") or {**step["withdraw"], "state": "withdrawn"}
    while True:
        try:
            answer = session.post(url, json=entry, timeout=10)
        except requests.RequestException as error:
            log.warning("the desk does not answer yet", error=str(error))
        else:
            if answer.status_code < 500:
                answer.raise_for_status()
                return
            log.warning("the desk could not take an entry; it is pushed again", said=answer.text)
        time.sleep(PATIENCE)
