"""The pictures that were handed over to the sandbox, and whether they are ready."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PIL import Image, UnidentifiedImageError

from syndicator.channels.mastodon.sandbox_answers import invalid
from syndicator.channels.mastodon.sandbox_statuses import Media
from syndicator.channels.sandbox.store import Action, SandboxStore

LONGEST_DESCRIPTION = 1500
MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
FIRST_ID = 110_000_000_000_000_000


class Pictures:
    """Kept in *store* beside the posts, as posts of a platform of their own."""

    def __init__(self, store: SandboxStore, platform: str) -> None:
        self._store = store
        self._name = f"{platform}/media"
        self._lock = threading.Lock()
        self._ready_at: dict[str, float] = {}

    def add(self, content: bytes, fields: Mapping[str, Any], *, seconds: float) -> Media:
        """Keep a picture that is worked on for *seconds*."""
        kind, width, height = _examined(content)
        description = _description(fields)
        with self._store.lock:
            last = int(self._store.last_remote_id(self._name) or FIRST_ID)
            media = Media(str(last + 1), kind, width, height, description, seconds <= 0)
            said = {"media_type": kind, "width": width, "height": height}
            self._store.record(
                self._name,
                Action.PUBLISH,
                media.id,
                text=description,
                request=said,
                raw=content,
            )
        with self._lock:
            self._ready_at[media.id] = time.monotonic() + seconds
        return media

    def describe(self, media: Media, fields: Mapping[str, Any]) -> Media:
        if "description" not in fields:
            return media
        described = replace(media, description=_description(fields))
        self._store.record(self._name, Action.EDIT, media.id, text=described.description)
        return described

    def get(self, media_id: str) -> Media | None:
        kept = self._store.post(self._name, media_id)
        if kept is None:
            return None
        with self._lock:
            ready = self._ready_at.get(media_id, 0.0) <= time.monotonic()
        said = kept.request
        return Media(media_id, said["media_type"], said["width"], said["height"], kept.text, ready)

    def content(self, media_id: str) -> bytes:
        return self._store.raw(self._name, media_id)


def _examined(content: bytes) -> tuple[str, int, int]:
    try:
        with Image.open(io.BytesIO(content)) as image:
            kind, (width, height) = MEDIA_TYPES.get(str(image.format)), image.size
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise invalid("File content type is invalid, File is invalid") from error
    if kind is None:
        raise invalid("File content type is invalid, File is invalid")
    return kind, width, height


def _description(fields: Mapping[str, Any]) -> str:
    description = str(fields.get("description") or "").strip()
    if len(description) > LONGEST_DESCRIPTION:
        raise invalid(f"Description is too long (maximum is {LONGEST_DESCRIPTION} characters)")
    return description
