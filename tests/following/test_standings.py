"""How following goes, said of each state that a row can be in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from syndicator.following.models import Following
from syndicator.following.pace import LEASE
from syndicator.following.standings import OVERDUE, Kind, standing
from syndicator.outbound.fetch import NOT_OK, NOT_REACHED
from syndicator.wording import Wording

NOW = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
SOON = NOW + timedelta(seconds=20)
BEFORE = NOW - timedelta(minutes=9)
GONE = Wording(NOT_REACHED.sentence, {"host": "magazin.example.org"}).to_json()


def not_ok(status: int) -> dict[str, object]:
    return Wording(NOT_OK.sentence, {"host": "magazin.example.org", "status": status}).to_json()


@pytest.mark.parametrize(
    ("values", "kind", "is_well"),
    [
        ({"due_at": None}, Kind.OFF, False),
        ({"due_at": NOW}, Kind.FIRST, True),
        ({"due_at": SOON, "began_at": BEFORE}, Kind.FOLLOWS, True),
        ({"due_at": BEFORE + LEASE * 2, "asked_at": BEFORE + LEASE}, Kind.LOOKING, True),
        ({"due_at": SOON, "failures": 1, "problem": GONE}, Kind.FAILS, False),
        ({"due_at": SOON, "failures": 1, "problem": not_ok(503)}, Kind.WAITS, False),
        ({"due_at": SOON, "failures": 1, "problem": not_ok(500)}, Kind.FAILS, False),
        ({"due_at": NOW - OVERDUE, "began_at": BEFORE}, Kind.FOLLOWS, True),
        ({"due_at": NOW - OVERDUE * 1.01, "began_at": BEFORE}, Kind.NOT_LOOKED_AT, False),
    ],
)
def test_each_state_has_its_words(values: dict[str, object], kind: Kind, is_well: bool) -> None:
    found = standing(Following(url="https://magazin.example.org/", **values), NOW)
    assert (found.kind, found.is_well) == (kind, is_well)
    said = found.what.wording(lambda moment: f"{moment:%H:%M:%S}").said(str)
    assert said.endswith(".")
    assert "%(" not in said


def test_a_failure_says_since_when_why_and_what_comes_next() -> None:
    failing = Following(due_at=SOON, failures=3, problem=GONE, answered_at=BEFORE)
    found = standing(failing, NOW)
    said = str(found.what.wording(lambda moment: f"{moment:%H:%M:%S}"))
    assert said == "It has not been read since 01:51:00; the next try is at 02:00:20."
    assert str(found.because) == "No connection to magazin.example.org could be made."
