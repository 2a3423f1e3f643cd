"""The address that mail providers call."""

from __future__ import annotations

import structlog
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from syndicator import secrets
from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.returns.provider_calls import NotAnEvent, take_in_event
from syndicator.returns.taking_in import take_in
from syndicator.standard_webhooks import NotSigned, check

log = structlog.get_logger(__name__)


@never_cache
@csrf_exempt  # a program calls, without cookies; its signature is the proof
@login_not_required
@require_POST
def event(request: HttpRequest, destination_id: int) -> HttpResponse:
    """204 when it is done, or needs nothing; 401 unless it is signed; 400 if it says nothing."""
    now = database_now()
    try:
        check([_key(destination_id)], request.headers, request.body, now)
        if request.content_type == "message/rfc822":
            outcome = take_in(request.body, now)
        else:
            outcome = take_in_event(request.body, destination_id, now)
    except NotSigned:
        return HttpResponse(status=401)
    except NotAnEvent:
        return HttpResponse(status=400)
    log.info("a mail provider called", destination=destination_id, outcome=outcome)
    return HttpResponse(status=204)


def _key(destination_id: int) -> str:
    """What the calls about a destination are signed with; `NotSigned` if there is nothing."""
    destination = Destination.objects.filter(pk=destination_id, channel_name="email").first()
    try:
        known = secrets.decrypt(destination.encrypted_secrets) if destination else {}
    except secrets.UnreadableSecrets:
        known = {}
    if not (key := known.get("return_webhook_key", "")):
        raise NotSigned("There is no key to check it with.")
    return key
