"""The model test can fail: without any one of the product's guards it does."""

from __future__ import annotations

import pytest
from hypothesis import Phase

from tests.model.guards import GUARDS, Guard
from tests.model.running import run

#: Within so many runs a missing guard is noticed; the seed is fixed, so it always takes as many.
ENOUGH = 200
SEED = 7


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guard", GUARDS, ids=str)
def test_a_missing_guard_is_noticed(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    guard.away(monkeypatch)
    with pytest.raises(AssertionError) as noticed:
        run(guard.channel_name, ENOUGH, SEED, phases=(Phase.generate,))
    print(guard, "→", str(noticed.value).splitlines()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("channel_name", sorted({guard.channel_name for guard in GUARDS}))
def test_with_all_guards_the_same_runs_pass(channel_name: str) -> None:
    run(channel_name, ENOUGH, SEED, phases=(Phase.generate,))
