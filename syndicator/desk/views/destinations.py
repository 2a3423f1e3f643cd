"""The accounts posts go to: whether they work, and how they are connected."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from syndicator.channels import registry
from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only, deciders_only
from syndicator.desk.forms import DestinationForm
from syndicator.desk.times import desk_zone
from syndicator.desk.traffic import traffic
from syndicator.desk.views.accounts import account_checked
from syndicator.destinations.models import Destination, DestinationState
from syndicator.diagnosis.examination import at_a_glance
from syndicator.posts import review


@require_GET
def destinations(request: DeskRequest) -> HttpResponse:
    context = {
        "traffic": traffic(),
        "health": at_a_glance() if request.user.may_configure else [],
        "channels": registry.channels().values(),
        "zone": desk_zone(),
    }
    return render(request, "desk/destinations.html", context)


@require_POST
@deciders_only
def resume(request: DeskRequest, pk: int) -> HttpResponse:
    destination = get_object_or_404(Destination, pk=pk)
    failing = destination.state == DestinationState.ACTIVE
    review.resume(pk, request.user)
    audit.saved(request.user, destination, "resumed")
    said = _("%(name)s is tried now.") if failing else _("%(name)s posts again.")
    messages.success(request, said % {"name": destination})
    return redirect("desk:destinations")


@require_POST
@admins_only
def pause(request: DeskRequest, pk: int) -> HttpResponse:
    destination = get_object_or_404(Destination, pk=pk)
    if review.pause(pk, request.user):
        audit.saved(request.user, destination, "paused")
        messages.success(
            request, _("%(name)s is paused; what waits for it is kept.") % {"name": destination}
        )
    return redirect("desk:destinations")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@admins_only
def connect(request: DeskRequest, channel: str) -> HttpResponse:
    if channel not in registry.channels():
        raise Http404
    return _form(request, Destination(channel_name=channel))


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@admins_only
def edit(request: DeskRequest, pk: int) -> HttpResponse:
    destination = get_object_or_404(Destination, pk=pk)
    if destination.channel_name not in registry.channels():
        raise Http404
    return _form(request, destination)


def _form(request: DeskRequest, destination: Destination) -> HttpResponse:
    act = "changed" if destination.pk else "connected"
    form = DestinationForm(request.POST or None, instance=destination)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        audit.saved(request.user, saved, act, form.changed_data)
        messages.success(request, _("%(name)s is saved.") % {"name": saved})
        return account_checked(request, saved)
    context = {"form": form, "destination": destination, "channel": destination.channel}
    return render(request, "desk/destination_form.html", context)
