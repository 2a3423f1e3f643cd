"""Settings of live blogs: the blog itself, where its entries go, and what feeds it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from syndicator.clock import database_now
from syndicator.desk import audit
from syndicator.desk.access import DeskRequest, admins_only
from syndicator.desk.forms import ArchiveForm, BlogForm, RouteForm, SourceForm
from syndicator.desk.source_forms import PasteForm
from syndicator.desk.sources import fed, followed
from syndicator.desk.views.new_sources import paste_address
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.digests.models import DigestSettings
from syndicator.digests.turning import policy_changed
from syndicator.entries.models import LiveBlog, Source
from syndicator.following.models import Following
from syndicator.posts.line import wake
from syndicator.posts.rehearsal import Rehearsed, Setting, rehearse, tallies
from syndicator.posts.render import switch_off
from syndicator.signed_push.signing import issue


@require_GET
@admins_only
def blogs(request: DeskRequest) -> HttpResponse:
    return render(request, "desk/blogs.html", {"blogs": LiveBlog.objects.order_by("title")})


@require_http_methods(["GET", "POST"])
@admins_only
def new_blog(request: DeskRequest) -> HttpResponse:
    form = BlogForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with audit.recorded(request, "created", form.instance):
            blog = form.save()
        messages.success(request, _("%(name)s is saved.") % {"name": blog})
        if follow := request.POST.get("follow"):
            return redirect(paste_address(blog, follow))
        return redirect("desk:blog", blog.pk)
    follow = request.POST.get("follow", "")
    context = {"form": form, "paste_form": None if follow else PasteForm(), "follow": follow}
    return render(request, "desk/blog_new.html", context)


@require_http_methods(["GET", "POST"])
@admins_only
def blog(request: DeskRequest, pk: int) -> HttpResponse:
    """The settings of one blog. POST saves the blog itself."""
    shown = get_object_or_404(LiveBlog, pk=pk)
    form = BlogForm(request.POST or None, instance=shown)
    if request.method == "POST" and form.is_valid():
        with audit.recorded(request, "changed", shown):
            form.save()
        return _saved(request, shown)
    return _page(request, shown, blog_form=form)


@require_POST
@admins_only
def routes(request: DeskRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(LiveBlog, pk=pk)
    forms = _route_forms(shown, request.POST)
    if not all(form.is_valid() for form in forms):
        return _page(request, shown, route_forms=forms)
    for form in forms:
        route = form.instance
        # No row says the same as “off”, without a note at every entry.
        if form.has_changed() and (route.pk or route.policy != Policy.OFF):
            before = form.initial.get("policy", Policy.OFF)
            with audit.recorded(request, "changed", route):
                form.save()
                policy_changed(route, before)
            if form.sets_quiet_hours:
                wake(route)
            if route.policy == Policy.OFF and (stopped := switch_off(route)):
                messages.info(
                    request,
                    ngettext(
                        "%(count)s post that waited for %(name)s was cancelled.",
                        "%(count)s posts that waited for %(name)s were cancelled.",
                        stopped,
                    )
                    % {"count": stopped, "name": route.destination},
                )
    return _saved(request, shown)


@require_POST
@admins_only
def rehearse_blog(request: DeskRequest, pk: int) -> HttpResponse:
    """What the settings of the blog as they stand in the form would have done to the last day."""
    saved = get_object_or_404(LiveBlog, pk=pk)
    form = BlogForm(request.POST, instance=LiveBlog.objects.get(pk=pk))
    if not form.is_valid():
        return _page(request, saved, blog_form=form)
    routes = _saved_routes(saved)
    rehearsed = rehearse(Setting(saved, routes), Setting(form.instance, routes), database_now())
    return _page(request, saved, blog_form=form, rehearsed=rehearsed)


@require_POST
@admins_only
def rehearse_routes(request: DeskRequest, pk: int) -> HttpResponse:
    """What the routes as they stand in the form would have done to the last day's entries."""
    saved = get_object_or_404(LiveBlog, pk=pk)
    forms = _route_forms(saved, request.POST)
    if not all(form.is_valid() for form in forms):
        return _page(request, saved, route_forms=forms)
    tried = Setting(saved, [form.instance for form in forms])
    rehearsed = rehearse(Setting(saved, _saved_routes(saved)), tried, database_now())
    return _page(request, saved, route_forms=forms, rehearsed=rehearsed)


@require_POST
@admins_only
def new_source(request: DeskRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(LiveBlog, pk=pk)
    form = SourceForm(request.POST, instance=Source(blog=shown))
    if not form.is_valid():
        return _page(request, shown, source_form=form)
    with audit.recorded(request, "created", form.instance):
        source = form.save()
    return _show_token(request, source)


@require_POST
@admins_only
def new_token(request: DeskRequest, pk: int) -> HttpResponse:
    """A new push token for a source; the old one stops working."""
    source = get_object_or_404(Source.objects.select_related("blog"), pk=pk)
    return _show_token(request, source)


@require_POST
@admins_only
@never_cache
def new_signing_secret(request: DeskRequest, pk: int) -> HttpResponse:
    """A new secret for signed pushes; the old one stays good for a day. Answered as `_show_token`
    does."""
    source = get_object_or_404(Source.objects.select_related("blog"), pk=pk)
    with audit.recorded(request, "signing secret issued", source):
        row, secret = issue(source)
    address = settings.BASE_URL + reverse("api-1:push_signed", args=[row.key])
    context = {"source": source, "secret": secret, "row": row, "address": address}
    return render(request, "desk/signing_secret.html", context)


@never_cache
def _show_token(request: DeskRequest, source: Source) -> HttpResponse:
    """Answers the POST itself: to show it after a redirect, the token would have to be stored."""
    with audit.recorded(request, "token issued", source):
        token = source.issue_token()
    context = {"source": source, "token": token, "base_url": settings.BASE_URL}
    return render(request, "desk/token.html", context)


def _page(
    request: DeskRequest,
    shown: LiveBlog,
    *,
    blog_form: BlogForm | None = None,
    route_forms: list[RouteForm] | None = None,
    source_form: SourceForm | None = None,
    rehearsed: list[Rehearsed] | None = None,
) -> HttpResponse:
    context = {
        "blog": LiveBlog.objects.get(pk=shown.pk),
        "blog_form": blog_form or BlogForm(instance=shown),
        "route_forms": route_forms or _route_forms(shown),
        "rehearsed": rehearsed,
        "tallies": tallies(rehearsed or ()),
        "archive_form": ArchiveForm(
            instance=DigestSettings.objects.filter(blog=shown).first() or DigestSettings(blog=shown)
        ),
        "followed": followed(Following.objects.filter(source__blog=shown)),
        "fed": fed(shown),
        "source_form": source_form or SourceForm(instance=Source(blog=shown)),
    }
    return render(request, "desk/blog.html", context)


def _route_forms(shown: LiveBlog, posted: QueryDict | None = None) -> list[RouteForm]:
    """One form for each destination; one without a route stands at “do not post”."""
    existing = {route.destination_id: route for route in _saved_routes(shown)}
    return [
        RouteForm(
            posted,
            prefix=f"to{destination.pk}",
            instance=existing.get(
                destination.pk,
                Route(blog=shown, destination=destination, policy=Policy.OFF),
            ),
        )
        for destination in Destination.objects.order_by("name")
    ]


def _saved_routes(shown: LiveBlog) -> list[Route]:
    return list(shown.routes.select_related("destination").order_by("destination__name"))


def _saved(request: DeskRequest, shown: LiveBlog) -> HttpResponse:
    messages.success(request, _("%(name)s is saved.") % {"name": shown})
    return redirect("desk:blog", shown.pk)
