"""The pictures that go out with posts, for the desk's previews."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from syndicator.desk.access import DeskRequest
from syndicator.pictures.models import StoredPicture


@require_GET
@cache_control(private=True, max_age=86400, immutable=True)
def picture(request: DeskRequest, digest: str) -> HttpResponse:
    """Encoded by ourselves, and still never more than a picture to the browser."""
    stored = get_object_or_404(StoredPicture, pk=digest)
    return HttpResponse(
        bytes(stored.data),
        content_type=stored.media_type,
        headers={"Content-Security-Policy": "default-src 'none'; sandbox"},
    )
