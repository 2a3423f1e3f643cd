"""Connecting an account: signing in at its platform, and checking what the platform says of it."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from syndicator.channels import registry
from syndicator.channels.base import ChannelError, Choice
from syndicator.clock import database_now
from syndicator.desk import audit, connecting, signing_in
from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.forms import StartForm
from syndicator.desk.texts import say
from syndicator.desk.times import desk_zone
from syndicator.destinations.accounts import account_of
from syndicator.destinations.checking import UNREADABLE, check_account
from syndicator.destinations.endings import step
from syndicator.destinations.models import AccountProfile, Destination, Policy
from syndicator.destinations.trial import Trial, can_be_tried, send_test_post
from syndicator.secrets import UnreadableSecrets

log = structlog.get_logger(__name__)

DEADLINE = timedelta(seconds=15)
_WRITTEN = ("settings", "encrypted_secrets", "account_key")


@require_GET
@admins_only
def account(request: DeskRequest, pk: int) -> HttpResponse:
    return _page(request, _connectable(pk))


@require_GET
@cache_control(private=True, max_age=86_400)
def picture(request: DeskRequest, pk: int) -> HttpResponse:
    """Made by ourselves, and still never more than a picture to the browser. Its address changes
    with every check."""
    profile = get_object_or_404(AccountProfile.objects.exclude(picture=b""), pk=pk)
    return HttpResponse(
        bytes(profile.picture),
        content_type="image/png",
        headers={"Content-Security-Policy": "default-src 'none'; sandbox"},
    )


@require_POST
@admins_only
def check(request: DeskRequest, pk: int) -> HttpResponse:
    return account_checked(request, _connectable(pk))


def account_checked(request: DeskRequest, destination: Destination) -> HttpResponse:
    """Check *destination*'s account, and show what came of it."""
    profile = check_account(destination)
    if profile.problem or profile.missing:
        messages.warning(request, _("The account is not ready to post. See below why."))
    elif profile.checked_at:
        messages.success(
            request, _("The platform knows the account: %(name)s.") % {"name": profile.name}
        )
    return redirect("desk:account", destination.pk)


@require_POST
@admins_only
def test_post(request: DeskRequest, pk: int) -> HttpResponse:
    destination = _connectable(pk)
    if not can_be_tried(destination.channel):
        raise Http404
    # Shown here and nowhere else: it is in no queue, no log and no count.
    return _page(request, destination, trial=send_test_post(destination))


@require_POST
@never_cache
@admins_only
def sign_in(request: DeskRequest, pk: int) -> HttpResponse:
    destination = _connectable(pk)
    way = destination.channel.sign_in
    if way is None:
        raise Http404
    state = signing_in.new_state()
    try:
        address, kept = way.begin(
            account_of(destination), redirect_uri=callback_address(), state=state
        )
    except ChannelError as error:
        messages.error(request, say(error.reason))
        return redirect("desk:account", pk)
    except UnreadableSecrets:
        messages.error(request, say(UNREADABLE))
        return redirect("desk:destination", pk)
    signing_in.remember(request.session, signing_in.SignInUnderWay(pk, state, kept))
    # A link and no redirect: the desk's policy lets no form lead to another site.
    return _page(request, destination, leads_to=address)


@require_GET
@never_cache
@admins_only
def signed_in(request: DeskRequest) -> HttpResponse:
    """Where the platform sends the browser back to."""
    under_way = signing_in.take(request.session, request.GET.get("state", ""))
    if under_way is None:
        messages.error(
            request, _("This sign-in took too long, or was not begun here. Begin again.")
        )
        return redirect("desk:destinations")
    destination = _connectable(under_way.destination)
    way = destination.channel.sign_in
    if way is None:
        raise Http404
    try:
        choices = way.finish(
            account_of(destination),
            redirect_uri=callback_address(),
            kept=under_way.kept,
            answer=request.GET.dict(),
            deadline=DEADLINE,
        )
    except ChannelError as error:
        messages.error(request, say(error.reason))
        return redirect("desk:account", destination.pk)
    except UnreadableSecrets:
        messages.error(request, say(UNREADABLE))
        return redirect("desk:destination", destination.pk)
    if not choices:
        messages.error(request, _("There is no account that this log-in may post to."))
        return redirect("desk:account", destination.pk)
    if len(choices) > 1:
        signing_in.offer(request.session, destination.pk, choices)
        return redirect("desk:choose_account")
    return _connected(request, destination, choices[0])


@require_http_methods(["GET", "POST"])
@never_cache
@admins_only
def choose(request: DeskRequest) -> HttpResponse:
    found = signing_in.offered(request.session)
    if found is None:
        messages.error(
            request, _("This sign-in took too long, or was not begun here. Begin again.")
        )
        return redirect("desk:destinations")
    pk, choices = found
    destination = _connectable(pk)
    chosen = request.POST.get("choice", "")
    if request.method == "POST" and chosen.isdecimal() and int(chosen) < len(choices):
        signing_in.end_offer(request.session)
        return _connected(request, destination, choices[int(chosen)])
    context = {"destination": destination, "choices": [choice.label for choice in choices]}
    return render(request, "desk/choose_account.html", context)


def _connected(request: DeskRequest, destination: Destination, choice: Choice) -> HttpResponse:
    with audit.recorded(request, "signed in", destination):
        # A worker may be renewing the keys.
        row = Destination.objects.select_for_update(no_key=True).get(pk=destination.pk)
        row.configure({**row.settings, **choice.settings})
        row.save(update_fields=_WRITTEN)
    return account_checked(request, row)


def _connectable(pk: int) -> Destination:
    destination = get_object_or_404(Destination.objects.select_related("profile"), pk=pk)
    if destination.channel_name not in registry.channels():
        raise Http404
    return destination


def _page(
    request: DeskRequest,
    destination: Destination,
    *,
    leads_to: str = "",
    trial: Trial | None = None,
) -> HttpResponse:
    profile: AccountProfile | None = getattr(destination, "profile", None)
    routes = destination.routes.exclude(policy=Policy.OFF).select_related("blog")
    steps = connecting.steps(
        destination.channel,
        destination,
        profile,
        tried=trial is not None and trial.problem is None,
        posts=routes.exists(),
    )
    context = {
        "destination": destination,
        "channel": destination.channel,
        "profile": profile,
        "ends_soon": bool(profile and step(profile.ends_at, database_now())),
        "ready": connecting.is_checked(profile),
        "has_keys": connecting.has_keys(destination),
        "steps": [] if connecting.is_complete(steps) else steps,
        "routes": routes.order_by("-blog"),
        "start_form": StartForm(destination=destination),
        "callback_address": callback_address(),
        "leads_to": leads_to,
        "can_be_tried": can_be_tried(destination.channel),
        "trial": trial,
        "zone": desk_zone(),
    }
    return render(request, "desk/account.html", context)


def callback_address() -> str:
    return f"{settings.BASE_URL}{reverse('desk:signed_in')}"
