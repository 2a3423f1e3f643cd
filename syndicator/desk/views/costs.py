"""What the platforms charge: spent, to come, and how far it may go."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from syndicator.clock import database_now
from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.forms import BudgetForm
from syndicator.destinations.budget import Spent, spent
from syndicator.destinations.models import DailySpend, Destination
from syndicator.posts.costs import forecasts

#: Days of the past that are listed.
DAYS = 31


@dataclass(frozen=True, slots=True)
class Row:
    destination: Destination
    spent: Spent
    days: list[DailySpend]
    form: BudgetForm


@require_http_methods(["GET", "POST"])
@admins_only
def costs(request: DeskRequest) -> HttpResponse:
    """Destinations that cost something, or have a budget. POST sets the budget of one."""
    now = database_now()
    to_come = forecasts(now)
    costly = {one.destination.pk for one in to_come}
    rows = []
    for destination in Destination.objects.order_by("name"):
        days = list(destination.spend.order_by("-day")[:DAYS])
        if destination.pk not in costly and not days and not destination.has_budget:
            continue
        form = _form(request, destination)
        if form.is_bound and form.is_valid():
            with audit.recorded(request, "changed", destination):
                form.save()
            messages.success(request, _("%(name)s is saved.") % {"name": destination})
            return redirect("desk:costs")
        rows.append(Row(destination, spent(destination, now), days, form))
    return render(request, "desk/costs.html", {"rows": rows, "forecasts": to_come})


def _form(request: DeskRequest, destination: Destination) -> BudgetForm:
    prefix = f"of{destination.pk}"
    posted = request.POST if request.POST.get("destination") == str(destination.pk) else None
    return BudgetForm(posted, prefix=prefix, instance=destination)
