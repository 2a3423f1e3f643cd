"""A stored picture as the answer to a browser."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpResponse

from syndicator.pictures.models import StoredPicture
from syndicator.pictures.storage import PictureAway, PictureGone, read_digest

#: A page's thread is not to wait for a slow store as long as a post does.
PATIENCE = timedelta(seconds=3)
RETRY_AFTER = 30


def picture_answer(stored: StoredPicture) -> HttpResponse:
    """Encoded by ourselves, and still never more than a picture to the browser.

    503, which nobody may keep, if the store does not give it now.
    """
    try:
        data = read_digest(stored.digest, PATIENCE)
    except PictureGone:
        raise Http404 from None
    except PictureAway:
        return HttpResponse(
            status=503, headers={"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
        )
    return HttpResponse(
        data,
        content_type=stored.media_type,
        headers={"Content-Security-Policy": "default-src 'none'; sandbox"},
    )
