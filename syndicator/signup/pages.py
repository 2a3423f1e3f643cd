"""The readers' pages: subscribing, confirming, preferences, one's own data.

None needs a cookie. What acts is a POST with the token of a mail in its address, which no other
website knows, or one that causes no more than a mail: so there is nothing for a CSRF token to
protect, and the form may stand on any website. A GET only asks: programs that scan mails for
danger follow links, too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from csp.decorators import csp_replace
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from syndicator.entrance.places import address_of
from syndicator.entrance.throttle import TooManyTries
from syndicator.entries.models import LiveBlog
from syndicator.newsletter import subscribing
from syndicator.newsletter.erasing import MailUnderWay
from syndicator.newsletter.models import Pace, Subscriber, Subscription
from syndicator.signup import asking, links
from syndicator.signup import own_data as data
from syndicator.signup.confirming import confirm as confirmed
from syndicator.signup.forms import AddressForm, SubscribeForm
from syndicator.signup.models import Ask, AskKind, SignUp
from syndicator.signup.paces import said
from syndicator.signup.preferences import Preferences
from syndicator.signup.settings import frame_ancestors, spoken

P = ParamSpec("P")
TOO_MANY = 429


def _public(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Open to everybody, kept nowhere, told to nobody: the address may hold a token."""

    @never_cache
    @csrf_exempt
    @login_not_required
    @sensitive_post_parameters()
    @wraps(view)
    def shown(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        answer["Referrer-Policy"] = "no-referrer"
        answer["X-Robots-Tag"] = "noindex"
        return answer

    return shown


_get_or_post = require_http_methods(["GET", "HEAD", "POST"])
_get = require_http_methods(["GET", "HEAD"])


@_public
@_get_or_post
def subscribe(request: HttpRequest, slug: str) -> HttpResponse:
    """The page of a live blog, and where the forms on other websites lead."""
    return _subscribe(request, _sign_up(slug), framed=False)


@_public
@xframe_options_exempt
@_get_or_post
def frame(request: HttpRequest, slug: str) -> HttpResponse:
    """The same to be shown in a frame of the newsroom's own websites, and of no others."""
    sign_up = _sign_up(slug)
    return _framed(request, _subscribe(request, sign_up, framed=True), sign_up)


@_public
@_get
def asked(request: HttpRequest, slug: str) -> HttpResponse:
    """What everybody is told who has asked, whatever came of it."""
    return _asked(request, _sign_up(slug), framed=False)


@_public
@xframe_options_exempt
@_get
def asked_in_frame(request: HttpRequest, slug: str) -> HttpResponse:
    sign_up = _sign_up(slug)
    return _framed(request, _asked(request, sign_up, framed=True), sign_up)


@_public
@_get_or_post
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    try:
        ask = links.find(token, AskKind.SUBSCRIBE)
        begun = confirmed(token, address_of(request)) if request.method == "POST" else None
    except links.UnknownLink:
        return _unknown(request)
    assert ask.blog is not None
    with translation.override(spoken(ask.blog.language)):
        zone = ask.time_zone or ask.blog.time_zone
        context = {
            "blog": ask.blog,
            "pace": said(Pace(ask.pace), ask.daily_hour, zone),
            "consent": ask.consent,
            "used": ask.confirmed_at is not None or request.method == "POST",
            "preferences": subscribing.preferences_url(begun.pk) if begun else "",
        }
        return render(request, "signup/confirm.html", context)


@_public
@_get_or_post
def lost_link(request: HttpRequest) -> HttpResponse:
    """Mail the links to whom the address belongs; the answer says nothing about it."""
    form = AddressForm(request.POST or None)
    with translation.override(spoken(translation.get_language() or "")):
        if request.method == "POST":
            if (refused := _counted(request)) is not None:
                return refused
            if form.by_program:
                return redirect("signup:lost_link_asked")
            if form.is_valid():
                asking.ask_for_own_data(form.cleaned_data["email"])
                return redirect("signup:lost_link_asked")
        return render(request, "signup/lost_link.html", {"form": form})


@_public
@_get
def lost_link_asked(request: HttpRequest) -> HttpResponse:
    return render(request, "signup/asked.html", {"blog": None, "framed": False})


@_public
@_get_or_post
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """All subscriptions of one person. The link stands in every mail, and mails are passed on:
    so the page does not show the address, and for more than this it asks for a link of its own."""
    try:
        found = subscribing.find_by_preferences(token)
    except subscribing.UnknownToken:
        return _unknown(request)
    with translation.override(spoken(found.blog.language)):
        person = found.subscriber
        shown, done = Preferences(person), ""
        if request.method == "POST":
            shown = Preferences(person, request.POST)
            done = shown.act(request.POST.get("act", ""), address_of(request))
        context = {
            "masked": _masked(person.email),
            "shown": Preferences(person) if done else shown,
            "done": done,
            "is_wrong": request.method == "POST" and not done,
        }
        return render(request, "signup/preferences.html", context)


@_public
@_get
def own_data(request: HttpRequest, token: str) -> HttpResponse:
    try:
        ask, person = _owner(token)
    except links.UnknownLink:
        return _unknown(request)
    return _own_page(request, token, person, ask)


@_public
@require_POST
def own_data_file(request: HttpRequest, token: str) -> HttpResponse:
    """All that is kept of the person, as a file."""
    try:
        _ask, person = _owner(token)
    except links.UnknownLink:
        return _unknown(request)
    answer = JsonResponse(
        data.everything_about(person), json_dumps_params={"ensure_ascii": False, "indent": 2}
    )
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@_public
@_get_or_post
def erase(request: HttpRequest, token: str) -> HttpResponse:
    try:
        _ask, person = _owner(token)
    except links.UnknownLink:
        return _unknown(request)
    with translation.override(_language_of(person)):
        context = {"address": person.email, "token": token, "done": False, "busy": False}
        if request.method == "POST":
            try:
                data.erase(person)
                context["done"] = True
            except MailUnderWay:
                context["busy"] = True
        return render(request, "signup/erase.html", context)


def _sign_up(slug: str) -> SignUp:
    found = SignUp.objects.select_related("blog", "consent").filter(blog__slug=slug).first()
    if found is None:
        raise Http404
    return found


def _subscribe(request: HttpRequest, sign_up: SignUp, *, framed: bool) -> HttpResponse:
    blog = sign_up.blog
    with translation.override(spoken(blog.language)):
        if not sign_up.is_open or not sign_up.offered:
            return render(request, "signup/closed.html", {"blog": blog, "framed": framed})
        form = SubscribeForm(sign_up, request.POST or None)
        if request.method == "POST":
            if (refused := _counted(request, framed=framed)) is not None:
                return refused
            thanks = redirect("signup:asked_in_frame" if framed else "signup:asked", blog.slug)
            if form.by_program:
                return thanks
            if form.is_valid():
                asking.ask_to_subscribe(
                    form.cleaned_data["email"],
                    form.cleaned_data["consent"],
                    form.wishes,
                    address_of(request),
                )
                return thanks
        context = {"blog": blog, "sign_up": sign_up, "form": form, "framed": framed}
        return render(request, "signup/subscribe.html", context)


def _counted(request: HttpRequest, *, framed: bool = False) -> HttpResponse | None:
    """None, or the answer to somebody who has asked too often from there."""
    try:
        asking.count(address_of(request))
    except TooManyTries as refused:
        seconds = max(1, round(refused.wait.total_seconds()))
        answer = render(request, "signup/too_many.html", {"framed": framed}, status=TOO_MANY)
        answer["Retry-After"] = str(seconds)
        return answer
    return None


def _asked(request: HttpRequest, sign_up: SignUp, *, framed: bool) -> HttpResponse:
    with translation.override(spoken(sign_up.blog.language)):
        return render(request, "signup/asked.html", {"blog": sign_up.blog, "framed": framed})


def _framed(request: HttpRequest, answer: HttpResponse, sign_up: SignUp) -> HttpResponse:
    allowed = csp_replace({"frame-ancestors": frame_ancestors(sign_up)})
    allowed(lambda _request: answer)(request)
    return answer


def _owner(token: str) -> tuple[Ask, Subscriber]:
    ask = links.find(token, AskKind.OWN_DATA)
    person = Subscriber.objects.filter(email=ask.address).first()
    if person is None:
        raise links.UnknownLink
    return ask, person


def _own_page(request: HttpRequest, token: str, person: Subscriber, ask: Ask) -> HttpResponse:
    with translation.override(_language_of(person)):
        subscriptions = (
            Subscription.objects.filter(subscriber=person)
            .select_related("blog")
            .prefetch_related("consents__text")
            .order_by("state", "blog__title")
        )
        newest = subscriptions.first()
        context = {
            "person": person,
            "subscriptions": subscriptions,
            "token": token,
            "ends_at": ask.ends_at,
            "preferences": subscribing.preferences_url(newest.pk) if newest else "",
        }
        return render(request, "signup/own_data.html", context)


def _language_of(person: Subscriber) -> str:
    blog = LiveBlog.objects.filter(subscriptions__subscriber=person).order_by("-pk").first()
    return spoken(blog.language if blog else "")


def _masked(address: str) -> str:
    """Enough of *address* to recognise one's own, and not to write to it."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _unknown(request: HttpRequest) -> HttpResponse:
    return render(request, "signup/unknown_link.html", status=404)
