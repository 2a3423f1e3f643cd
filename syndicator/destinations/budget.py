"""What destinations cost: what was spent, and whether a further post is within their budget.

Days and months are UTC's. Amounts are US dollars. Whoever changes anything here holds the
destination's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db.models import F, Sum

from syndicator.alerts.models import Alert
from syndicator.alerts.raising import end_alert, raise_alert
from syndicator.destinations.models import DailySpend, Destination
from syndicator.destinations.trouble import alert_key
from syndicator.wording import Wording, gettext_noop

#: The part of a budget at which people are told.
WARN_AT = Decimal("0.8")

NEARLY = gettext_noop("%(name)s has used most of its budget")
NEARLY_WHY = gettext_noop(
    "$%(spent)s of $%(budget)s is spent. What would go beyond it waits for an editor. "
    "The budget is set on the desk under Destinations."
)
BEYOND_DAY = gettext_noop(
    "Waits for an editor: today's budget of $%(budget)s for %(name)s is used up ($%(spent)s). "
    "Approve it to post it all the same."
)
BEYOND_MONTH = gettext_noop(
    "Waits for an editor: this month's budget of $%(budget)s for %(name)s is used up ($%(spent)s). "
    "Approve it to post it all the same."
)


@dataclass(frozen=True, slots=True)
class Spent:
    today: Decimal
    this_month: Decimal


def spent(destination: Destination, now: datetime) -> Spent:
    """What is on record for the current day and month."""
    today = _day(now)
    days = DailySpend.objects.filter(destination=destination.pk)
    month = days.filter(day__gte=today.replace(day=1), day__lte=today)
    return Spent(
        _sum(days.filter(day=today).aggregate(sum=Sum("amount"))),
        _sum(month.aggregate(sum=Sum("amount"))),
    )


def record(destination: Destination, amount: Decimal, now: datetime) -> None:
    """Add *amount* to the day's, and tell people when a budget is nearly used up."""
    if not amount:
        return
    day, created = DailySpend.objects.get_or_create(
        destination=destination, day=_day(now), defaults={"amount": amount}
    )
    if not created:
        DailySpend.objects.filter(pk=day.pk).update(amount=F("amount") + amount)
    if not destination.has_budget:
        return
    for budget, sum_of, trouble in _budgets(destination, spent(destination, now)):
        if sum_of >= budget * WARN_AT:
            gaps = {"spent": _dollars(sum_of), "budget": _dollars(budget)}
            raise_alert(
                alert_key(destination, trouble),
                Wording(NEARLY, {"name": destination.name}),
                Wording(NEARLY_WHY, gaps),
                now,
            )
        else:
            end_alert(alert_key(destination, trouble), now)


def beyond(
    destination: Destination, cost: Decimal, reserved: Decimal, now: datetime
) -> Wording | None:
    """Why a post that costs *cost* must wait for an editor; None if it is within the budget.

    *reserved* is the cost of what may be out, or is being sent.
    """
    if not cost or not destination.has_budget:
        return None
    for budget, sum_of, trouble in _budgets(destination, spent(destination, now)):
        if sum_of + reserved + cost > budget:
            sentence = BEYOND_DAY if trouble == "daily-budget" else BEYOND_MONTH
            gaps = {"spent": _dollars(sum_of), "budget": _dollars(budget)}
            return Wording(sentence, {"name": destination.name, **gaps})
    return None


def end_warnings(now: datetime) -> int:
    """End the warnings about budgets that are no longer nearly used up; a new day has begun."""
    ended = 0
    for destination in Destination.objects.filter(pk__in=_warned_of()):
        over = {
            trouble
            for budget, sum_of, trouble in _budgets(destination, spent(destination, now))
            if sum_of >= budget * WARN_AT
        }
        for trouble in {"daily-budget", "monthly-budget"} - over:
            ended += end_alert(alert_key(destination, trouble), now)
    return ended


def _warned_of() -> list[int]:
    """The destinations that a warning about a budget is open for."""
    keys = Alert.objects.filter(ended_at=None, key__endswith="-budget").values_list(
        "key", flat=True
    )
    return [int(key.split("-")[1]) for key in keys]


def _budgets(destination: Destination, so_far: Spent) -> list[tuple[Decimal, Decimal, str]]:
    pairs = (
        (destination.daily_budget, so_far.today, "daily-budget"),
        (destination.monthly_budget, so_far.this_month, "monthly-budget"),
    )
    return [(budget, sum_of, trouble) for budget, sum_of, trouble in pairs if budget is not None]


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _sum(found: dict[str, Decimal | None]) -> Decimal:
    return found["sum"] or Decimal(0)


def _dollars(amount: Decimal) -> str:
    return f"{amount:.2f}"
