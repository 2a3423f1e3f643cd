"""Who works on the desk."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from syndicator.accounts.models import User
from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.forms import NewPasswordForm, NewPersonForm, PersonForm
from syndicator.desk.times import desk_zone


@require_GET
@admins_only
def people(request: DeskRequest) -> HttpResponse:
    context = {"people": User.objects.order_by("-is_active", "username"), "zone": desk_zone()}
    return render(request, "desk/people.html", context)


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
    if shown.pk == request.user.pk:
        update_session_auth_hash(request, shown)
    return _saved(request, shown)


def _page(
    request: DeskRequest, pk: int, form: PersonForm, password_form: NewPasswordForm
) -> HttpResponse:
    context = {"person": User.objects.get(pk=pk), "form": form, "password_form": password_form}
    return render(request, "desk/person.html", context)


def _saved(request: DeskRequest, shown: User) -> HttpResponse:
    messages.success(request, _("%(name)s is saved.") % {"name": shown})
    return redirect("desk:people")
