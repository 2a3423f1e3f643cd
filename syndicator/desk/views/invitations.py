"""Inviting people to the desk, and accepting an invitation."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from syndicator.accounts.models import Role
from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.forms import InvitationForm, InvitedForm
from syndicator.desk.views.session import signed_in
from syndicator.entrance import invitations
from syndicator.entrance.links import UnknownLink
from syndicator.entrance.models import Invitation


@never_cache
@require_http_methods(["GET", "POST"])
@admins_only
def invite(request: DeskRequest) -> HttpResponse:
    """POST answers itself: to show the link after a redirect, it would have to be stored."""
    form = InvitationForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "desk/invite.html", {"form": form})
    with transaction.atomic():
        invitation, token = invitations.invite(
            form.cleaned_data["email"], Role(form.cleaned_data["role"]), request.user
        )
        audit.record(request, "created", invitation, after={"role": invitation.role})
    address = settings.BASE_URL + reverse("desk:invitation", args=[token])
    if invitations.mail(invitation, address):
        messages.success(
            request, _("%(address)s gets a mail with the link.") % {"address": invitation}
        )
        return redirect("desk:people")
    return render(request, "desk/invited.html", {"invitation": invitation, "address": address})


@require_POST
@admins_only
def revoke(request: DeskRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=pk)
    with transaction.atomic():
        if invitations.revoke(pk):
            audit.record(request, "revoked", invitation)
    messages.success(request, _("The link to %(address)s works no more.") % {"address": invitation})
    return redirect("desk:people")


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link: name and password. Only POST uses the link up."""
    try:
        found = invitations.find(token)
        form = InvitedForm(request.POST or None, email=found.email)
        if request.method == "POST" and form.is_valid():
            person = invitations.accept(token, form.save(commit=False))
            return signed_in(request, person, "")
    except UnknownLink:
        return render(request, "desk/link_unknown.html", status=404)
    context = {"form": form, "role": Role(found.role).label}
    return render(request, "desk/invitation.html", context)
