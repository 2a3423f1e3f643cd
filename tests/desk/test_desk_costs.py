"""Costs on the desk: of a post, of a destination, of what is to come; and its budget."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client as Browser

from syndicator.accounts.models import Role
from syndicator.clock import database_now
from syndicator.destinations import budget
from syndicator.destinations.models import Destination, Policy
from tests.desk.conftest import NoteChannel
from tests.factories import make_destination, make_post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NoteChannel, "cost", lambda *_: Decimal("0.205"))


def test_a_card_says_what_its_post_costs(browse: Callable[[Role], Browser]) -> None:
    make_post(Policy.REVIEW, make_destination("note"))
    assert "Costs $0.205" in browse(Role.EDITOR).get("/").content.decode()
    german = browse(Role.EDITOR).get("/", headers={"Accept-Language": "de"}).content.decode()
    assert "Kostet 0,205 $" in german


def test_the_page_tells_what_was_spent_and_what_will_be(
    browse: Callable[[Role], Browser],
) -> None:
    post = make_post(Policy.AUTOMATIC, make_destination("note"))
    budget.record(post.destination, Decimal("1.25"), database_now())
    page = browse(Role.ADMIN).get("/destinations/costs/").content.decode()
    assert "$1.25" in page
    # 24 entries a day: one in the shortest time that is reckoned with, an hour.
    assert "$4.92" in page
    assert "$147.60" in page


def test_a_budget_is_set_and_a_wrong_one_refused(browse: Callable[[Role], Browser]) -> None:
    destination = make_post(Policy.AUTOMATIC, make_destination("note")).destination
    browser, prefix = browse(Role.ADMIN), f"of{destination.pk}"

    def enter(daily: str) -> str:
        fields = {f"{prefix}-daily_budget": daily, f"{prefix}-monthly_budget": ""}
        posted = {"destination": str(destination.pk), **fields}
        return browser.post("/destinations/costs/", posted, follow=True).content.decode()

    assert "is saved" in enter("5.00")
    assert Destination.objects.get().daily_budget == Decimal(5)
    assert "of $5.00" in browser.get("/destinations/costs/").content.decode()
    assert "greater than or equal to 0" in enter("-1")
    assert Destination.objects.get().daily_budget == Decimal(5)
    enter("")
    assert Destination.objects.get().daily_budget is None


def test_a_destination_that_costs_nothing_is_left_out(
    browse: Callable[[Role], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NoteChannel, "cost", lambda *_: Decimal(0))
    destination = make_post(Policy.AUTOMATIC, make_destination("note")).destination
    page = browse(Role.ADMIN).get("/destinations/costs/").content.decode()
    assert destination.name not in page
    assert "No route leads" in page
