"""The main job on one machine, with the process killed in the middle of it."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, permalinks


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    # With a tenth of the waits: see tests.faults.haste.
    made = Installation(tmp_path / "data", {"DJANGO_SETTINGS_MODULE": "tests.faults.settings"})
    made.set_up()
    made.start_sandbox()
    yield made
    made.stop()


def serve(installation: Installation) -> None:
    installation.start("desk", "syndicator", "serve", f"--port={installation.port}")
    installation.wait_until_ready()


def test_entries_go_out_to_every_destination_in_order(installation: Installation) -> None:
    serve(installation)
    for number in range(10):
        installation.push(f"e{number}")
    expected = permalinks(range(10))
    for platform in ("x", "facebook", "email"):
        installation.eventually(
            lambda platform=platform: len(installation.accepted(platform)) >= len(expected)
        )
    for platform in ("x", "facebook"):
        assert installation.accepted(platform) == expected
    # Two mailings go out side by side; their mails may pass each other.
    assert sorted(installation.accepted("email")) == sorted(expected)


def test_killed_again_and_again_nothing_is_lost_and_nothing_goes_out_twice(
    installation: Installation,
) -> None:
    seed = time.time_ns()
    print(f"seed {seed}")
    dice = random.Random(seed)
    entries = 30
    serve(installation)
    for number in range(entries):
        installation.push(f"e{number}")
        if dice.random() < 0.2:
            time.sleep(dice.random() * 0.1)
            installation.kill("desk")
            serve(installation)
    # Anything that was being sent at a kill is looked up, which takes its time.
    expected = permalinks(range(entries))

    def all_ended() -> bool:
        states = Counter(post["state"] for post in installation.read()["posts"])
        return sum(states.values()) == 3 * entries and set(states) == {"sent"}

    installation.eventually(all_ended, 240)
    for platform in ("x", "facebook"):
        assert installation.accepted(platform) == expected
    # Mail cannot be looked up: what was in flight at a kill is held for a person, never repeated.
    installation.eventually(
        lambda: not {"queued", "in_flight"} & set(installation.read()["recipients"])
    )
    fates = Counter(installation.read()["recipients"])
    mails = Counter(installation.accepted("email"))
    assert set(mails.values()) == {1}
    assert fates["accepted"] <= len(mails) <= fates["accepted"] + fates["uncertain"]
    assert sum(fates.values()) == entries
