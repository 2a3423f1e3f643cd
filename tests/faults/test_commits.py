"""Transactions that end otherwise than the process that made them believes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syndicator.steps import Step
from tests.faults.conftest import FORGIVING, Case
from tests.faults.strikes import Act, Strike

pytestmark = pytest.mark.faults

WRITTEN = (Step.INGEST_WRITTEN, Step.RENDER_WRITTEN, Step.CLAIM_WRITTEN, Step.RECORD_WRITTEN)


@pytest.mark.parametrize("step", WRITTEN)
def test_committed_and_never_told(step: Step, case: Callable[..., Case]) -> None:
    strike(case(f"commit lost after success at {step}", **FORGIVING), step, Act.LOSE_COMMIT)


@pytest.mark.parametrize("step", WRITTEN)
def test_not_committed(step: Step, case: Callable[..., Case]) -> None:
    strike(case(f"database error at {step}", **FORGIVING), step, Act.DATABASE_ERROR)


@pytest.mark.parametrize("backend", ["distributed"])
@pytest.mark.parametrize("step", WRITTEN)
def test_the_server_ends_the_connection(
    step: Step, backend: str, case: Callable[..., Case]
) -> None:
    strike(
        case(f"connection ended by the server at {step}", **FORGIVING), step, Act.LOSE_CONNECTION
    )


def strike(made: Case, step: Step, act: Act) -> None:
    made.shape.strike(Strike(step, act, passage=2), Strike(step, act, passage=5))
    made.push(6)
    made.shape.wait_for_strikes(2)
    made.expect_all_out()
