"""The pictures of an entry for the routes that post them: asked for, waited for, found.

Rendering waits for them only so long: an entry goes out without a picture rather than late.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from syndicator import queue
from syndicator.content import Image, Picture
from syndicator.entries.models import Entry
from syndicator.pictures import fetching
from syndicator.pictures.models import PictureFetch, url_hash

#: How long rendering waits for pictures that are not here, from when it was first begun.
PATIENCE = timedelta(seconds=20)
#: More in one entry are a gallery, which no platform takes.
MOST = 10


def fetch_pictures(entry_id: int) -> None:
    """Fetch what an entry shows, then have it rendered. Safe to run twice."""
    entry = Entry.objects.get(pk=entry_id)
    fetching.fetch_all([image.url for image in _images(entry)])
    queue.ring(queue.RENDER_ENTRY, entry_id)


def must_wait(entry: Entry, now: datetime) -> bool:
    """Whether to render *entry* later, because a picture is still on its way; it is asked for."""
    images = _images(entry)
    if not images:
        return False
    rows = fetching.request([image.url for image in images]).values()
    if all(map(fetching.is_settled, rows)):
        return False
    if entry.render_tried_at and not (
        entry.render_tried_at <= now < entry.render_tried_at + PATIENCE
    ):
        return False
    queue.ring(queue.FETCH_PICTURES, entry.pk)
    return True


def pictures_of(entry: Entry) -> tuple[Picture, ...]:
    """Those that are here, in the entry's order; each once."""
    images = {url_hash(image.url): image for image in _images(entry)}
    fetched = {
        row.url_hash: row.picture
        for row in PictureFetch.objects.filter(url_hash__in=list(images), picture__isnull=False)
        .select_related("picture")
        .defer("picture__data")
    }
    found: dict[str, Picture] = {}
    for hashed, image in images.items():
        stored = fetched.get(hashed)
        if stored is not None and stored.digest not in found:
            found[stored.digest] = Picture(
                digest=stored.digest,
                media_type=stored.media_type,
                size=stored.size,
                width=stored.width,
                height=stored.height,
                alt=image.alt or image.text,
                credit=image.credit,
            )
    return tuple(found.values())


def _images(entry: Entry) -> list[Image]:
    blocks = entry.content.blocks
    return [block for block in blocks if isinstance(block, Image) and block.url][:MOST]
