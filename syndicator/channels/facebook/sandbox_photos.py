"""Photos of the sandbox Page: uploaded as bytes or by address, described, shown.

https://developers.facebook.com/docs/graph-api/reference/page/photos/. Photos are kept as drafts of
their own; a post names those that it shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syndicator.channels.facebook.sandbox_answers import (
    GraphError,
    invalid_parameter,
    no_such_object,
    unreadable_picture,
)
from syndicator.channels.facebook.sandbox_parameters import GraphCall, is_web_address
from syndicator.channels.sandbox.store import Accepted, Action, SandboxStore

#: Bytes: https://developers.facebook.com/docs/graph-api/reference/photo/
LARGEST_PHOTO = 10_000_000
#: From memory.
MOST_PHOTOS = 10

#: How files of each kind begin; those that Facebook takes, by the photo guide.
_BEGINNINGS: Mapping[bytes, str] = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"BM": "image/bmp",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
}


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo. *content* is empty where it was given by *url*, which is never fetched."""

    photo_id: str
    caption: str
    alt: str
    url: str
    content: bytes

    @property
    def media_type(self) -> str:
        return media_type_of(self.content)


class Photos:
    def __init__(self, store: SandboxStore, platform: str) -> None:
        self._store = store
        self._platform = platform

    def add(self, call: GraphCall, photo_id: str) -> None:
        """Keep what *call* uploads as *photo_id*; `GraphError` if it is no photo."""
        source, url = call.request.files.get("source"), call.parameters.get("url", "")
        content = source.read() if source else b""
        if source and (len(content) > LARGEST_PHOTO or not media_type_of(content)):
            raise unreadable_picture()
        if not source and not url:
            raise GraphError("(#324) Requires upload file", 324)
        if not source and not is_web_address(url):
            raise GraphError("(#324) Missing or invalid image file", 324)
        self._store.record(
            self._platform,
            Action.DRAFT,
            photo_id,
            text=call.parameters.get("message") or call.parameters.get("caption", ""),
            request=call.sent(),
            raw=content,
        )

    def get(self, photo_id: str) -> Photo | None:
        found = self._store.post(self._platform, photo_id)
        if found is None or "_" in photo_id:
            return None
        return Photo(
            photo_id,
            found.text,
            str(found.request.get("alt_text_custom", "")),
            str(found.request.get("url", "")),
            self._store.raw(self._platform, photo_id),
        )

    def of(self, post: Accepted) -> list[Photo]:
        """Those that *post* shows, without any that were deleted."""
        return [photo for one in shown_by(post.request) if (photo := self.get(one))]

    def check_attachable(self, photo_ids: Sequence[str]) -> None:
        """`GraphError` unless all are unpublished photos of the Page, each once."""
        if len(photo_ids) > MOST_PHOTOS or len(set(photo_ids)) < len(photo_ids):
            raise invalid_parameter(f"Param attached_media must have 1 to {MOST_PHOTOS} photos")
        for photo_id in photo_ids:
            if self.get(photo_id) is None:
                raise no_such_object("post", photo_id)
        published = self._store.accepted(self._platform)
        if any(set(photo_ids) & set(shown_by(post.request)) for post in published):
            # From memory.
            raise GraphError(
                "Invalid parameter",
                100,
                subcode=1366051,
                title="Photos Already Posted",
                explanation="These photos were already posted.",
            )


def shown_by(request: Mapping[str, Any]) -> list[str]:
    """The ids of the photos in the request of a post that was accepted."""
    attached = request.get("attached_media")
    return [str(one["media_fbid"]) for one in json.loads(attached)] if attached else []


def media_type_of(content: bytes) -> str:
    """By its first bytes; empty if Facebook would not take it."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    kinds = (kind for begin, kind in _BEGINNINGS.items() if content.startswith(begin))
    return next(kinds, "")
