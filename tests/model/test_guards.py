"""The model test can fail: without any one of the product's guards it does."""

from __future__ import annotations

import pytest
from hypothesis import Phase

from tests.model.guards import GUARDS, Guard
from tests.model.running import go, run

#: A missing guard is mostly noticed within so many runs, and if not, with one of the next seeds.
ENOUGH = 200
SEEDS = range(7, 13)
SEARCHED = [guard for guard in GUARDS if guard.walk is None]
WALKED = [guard for guard in GUARDS if guard.walk is not None]

pytestmark = [pytest.mark.model, pytest.mark.django_db(transaction=True)]


def search(channel_name: str, *seeds: int) -> None:
    run(channel_name, ENOUGH, *seeds, phases=(Phase.generate,))


@pytest.mark.parametrize("guard", SEARCHED, ids=str)
def test_a_search_notices_that_it_is_missing(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    guard.away(monkeypatch)
    with pytest.raises(AssertionError):
        search(guard.channel_name, *SEEDS)


def test_the_same_search_passes_with_all_guards() -> None:
    search("strong", *SEEDS)


@pytest.mark.parametrize("guard", WALKED, ids=str)
def test_a_walk_passes_with_the_guard(guard: Guard) -> None:
    assert guard.walk is not None
    go(guard.channel_name, guard.walk)


@pytest.mark.parametrize("guard", WALKED, ids=str)
def test_a_walk_notices_that_it_is_missing(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    assert guard.walk is not None
    guard.away(monkeypatch)
    with pytest.raises(AssertionError):
        go(guard.channel_name, guard.walk)
