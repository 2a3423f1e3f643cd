"""The page that a Prometheus server scrapes."""

from __future__ import annotations

from hmac import compare_digest

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import choose_encoder

from syndicator.metrics.collector import DatabaseCollector


@login_not_required  # by a token of its own: no person reads it
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """200 with the figures, 401 without the token, 404 where no token is set."""
    if not settings.METRICS_TOKEN:
        return HttpResponseNotFound("not found", content_type="text/plain")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(
        token.encode(), settings.METRICS_TOKEN.encode()
    ):
        return HttpResponse(
            "the token of SYNDICATOR_METRICS_TOKEN is needed",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": "Bearer"},
        )
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(DatabaseCollector()), content_type=content_type)
