"""SIGSTOP at the steps around sending, past the lease, then SIGCONT: posts that come late.

On many machines the others go on meanwhile: the lease ends, the post is looked up twice and, if it
is not there, sent again, before the sleeper wakes up. On one machine the sleeper is all there is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from syndicator.steps import Step
from tests.faults.conftest import FORGIVING, Case
from tests.faults.strikes import Act, Strike

pytestmark = pytest.mark.faults

STEPS = (
    Step.CLAIM_LOCKED,
    Step.CLAIM_WRITTEN,
    Step.CLAIM_COMMITTED,
    Step.SEND_PREPARED,
    Step.SEND_CONNECTED,
    Step.SEND_REQUESTED,
    Step.SEND_ANSWERED,
    Step.RECORD_WRITTEN,
    Step.RECORD_COMMITTED,
    Step.LOOK_UP_CLAIMED,
    Step.LOOK_UP_ANSWERED,
)
#: Lease 6 s, twice the settle time of 3 s, the wait before another try, and some for slow machines.
SLEEP = {"embedded": 8.0, "distributed": 22.0}


@pytest.mark.parametrize("step", STEPS)
def test_stopped_past_the_lease_at(step: Step, backend: str, case: Callable[..., Case]) -> None:
    made = case(f"SIGSTOP past the lease at {step}", **FORGIVING)
    shape = made.shape
    looked_up = step.startswith("look_up.")
    if looked_up:
        shape.fault("facebook", "accept-then-500")
        shape.fault("facebook-2", "500")
    shape.strike(Strike(step, Act.STOP, passage=1 if looked_up else 3))
    # On one machine the desk may be stopped, too, before it has the last entry: the CMS goes on
    # trying meanwhile.
    with ThreadPoolExecutor(1) as cms:
        pushed = cms.submit(made.push, 3)
        shape.wait_for_strikes()
        time.sleep(SLEEP[backend])
        shape.let_go_on()
        pushed.result()
    made.push(3)
    made.expect_all_out()
