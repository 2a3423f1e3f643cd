"""What posts cost: on record, held for review where a budget ends, and foretold."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from syndicator.alerts.models import Alert
from syndicator.clock import database_now
from syndicator.destinations import budget
from syndicator.destinations.models import DailySpend, Destination
from syndicator.posts import deliver, review
from syndicator.posts.costs import forecasts
from syndicator.posts.models import Post, PostState
from syndicator.posts.render import render
from tests.factories import make_blog, make_due, make_entry, make_route, make_user
from tests.posts.conftest import Newsroom

pytestmark = pytest.mark.django_db
PRICE = Decimal("0.2")


@pytest.fixture
def priced(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    """Every post costs 20 cents, whatever the platform charges."""
    kind = type(newsroom.destination.channel)
    monkeypatch.setattr(kind, "cost", lambda *_: PRICE)
    return newsroom


def limit(newsroom: Newsroom, **budgets: str) -> None:
    Destination.objects.update(**budgets)


def test_what_is_out_is_on_record(priced: Newsroom) -> None:
    post = priced.post()
    priced.deliver()
    assert post.attempts.get().cost == PRICE
    assert DailySpend.objects.get().amount == PRICE
    priced.post()
    priced.deliver()
    now = database_now()
    assert budget.spent(priced.destination, now).today == 2 * PRICE
    assert budget.spent(priced.destination, now).this_month == 2 * PRICE
    assert budget.spent(priced.destination, now + timedelta(days=1)).today == 0


def test_a_refusal_costs_nothing(priced: Newsroom) -> None:
    priced.fault("400")
    post = priced.post()
    priced.deliver()
    post.refresh_from_db()
    assert post.state != PostState.SENT
    assert not DailySpend.objects.exists()


@pytest.mark.parametrize("which", ["daily_budget", "monthly_budget"])
def test_what_goes_beyond_the_budget_waits_for_an_editor(priced: Newsroom, which: str) -> None:
    limit(priced, **{which: "0.45"})
    posts = [priced.post() for _ in range(4)]
    priced.deliver()
    states = [Post.objects.get(pk=post.pk).state for post in posts]
    assert states == [PostState.SENT] * 2 + [PostState.PENDING] * 2
    assert "0.45" in str(Post.objects.get(pk=posts[2].pk).wording)

    held = Post.objects.get(pk=posts[2].pk)
    review.approve(held.pk, make_user(), held.payload_hash)
    priced.deliver()
    held.refresh_from_db()
    assert held.state == PostState.SENT


def test_an_approval_from_before_the_budget_was_used_up_does_not_go_beyond_it(
    priced: Newsroom,
) -> None:
    limit(priced, daily_budget="0.30")
    first, second = priced.post(), priced.post()
    Post.objects.filter(pk=second.pk).update(state=PostState.PENDING, due_at=None)
    review.approve(second.pk, make_user(), second.payload_hash)
    priced.deliver()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (PostState.SENT, PostState.PENDING)


def test_what_may_be_out_is_reserved(priced: Newsroom) -> None:
    limit(priced, daily_budget="0.30")
    unclear, waiting = priced.post(), priced.post()
    priced.fault("500")
    priced.deliver()
    unclear.refresh_from_db()
    assert unclear.state == PostState.UNCERTAIN
    Post.objects.filter(pk=unclear.pk).update(due_at=None)
    Destination.objects.update(next_post_at=None)
    make_due(waiting)
    priced.deliver()
    waiting.refresh_from_db()
    assert waiting.state == PostState.PENDING


def test_people_are_warned_before_it_ends_and_no_longer_on_the_next_day(priced: Newsroom) -> None:
    limit(priced, daily_budget="0.50")
    priced.post()
    priced.deliver()
    assert not Alert.objects.exists()
    priced.post()
    priced.deliver()
    alert = Alert.objects.get()
    assert priced.destination.name in str(alert.title_wording)
    assert budget.end_warnings(database_now()) == 0
    assert budget.end_warnings(database_now() + timedelta(days=1)) == 1


def test_what_a_blog_will_cost(priced: Newsroom) -> None:
    for _ in range(3):
        priced.post()
    now = database_now()
    told = forecasts(now)[0]
    # Three within the shortest time that is reckoned with, an hour.
    assert told.entries == pytest.approx(72)
    assert told.a_day == pytest.approx(72 * PRICE)
    assert told.a_month == pytest.approx(30 * 72 * PRICE)
    assert forecasts(now + timedelta(days=2))[0].a_day == 0


def test_a_route_without_posts_is_foretold_by_its_permalink(priced: Newsroom) -> None:
    blog = make_blog(title="Aaa")
    make_route(blog, priced.destination)
    make_entry(blog)
    assert forecasts(database_now())[0].price == PRICE
    deliver.deliver(priced.destination.pk)
    render(make_entry(blog).pk)
