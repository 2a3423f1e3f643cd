"""The red button: stop everything, a live blog or a platform; see what is stopped; go on."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from syndicator.desk import audit, stops
from syndicator.desk.access import DeskRequest, deciders_only
from syndicator.desk.forms import StopForm
from syndicator.desk.times import desk_zone
from syndicator.desk.views.posts import back
from syndicator.destinations.models import Stop
from syndicator.posts import review
from syndicator.posts.stopped import gone_stale, on_their_way

ROWS = 30


@require_http_methods(["GET", "POST"])
def stop(request: DeskRequest) -> HttpResponse:
    """GET: what is and was stopped, and the button for those who may press it. POST: press it."""
    if request.method == "POST":
        return _press(request)
    return _page(request, StopForm())


@require_GET
def standing(request: DeskRequest) -> HttpResponse:
    """The banner for a page that shows one already; 204 if that is still right."""
    banner = stops.Banner()
    if banner.seen == request.GET.get("banner", ""):
        return HttpResponse(status=204)
    return render(request, "desk/stops.html", {"banner": banner, "back": back(request)})


@require_POST
@deciders_only
def go_on(request: DeskRequest, pk: int) -> HttpResponse:
    lifting = get_object_or_404(Stop.objects.select_related("blog"), pk=pk)
    if lifting.lifted_at is None:
        review.go_on(pk, request.user)
        audit.saved(request.user, lifting, "lifted", name=stops.scope_of(lifting))
    messages.success(request, stops.lifted(lifting, gone_stale(lifting)))
    return redirect(back(request))


def _press(request: DeskRequest) -> HttpResponse:
    if not request.user.may_decide:
        raise PermissionDenied
    form = StopForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    pressed, fresh = review.stop(
        request.user,
        form.cleaned_data["reason"],
        blog=form.blog,
        channel_name=form.channel_name,
    )
    if fresh:
        audit.saved(request.user, pressed, "pressed", name=stops.scope_of(pressed))
    told = stops.pressed(pressed, fresh=fresh, on_their_way=on_their_way(pressed))
    messages.warning(request, told)
    return redirect("desk:stop")


def _page(request: DeskRequest, form: StopForm) -> HttpResponse:
    history = Stop.objects.select_related("blog", "pressed_by", "lifted_by").order_by("-pk")
    page = Paginator(history, ROWS).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "history": [(row, stops.scope_of(row)) for row in page],
        "zone": desk_zone(),
    }
    return render(request, "desk/stop.html", context)
