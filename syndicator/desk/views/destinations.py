"""The accounts posts go to: whether they work, and how they are connected."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from syndicator.channels import registry
from syndicator.desk import audit, connecting
from syndicator.desk.access import DeskRequest, admins_only, deciders_only
from syndicator.desk.forms import DestinationForm, StartForm
from syndicator.desk.times import desk_zone
from syndicator.desk.traffic import traffic
from syndicator.desk.views.accounts import account_checked, callback_address
from syndicator.destinations.models import Destination, DestinationState, Policy
from syndicator.diagnosis.examination import at_a_glance
from syndicator.digests.turning import policy_changed
from syndicator.posts import review


@require_GET
def destinations(request: DeskRequest) -> HttpResponse:
    context = {
        "traffic": traffic(),
        "health": at_a_glance() if request.user.may_configure else [],
        "zone": desk_zone(),
    }
    return render(request, "desk/destinations.html", context)


@require_POST
@deciders_only
def resume(request: DeskRequest, pk: int) -> HttpResponse:
    destination = get_object_or_404(Destination, pk=pk)
    failing = destination.state == DestinationState.ACTIVE
    with audit.recorded(request, "resumed", destination):
        review.resume(pk, request.user)
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


@require_POST
@admins_only
def start_posting(request: DeskRequest, pk: int) -> HttpResponse:
    """Let live blogs' entries go to a destination that is connected."""
    destination = get_object_or_404(Destination, pk=pk)
    form = StartForm(request.POST, destination=destination)
    started = form.save() if form.is_valid() else []
    for route in started:
        policy_changed(route, Policy.OFF)
        audit.saved(request.user, route, "changed", ["policy"])
    if started:
        messages.success(
            request,
            _("%(name)s gets the entries that come from now on.") % {"name": destination},
        )
    else:
        messages.warning(request, _("Choose for a live blog what is to be posted."))
    return redirect(f"{reverse('desk:account', args=[pk])}#start")


@require_GET
@admins_only
def choose_platform(request: DeskRequest) -> HttpResponse:
    context = {"channels": registry.channels().values(), "steps": connecting.steps()}
    return render(request, "desk/connect.html", context)


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
    new = not destination.pk
    act = "connected" if new else "changed"
    form = DestinationForm(request.POST or None, instance=destination)
    if request.method == "POST" and form.is_valid():
        with audit.recorded(request, act, destination):
            saved = form.save()
        messages.success(request, _("%(name)s is saved.") % {"name": saved})
        if not connecting.has_keys(saved):
            # There is nothing to check before the sign-in.
            return redirect("desk:account", saved.pk)
        return account_checked(request, saved)
    context = {
        "form": form,
        "destination": destination,
        "channel": destination.channel,
        "callback_address": callback_address(),
        "steps": connecting.steps(destination.channel) if new else [],
    }
    return render(request, "desk/destination_form.html", context)
