"""The address that hubs call."""

from __future__ import annotations

from collections.abc import Iterator

import structlog
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from syndicator.following import hub_calls
from syndicator.following.models import HubState, HubSubscription

log = structlog.get_logger(__name__)

#: Bytes of one call; it may bring all of a source along, of which nothing is kept.
LARGEST_CALL = 20 * 1024 * 1024
_PIECE = 64 * 1024


@never_cache
@csrf_exempt  # a program calls, without cookies; its signature is the proof
@login_not_required
@require_http_methods(["GET", "POST"])
def hub_calls_us(request: HttpRequest, token: str) -> HttpResponse:
    """GET: a hub asks whether we want what we asked for. POST: it says that there is news."""
    if request.method == "POST":
        return _news(request, token)
    answer = hub_calls.answer_to(token, request.GET.dict())
    if answer is None:
        return HttpResponse(status=404)
    return HttpResponse(answer, content_type="text/plain; charset=utf-8")


def _news(request: HttpRequest, token: str) -> HttpResponse:
    hub = HubSubscription.objects.filter(token=token).first()
    if hub is None:
        return HttpResponse(status=404)
    if hub.state in (HubState.ENDING, HubState.ENDED):
        return HttpResponse(status=410)
    length = request.headers.get("Content-Length", "")
    if not length.isdigit():
        return HttpResponse(status=411)
    if int(length[:20]) > LARGEST_CALL:
        return HttpResponse(status=413)
    try:
        is_right = hub_calls.is_signed(
            hub, request.headers.get("X-Hub-Signature", ""), _pieces(request)
        )
    except UnreadablePostError:
        return HttpResponse(status=400)
    if is_right:
        hub_calls.news(hub)
    else:
        # Without a word of that to who calls (WebSub, 7).
        log.warning("a call was not signed by the hub", hub=hub.host, subscription=hub.pk)
        hub_calls.missigned(hub.pk)
    return HttpResponse(status=202)


def _pieces(request: HttpRequest) -> Iterator[bytes]:
    while piece := request.read(_PIECE):
        yield piece
