"""Logging in and out, in one step or two, and the language of the pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.i18n import set_language as django_set_language

from syndicator.accounts import audit
from syndicator.accounts.models import User
from syndicator.desk.first_steps import mark_if_missing
from syndicator.desk.proof_forms import CodeForm, LogInForm
from syndicator.entrance import half_way, passkeys, second_step, single_sign_on
from syndicator.entrance.places import address_of

_LEADS_TO = "leads_to"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@method_decorator(login_not_required, name="dispatch")
class LoginView(auth.LoginView):
    template_name = "desk/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.headers.get("HX-Request") == "true":
            # A part of a page was asked for after the session ended: the whole page goes to the
            # log-in, instead of the log-in into the part.
            page = urlsplit(request.headers.get("HX-Current-URL", "")).path or reverse("desk:queue")
            login = f"{reverse('desk:login')}?{urlencode({'next': page})}"
            return HttpResponse(status=204, headers={"HX-Redirect": login})
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "passkeys": passkeys.are_possible(),
            "elsewhere": settings.OIDC_NAME if single_sign_on.is_offered() else "",
        }

    def form_valid(self, form: Any) -> HttpResponse:
        person: User = form.get_user()
        if second_step.is_set_up(person):
            half_way.keep(self.request.session, person, self.get_success_url())
            return redirect("desk:second_step")
        return signed_in(self.request, person, self.get_success_url())


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def second_step_view(request: HttpRequest) -> HttpResponse:
    """The code, after the password was right."""
    begun = half_way.kept(request.session)
    if begun is None:
        return redirect("desk:login")
    form = CodeForm(request.POST or None, person=begun.person, address=address_of(request))
    if request.method == "POST" and form.is_valid():
        return signed_in(request, begun.person, begun.leads_to)
    context = {
        "form": form,
        "has_app": second_step.has_app(begun.person),
        "passkeys": passkeys.are_possible() and begun.person.passkeys.exists(),
    }
    return render(request, "desk/second_step.html", context)


@login_not_required
@never_cache
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    begun = half_way.kept(request.session)
    person = begun.person if begun else None
    return JsonResponse(passkeys.sign_in_options(request.session, person))


@login_not_required
@never_cache
@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """Sign in by a passkey, without a password or after it."""
    begun = half_way.kept(request.session)
    try:
        person = passkeys.owner(request.session, request.POST.get("answer", ""))
        if begun and begun.person != person:
            raise passkeys.NotAccepted
    except passkeys.NotAccepted:
        audit.record(
            None, "log-in failed", begun.person if begun else None, address=address_of(request)
        )
        messages.error(request, _("That passkey was not accepted. Try again, or another way."))
        return redirect("desk:login")
    leads_to = begun.leads_to if begun else request.POST.get("next", "")
    return signed_in(request, person, leads_to)


@login_not_required
@never_cache
@require_GET
def elsewhere(request: HttpRequest) -> HttpResponse:
    """To the provider of the single sign-on."""
    if not single_sign_on.is_offered():
        raise Http404
    request.session[_LEADS_TO] = request.GET.get("next", "")
    try:
        return single_sign_on.begin(
            request, settings.BASE_URL + reverse("desk:back_from_elsewhere")
        )
    except single_sign_on.NotReached:
        return _not_elsewhere(request, _("The sign-in does not answer. Try again in a moment."))


@login_not_required
@never_cache
@require_GET
def back_from_elsewhere(request: HttpRequest) -> HttpResponse:
    if not single_sign_on.is_offered():
        raise Http404
    address = address_of(request)
    try:
        person = single_sign_on.finish(request, address)
    except single_sign_on.NotReached:
        return _not_elsewhere(request, _("The sign-in does not answer. Try again in a moment."))
    except single_sign_on.NotProven:
        audit.record(None, "log-in failed", address=address)
        return _not_elsewhere(request, _("The sign-in did not succeed. Begin again."))
    except single_sign_on.NotWelcome:
        audit.record(None, "log-in failed", address=address)
        return _not_elsewhere(
            request, _("Your account there has no role on the desk. Ask an administrator.")
        )
    leads_to = request.session.pop(_LEADS_TO, "")
    # Whether there is a second step is the provider's business then.
    return signed_in(request, person, leads_to, demanding=False)


def _not_elsewhere(request: HttpRequest, said: str) -> HttpResponse:
    messages.error(request, said)
    return redirect("desk:login")


def signed_in(
    request: HttpRequest, person: User, leads_to: str, *, demanding: bool = True
) -> HttpResponse:
    """Sign *person* in, and lead to the page of this desk that was asked for, or to the queue."""
    half_way.forget(request.session)
    login(request, person, backend=BACKEND)
    if demanding:
        mark_if_missing(request.session, person)
    if not url_has_allowed_host_and_scheme(
        leads_to, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        leads_to = reverse("desk:queue")
    return redirect(leads_to)


set_language = login_not_required(require_POST(django_set_language))
