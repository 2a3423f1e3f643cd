"""One's own account: the password, what is asked for besides it, passkeys, and open sessions."""

from __future__ import annotations

from functools import wraps
from typing import ParamSpec

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from syndicator.accounts.models import User
from syndicator.desk import audit, first_steps
from syndicator.desk.access import DeskRequest, View, deciders_only
from syndicator.desk.forms import NewPasswordForm
from syndicator.desk.proof_forms import OwnPasswordForm
from syndicator.desk.times import desk_zone
from syndicator.entrance import passkeys, second_step, sessions
from syndicator.entrance.models import Passkey
from syndicator.entrance.places import address_of

P = ParamSpec("P")


def before_set_up(view: View[P]) -> View[P]:
    """Open also to who must set up a second step first."""
    view.before_set_up = True  # type: ignore[attr-defined]
    return view


def freshly_confirmed(view: View[P]) -> View[P]:
    """Only for who gave the password lately: whoever sits down at an open desk cannot change how
    its owner gets in."""

    @wraps(view)
    def guarded(request: DeskRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not sessions.is_confirmed(request.session):
            return redirect("desk:confirm_password")
        return view(request, *args, **kwargs)

    return guarded


@before_set_up
@never_cache
@require_GET
def own_account(request: DeskRequest) -> HttpResponse:
    return _page(request)


@before_set_up
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def confirm_password(request: DeskRequest) -> HttpResponse:
    form = OwnPasswordForm(request.POST or None, person=request.user, address=address_of(request))
    if request.method == "POST" and form.is_valid():
        sessions.confirm(request.session)
        messages.success(request, _("Thank you. Now go on."))
        return redirect("desk:own_account")
    return render(request, "desk/confirm_password.html", {"form": form})


@before_set_up
@sensitive_post_parameters()
@require_POST
@freshly_confirmed
def own_password(request: DeskRequest) -> HttpResponse:
    """A new password; every other session ends."""
    form = NewPasswordForm(request.user, request.POST)
    if not form.is_valid():
        return _page(request, password_form=form)
    with audit.recorded(request, "password set", request.user):
        form.save()
        update_session_auth_hash(request, request.user)
        request.session.save()
        sessions.end_all(request.user, but=request.session.session_key)
    messages.success(request, _("Your password is changed. Your other sessions have ended."))
    return redirect("desk:own_account")


@before_set_up
@require_POST
@freshly_confirmed
def new_app(request: DeskRequest) -> HttpResponse:
    second_step.begin_app(request.user)
    return redirect(f"{reverse('desk:own_account')}#app")


@before_set_up
@require_POST
def drop_app(request: DeskRequest) -> HttpResponse:
    """Not to set one up after all."""
    second_step.forget_unconfirmed_app(request.user)
    return redirect(f"{reverse('desk:own_account')}#app")


@before_set_up
@never_cache
@sensitive_post_parameters()
@require_POST
@freshly_confirmed
def confirm_app(request: DeskRequest) -> HttpResponse:
    if not second_step.confirm_app(request.user, "".join(request.POST.get("code", "").split())):
        messages.error(
            request, _("That code is not right. Check the phone's clock and enter the next code.")
        )
        return redirect(f"{reverse('desk:own_account')}#app")
    audit.record(request, "app added", request.user)
    return _secured(request)


@require_POST
@freshly_confirmed
def remove_app(request: DeskRequest) -> HttpResponse:
    second_step.remove_app(request.user)
    audit.record(request, "app removed", request.user)
    return _loosened(request, _("The app's codes are asked for no more."))


@before_set_up
@never_cache
@require_POST
@freshly_confirmed
def new_recovery_codes(request: DeskRequest) -> HttpResponse:
    if not second_step.is_set_up(request.user):
        return redirect("desk:own_account")
    audit.record(request, "recovery codes made", request.user)
    return _show_codes(request)


@before_set_up
@never_cache
@require_POST
def new_passkey_options(request: DeskRequest) -> HttpResponse:
    if not sessions.is_confirmed(request.session):
        return JsonResponse({"leads_to": reverse("desk:confirm_password")}, status=403)
    return JsonResponse(passkeys.registration_options(request.user, request.session))


@before_set_up
@never_cache
@require_POST
@freshly_confirmed
def new_passkey(request: DeskRequest) -> HttpResponse:
    name = request.POST.get("name", "").strip()[:60] or _("Passkey")
    try:
        made = passkeys.register(
            request.user, request.session, request.POST.get("answer", ""), name
        )
    except passkeys.NotAccepted:
        messages.error(request, _("The passkey could not be set up. Try again."))
        return redirect("desk:own_account")
    audit.saved(request.user, made, "created", ["name"])
    return _secured(request)


@require_POST
@freshly_confirmed
def remove_passkey(request: DeskRequest, pk: int) -> HttpResponse:
    passkey = get_object_or_404(Passkey, pk=pk, person=request.user)
    with audit.recorded(request, "removed", passkey):
        Passkey.objects.filter(pk=pk).delete()
    second_step.forget_needless_codes(request.user)
    return _loosened(request, _("%(name)s no longer signs you in.") % {"name": passkey})


@require_POST
@deciders_only
def mails_waiting(request: DeskRequest) -> HttpResponse:
    """Whether to get each waiting post by mail."""
    with audit.recorded(request, "changed", request.user):
        request.user.mails_waiting = request.POST.get("wanted") == "yes"
        request.user.save(update_fields=["mails_waiting"])
    messages.success(
        request,
        _("Waiting posts come to you by mail.")
        if request.user.mails_waiting
        else _("No more mails about waiting posts."),
    )
    return redirect("desk:own_account")


@require_POST
def end_session(request: DeskRequest, handle: str) -> HttpResponse:
    if sessions.end(request.user, handle):
        audit.record(request, "session ended", request.user)
        messages.success(request, _("The session has ended."))
    return redirect(f"{reverse('desk:own_account')}#sessions")


@require_POST
def end_other_sessions(request: DeskRequest) -> HttpResponse:
    ended = sessions.end_all(request.user, but=request.session.session_key)
    if ended:
        audit.record(request, "sessions ended", request.user)
    messages.success(
        request,
        ngettext("%(count)s session has ended.", "%(count)s sessions have ended.", ended)
        % {"count": ended},
    )
    return redirect(f"{reverse('desk:own_account')}#sessions")


def _secured(request: DeskRequest) -> HttpResponse:
    """A second step is there now: the way is free; and codes for the day when the phone is lost."""
    first_steps.unmark(request.session)
    if not request.user.recovery_codes.exists():
        return _show_codes(request)
    messages.success(request, _("It is set up."))
    return redirect("desk:own_account")


def _loosened(request: DeskRequest, said: str) -> HttpResponse:
    first_steps.mark_if_missing(request.session, request.user)
    messages.success(request, said)
    return redirect("desk:own_account")


def _show_codes(request: DeskRequest) -> HttpResponse:
    """Answers the POST itself: to show them after a redirect, they would have to be stored."""
    codes = second_step.new_recovery_codes(request.user)
    return render(request, "desk/recovery_codes.html", {"codes": codes})


def _page(request: DeskRequest, password_form: NewPasswordForm | None = None) -> HttpResponse:
    person: User = request.user
    setting_up = second_step.unconfirmed_app(person)
    context = {
        "must_set_up": first_steps.is_marked(request.session),
        "password_form": password_form or NewPasswordForm(person),
        "has_app": second_step.has_app(person),
        "app_secret": _in_fours(setting_up[0]) if setting_up else "",
        "app_picture": segno.make(setting_up[1]).svg_data_uri(
            scale=4, border=4, light="#fff", dark="#000"
        )
        if setting_up
        else "",
        "codes_left": person.recovery_codes.count(),
        "passkeys": person.passkeys.order_by("created_at"),
        "passkeys_possible": passkeys.are_possible(),
        "sessions": sessions.of(person),
        "this_session": request.session.session_key,
        "mail_server": bool(settings.EMAIL_HOST),
        "zone": desk_zone(),
    }
    return render(request, "desk/own_account.html", context)


def _in_fours(text: str) -> str:
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))
