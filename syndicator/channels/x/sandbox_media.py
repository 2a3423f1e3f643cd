"""Pictures as X takes them in: in one piece or in segments, processed, described, then posted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from syndicator.channels.sandbox.store import Accepted, Action, SandboxStore

LARGEST_IMAGE = 5 * 1024 * 1024
LARGEST_GIF = 15 * 1024 * 1024
LARGEST_SEGMENT = 5 * 1024 * 1024
LONGEST_ALT = 1000
EXPIRES_AFTER = 24 * 60 * 60
#: Seconds that X works on an animated picture.
PROCESSING_SECONDS = 1
TYPES = {
    "tweet_image": ("image/jpeg", "image/png", "image/webp", "image/bmp", "image/tiff"),
    "tweet_gif": ("image/gif",),
}
_MAGIC = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG": "image/png",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
}


class MediaRefused(Exception):
    """X's sentence about an upload that it does not take."""


@dataclass
class _Upload:
    category: str
    media_type: str
    total: int
    segments: dict[int, bytes] = field(default_factory=dict)
    finished_at: float = 0.0


class MediaShelf:
    """One account's uploads. What is finished stays in the store, for the timeline's pictures."""

    def __init__(self, store: SandboxStore, account: str, next_id: Callable[[], str]) -> None:
        self._store = store
        self._name = f"{account}-media"
        self._next_id = next_id
        self._lock = threading.Lock()
        self._open: dict[str, _Upload] = {}

    def take_whole(self, category: str, data: bytes) -> Mapping[str, Any]:
        """An upload in one call."""
        if category != "tweet_image":
            raise MediaRefused("The media category is not supported in a single upload.")
        media_type = _type_of(data)
        _check(category, media_type, len(data))
        return self._keep(self._next_id(), _Upload(category, media_type, len(data)), data)

    def begin(self, category: str, media_type: str, total: int) -> Mapping[str, Any]:
        _check(category, media_type, total)
        media = self._next_id()
        with self._lock:
            self._open[media] = _Upload(category, media_type, total)
        return self._named(media)

    def append(self, media: str, index: int, data: bytes) -> None:
        with self._lock:
            upload = self._open.get(media)
            if upload is None or upload.finished_at:
                raise MediaRefused("Media id is invalid or expired.")
            if len(data) > LARGEST_SEGMENT:
                raise MediaRefused("The segment is too large.")
            upload.segments[index] = data

    def finish(self, media: str) -> Mapping[str, Any]:
        with self._lock:
            upload = self._open.get(media)
        if upload is None:
            raise MediaRefused("Media id is invalid or expired.")
        data = b"".join(upload.segments[index] for index in sorted(upload.segments))
        if len(data) != upload.total or sorted(upload.segments) != list(
            range(len(upload.segments))
        ):
            raise MediaRefused("Segments do not add up to provided total file size.")
        if _type_of(data) != upload.media_type:
            raise MediaRefused("Media type unrecognized.")
        return self._keep(media, upload, data)

    def status(self, media: str) -> Mapping[str, Any]:
        with self._lock:
            upload = self._open.get(media)
        if upload is None:
            raise MediaRefused("Media id is invalid or expired.")
        return {**self._named(media), **_processing(upload)}

    def describe(self, media: str, alt: str) -> None:
        if self._store.post(self._name, media) is None:
            raise MediaRefused("Media id is invalid or expired.")
        if not alt or len(alt) > LONGEST_ALT:
            raise MediaRefused(f"Alt text must be between 1 and {LONGEST_ALT} characters.")
        self._store.record(self._name, Action.EDIT, media, text=alt)

    def check_usable(self, ids: Sequence[str]) -> None:
        """`MediaRefused` unless a post may have these."""
        kinds = []
        for media in ids:
            kept = self._store.post(self._name, media)
            if kept is None or not self._is_ready(media) or _is_expired(kept):
                raise MediaRefused("Your media IDs are invalid.")
            kinds.append(kept.request["category"])
        if "tweet_gif" in kinds and len(kinds) > 1:
            raise MediaRefused("A post takes four images, or one GIF.")

    def shown(self, media: str) -> Mapping[str, str]:
        """What the timeline's page shows of one."""
        kept = self._store.post(self._name, media)
        return {"id": media, "alt": kept.text if kept else ""}

    def file(self, media: str) -> tuple[str, bytes] | None:
        """Its type and bytes; None if there is no such one."""
        kept = self._store.post(self._name, media)
        if kept is None:
            return None
        return kept.request["media_type"], self._store.raw(self._name, media)

    def _is_ready(self, media: str) -> bool:
        with self._lock:
            upload = self._open.get(media)
        info = _processing(upload).get("processing_info") if upload else None
        return info is None or info["state"] == "succeeded"

    def _keep(self, media: str, upload: _Upload, data: bytes) -> Mapping[str, Any]:
        upload.finished_at = time.time()
        with self._lock:
            self._open[media] = upload
        kept = {"category": upload.category, "media_type": upload.media_type}
        self._store.record(self._name, Action.PUBLISH, media, request=kept, raw=data)
        return {**self._named(media), **_processing(upload)}

    def _named(self, media: str) -> dict[str, Any]:
        return {"id": media, "media_key": f"3_{media}", "expires_after_secs": EXPIRES_AFTER}


def _is_expired(kept: Accepted) -> bool:
    return time.time() - kept.accepted_at.timestamp() > EXPIRES_AFTER


def _check(category: str, media_type: str, size: int) -> None:
    if media_type not in TYPES.get(category, ()):
        raise MediaRefused("Media type unrecognized.")
    most = LARGEST_GIF if category == "tweet_gif" else LARGEST_IMAGE
    if not 0 < size <= most:
        raise MediaRefused(f"File size exceeds {most} bytes.")


def _type_of(data: bytes) -> str:
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), "")


def _processing(upload: _Upload) -> dict[str, Any]:
    """Animated pictures are worked on for a while; still ones are there at once."""
    if upload.category != "tweet_gif":
        return {}
    left = upload.finished_at + PROCESSING_SECONDS - time.time()
    if left <= 0:
        return {"processing_info": {"state": "succeeded", "progress_percent": 100}}
    state = "pending" if left > PROCESSING_SECONDS / 2 else "in_progress"
    return {"processing_info": {"state": state, "check_after_secs": 1}}
