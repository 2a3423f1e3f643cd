"""How readers of a live blog subscribe by themselves: its page, its form for other websites."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.sign_up_forms import SignUpForm
from syndicator.destinations.models import DestinationState
from syndicator.entries.models import LiveBlog
from syndicator.signup.forms import SubscribeForm
from syndicator.signup.models import Ask, AskKind, AskState, SignUp
from syndicator.signup.settings import mail_destination, spoken


@require_http_methods(["GET", "POST"])
@admins_only
def sign_up(request: DeskRequest, pk: int) -> HttpResponse:
    blog = get_object_or_404(LiveBlog, pk=pk)
    form = SignUpForm(blog, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with audit.recorded(request, "changed", SignUp(blog=blog)):
            form.save()
        messages.success(request, _("%(name)s is saved.") % {"name": blog})
        return redirect("desk:sign_up", blog.pk)
    saved = SignUp.objects.select_related("blog", "consent").filter(blog=blog).first()
    destination = mail_destination(blog)
    asks = Ask.objects.filter(kind=AskKind.SUBSCRIBE, blog=blog, confirmed_at=None)
    context = {
        "blog": blog,
        "form": form,
        "saved": saved,
        "destination": destination,
        "works": destination is not None and destination.state == DestinationState.ACTIVE,
        "page": _public("subscribe", blog),
        "snippet": snippet_of(saved) if saved else "",
        "frame": _frame(saved) if saved else "",
        "unmailed": asks.filter(state__in=(AskState.WAITING, AskState.SENDING)).count(),
        "unconfirmed": asks.filter(state=AskState.SENT).count(),
    }
    return render(request, "desk/sign_up.html", context)


def snippet_of(saved: SignUp) -> str:
    """The form as HTML for other websites. It says its version of the text that is agreed to."""
    with translation.override(spoken(saved.blog.language)):
        context = {
            "address": _public("subscribe", saved.blog),
            "form": SubscribeForm(saved),
            "sign_up": saved,
        }
        return render_to_string("signup/embed.html", context)


def _frame(saved: SignUp) -> str:
    with translation.override(spoken(saved.blog.language)):
        title = _("“%(blog)s” by email") % {"blog": saved.blog.title}
        context = {"address": _public("frame", saved.blog), "title": title}
        return render_to_string("signup/embed_frame.html", context)


def _public(page: str, blog: LiveBlog) -> str:
    return settings.BASE_URL + reverse(f"signup:{page}", args=[blog.slug])
