"""The feeds on the web: told once, and then only that nothing has changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from syndicator.clock import database_now
from syndicator.published import documents
from syndicator.published.atom import atom
from syndicator.published.feed import Feed, outline, read
from syndicator.published.json_feed import json_feed
from syndicator.published.pages import public
from syndicator.share.models import SharePages

#: A change within the second that Last-Modified names could not be told from it: the time is only
#: said when no more can come.
SETTLED = 2


def _json(feed: Feed) -> bytes:
    return _written(json_feed(feed))


def _document(feed: Feed) -> bytes:
    return _written(documents.live_blog(feed.blog, feed.entries))


def _written(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _feed(write: Callable[[Feed], bytes], media_type: str) -> Callable[..., HttpResponseBase]:
    @public
    def view(request: HttpRequest, slug: str) -> HttpResponse:
        shown = get_object_or_404(SharePages.objects.select_related("blog"), blog__slug=slug)
        if not shown.feeds_on:
            raise Http404
        now = database_now()
        found = outline(shown, now)
        etag, modified = f'"{found.tag}"', int(found.updated.timestamp())
        is_settled = now.timestamp() - modified > SETTLED
        answer = get_conditional_response(request, etag, modified if is_settled else None)
        if answer is None:
            answer = HttpResponse(write(read(found)), content_type=media_type)
        answer["ETag"] = etag
        if is_settled:
            answer["Last-Modified"] = http_date(modified)
        # Anybody may read it anyway, so scripts of other websites may, too.
        answer["Access-Control-Allow-Origin"] = "*"
        return answer

    return view


atom_feed = _feed(atom, "application/atom+xml; charset=utf-8")
json_feed_view = _feed(_json, "application/feed+json; charset=utf-8")
live_blog_document = _feed(_document, "application/ld+json; charset=utf-8")
