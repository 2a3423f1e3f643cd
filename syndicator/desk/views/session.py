"""Logging in and out, and the language of the pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as django_set_language

from syndicator.desk.log_in_form import LogInForm


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


set_language = login_not_required(require_POST(django_set_language))
