"""The sandbox Page as its readers see it: posts, link cards, photos and what was edited."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping

from werkzeug.exceptions import NotFound
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from syndicator.channels.facebook.sandbox_photos import Photo, Photos
from syndicator.channels.facebook.sandbox_posts import is_comment
from syndicator.channels.sandbox.base import Request
from syndicator.channels.sandbox.links import LinkCard, text_and_links
from syndicator.channels.sandbox.pages import Pages, protect
from syndicator.channels.sandbox.store import Accepted, Action, SandboxStore

MOST_POSTS = 100
NOTHING_BUT_ITSELF = "default-src 'none'"
#: The Page's own picture: pixels a side, and its colour.
SIDE = 100
COLOUR = b"\x50\x68\x8a"


class Timeline:
    """*prefix* is where the platform is served, *page_name* what the Page is called."""

    def __init__(
        self,
        store: SandboxStore,
        platform: str,
        prefix: str,
        page_name: str,
        photos: Photos,
        pages: Pages,
    ) -> None:
        self._store = store
        self._platform = platform
        self._prefix = prefix
        self._page_name = page_name
        self._photos = photos
        self._pages = pages

    def page(self, request: Request) -> Response:
        edited = {act.remote_id for act in self._store.accepted(self._platform, Action.EDIT)}
        found = self._store.posts(self._platform)
        posts = [one for one in found if not is_comment(one)][:MOST_POSTS]
        comments: dict[str, list[Accepted]] = {}
        for one in reversed(found):
            comments.setdefault(str(one.request.get("comment_on", "")), []).append(one)
        return self._pages.render(
            "facebook_timeline.html",
            root=self._prefix,
            name=self._page_name,
            posts=[
                {
                    **self._shown(post, edited=post.remote_id in edited),
                    "comments": [self._shown_comment(one) for one in _below(post, comments)],
                }
                for post in posts
            ],
        )

    def permalink(self, request: Request, post: str) -> Response:
        return redirect(f"{self._prefix}/#post-{post}")

    def photo(self, request: Request, photo: str) -> Response:
        found = self._photos.get(photo)
        if found is None or not found.content:
            raise NotFound
        response = Response(found.content, content_type=found.media_type)
        return protect(response, NOTHING_BUT_ITSELF)

    def picture(self, request: Request) -> Response:
        return protect(Response(_png(), content_type="image/png"), NOTHING_BUT_ITSELF)

    def _shown(self, post: Accepted, *, edited: bool) -> Mapping[str, object]:
        photos = self._photos.of(post)
        return {
            "id": post.remote_id,
            "at": post.accepted_at,
            "edited": edited,
            "pieces": list(text_and_links(post.text)),
            "card": LinkCard.of(post.link) if post.link else None,
            "photos": [self._shown_photo(photo, alone=len(photos) == 1) for photo in photos],
        }

    def _shown_comment(self, comment: Accepted) -> Mapping[str, object]:
        return {
            "id": comment.remote_id,
            "at": comment.accepted_at,
            "pieces": list(text_and_links(comment.text)),
        }

    def _shown_photo(self, photo: Photo, *, alone: bool) -> Mapping[str, str]:
        return {
            "address": f"{self._prefix}/photos/{photo.photo_id}" if photo.content else "",
            "alt": photo.alt,
            # The words of a post with one photo are that photo's caption.
            "caption": "" if alone else photo.caption,
            "url": photo.url,
        }


def _below(post: Accepted, comments: Mapping[str, list[Accepted]]) -> Iterator[Accepted]:
    """The comments on *post*, each followed by those on it."""
    for comment in comments.get(post.remote_id, ()):
        yield comment
        yield from _below(comment, comments)


def _png() -> bytes:
    """A square of one colour: https://www.w3.org/TR/png-3/#5DataRep."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    rows = (b"\0" + COLOUR * SIDE) * SIDE
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
