"""Who works on the desk."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from syndicator.accounts.models import Role, User
from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.forms import NewPasswordForm, NewPersonForm, PersonForm
from syndicator.desk.times import desk_zone
from syndicator.entrance import invitations, second_step, sessions


@require_GET
@admins_only
def people(request: DeskRequest) -> HttpResponse:
    context = {
        "people": second_step.with_marks(User.objects.order_by("-is_active", "username")),
        "roles": Role.choices,
        "invitations": invitations.waiting().select_related("invited_by").order_by("-pk"),
        "demanded_of": second_step.demanded_of(),
        "zone": desk_zone(),
    }
    return render(request, "desk/people.html", context)


@require_POST
@admins_only
def demand_second_step(request: DeskRequest) -> HttpResponse:
    """Of which roles a second step is demanded. Whoever demands it of themselves has one."""
    roles = {Role(role) for role in request.POST.getlist("role") if role in Role.values}
    if Role(request.user.role) in roles and not second_step.is_set_up(request.user):
        messages.error(request, _("Set up a second step for yourself first, in “Your account”."))
        return redirect("desk:people")
    before = second_step.demanded_of()
    if roles != before:
        with transaction.atomic():
            second_step.demand_of(roles)
            audit.record(
                request,
                "second step demanded",
                before={"roles": sorted(before)},
                after={"roles": sorted(roles)},
            )
    messages.success(request, _("The rule is saved."))
    return redirect("desk:people")


@require_POST
@admins_only
def reset_second_step(request: DeskRequest, pk: int) -> HttpResponse:
    """For somebody who has lost phone and recovery codes."""
    shown = get_object_or_404(User, pk=pk)
    with transaction.atomic():
        second_step.reset(shown)
        audit.record(request, "second step reset", shown)
    messages.success(request, _("%(name)s gets in by password alone again.") % {"name": shown})
    return redirect("desk:person", pk)


@require_POST
@admins_only
def end_sessions(request: DeskRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(User, pk=pk)
    own = request.session.session_key if shown.pk == request.user.pk else None
    with transaction.atomic():
        sessions.end_all(shown, but=own)
        audit.record(request, "sessions ended", shown)
    messages.success(request, _("%(name)s is signed out everywhere.") % {"name": shown})
    return redirect("desk:person", pk)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@admins_only
def new_person(request: DeskRequest) -> HttpResponse:
    form = NewPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with audit.recorded(request, "created", form.instance):
            person = form.save()
        return _saved(request, person)
    return render(request, "desk/person_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
@admins_only
def person(request: DeskRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(User, pk=pk)
    form = PersonForm(request.POST or None, instance=shown, editor=request.user)
    if request.method == "POST" and form.is_valid():
        with audit.recorded(request, "changed", shown):
            form.save()
            if not shown.is_active or (
                shown.pk != request.user.pk and second_step.is_missing(shown)
            ):
                sessions.end_all(shown)
        return _saved(request, shown)
    return _page(request, pk, form, NewPasswordForm(shown))


@sensitive_post_parameters()
@require_POST
@admins_only
def password(request: DeskRequest, pk: int) -> HttpResponse:
    """Set a person's password; that ends their sessions, but not the administrator's own."""
    shown = get_object_or_404(User, pk=pk)
    form = NewPasswordForm(shown, request.POST)
    if not form.is_valid():
        return _page(request, pk, PersonForm(instance=shown, editor=request.user), form)
    with audit.recorded(request, "password set", shown):
        form.save()
        own = shown.pk == request.user.pk
        if own:
            update_session_auth_hash(request, shown)
            request.session.save()
        sessions.end_all(shown, but=request.session.session_key if own else None)
    return _saved(request, shown)


def _page(
    request: DeskRequest, pk: int, form: PersonForm, password_form: NewPasswordForm
) -> HttpResponse:
    shown = User.objects.get(pk=pk)
    context = {
        "person": shown,
        "form": form,
        "password_form": password_form,
        "second_step": second_step.is_set_up(shown),
        "sessions": sessions.of(shown),
        "this_session": request.session.session_key,
        "zone": desk_zone(),
    }
    return render(request, "desk/person.html", context)


def _saved(request: DeskRequest, shown: User) -> HttpResponse:
    messages.success(request, _("%(name)s is saved.") % {"name": shown})
    return redirect("desk:people")
