"""SIGKILL at every named step: to whatever process is there, while entries come in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syndicator.steps import Step
from tests.faults.conftest import FORGIVING, Case
from tests.faults.strikes import Act, Strike

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("step", list(Step))
def test_killed_at(step: Step, case: Callable[..., Case]) -> None:
    reviewed = step.startswith("review.")
    policy = "review" if reviewed else "automatic"
    made = case(f"SIGKILL at {step}", policy=policy, **FORGIVING)
    shape = made.shape
    looked_up = step.startswith("look_up.")
    if looked_up:
        shape.fault("facebook", "accept-then-500")
        shape.fault("facebook-2", "500")
    shape.strike(Strike(step, Act.KILL, passage=1 if looked_up else made.dice.randint(1, 6)))
    made.push(6)
    if reviewed:
        approve_all(made)
    shape.wait_for_strikes()
    made.expect_all_out()


def approve_all(made: Case) -> None:
    """Approve every post at the desk, the oldest first, and again whatever did not get through."""
    editor = made.shape.editor()
    made.shape.eventually(lambda: len(made.shape.posts()) == 2 * len(made.pushed))
    while pending := [post for post in made.shape.posts() if post.state == "pending"]:
        # By entry: those of one account go out in the order of their approval.
        for post in sorted(pending, key=lambda post: made.pushed.index(post.external_id)):
            editor.decide(post, "approve")
