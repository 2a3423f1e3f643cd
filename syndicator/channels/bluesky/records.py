"""Posts as records of ``app.bsky.feed.post``.

https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from syndicator.channels.base import Card, Message
from syndicator.channels.bluesky.rich_text import rich_text, short
from syndicator.content import Picture

COLLECTION = "app.bsky.feed.post"
#: Bytes, by the lexicons of `app.bsky.embed.images` and `app.bsky.embed.external`.
LARGEST_IMAGE = 2_000_000
LARGEST_THUMB = 1_000_000
MOST_IMAGES = 4

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")

#: An uploaded blob as the server named it.
Blob = Mapping[str, Any]


def needed(message: Message) -> Sequence[Picture]:
    """The pictures to upload for *message*, in the order in which `record_of` takes their blobs."""
    if message.pictures:
        return message.pictures
    return (message.card.picture,) if message.card and message.card.picture else ()


def record_of(message: Message, blobs: Sequence[Blob], *, created_at: str) -> dict[str, Any]:
    """The record for *message*; *blobs* are those of `needed`."""
    rich = rich_text(message.text, message.permalink)
    record: dict[str, Any] = {"$type": COLLECTION, "text": rich.text, "createdAt": created_at}
    if rich.facets:
        record["facets"] = rich.facets
    if _LANGUAGE.fullmatch(message.language):
        record["langs"] = [message.language]
    if message.pictures:
        record["embed"] = _images(message.pictures, blobs)
    elif message.link:
        record["embed"] = _external(message.link, message.card, blobs)
    return record


def links_of(record: Mapping[str, Any]) -> Iterator[str]:
    """Where the links and the card of *record* lead; a record may be of any form."""
    facets = record.get("facets")
    for facet in facets if isinstance(facets, list) else []:
        features = facet.get("features") if isinstance(facet, Mapping) else None
        for feature in features if isinstance(features, list) else []:
            if isinstance(feature, Mapping) and isinstance(feature.get("uri"), str):
                yield feature["uri"]
    embed = record.get("embed")
    external = embed.get("external") if isinstance(embed, Mapping) else None
    if isinstance(external, Mapping) and isinstance(external.get("uri"), str):
        yield external["uri"]


def root_of(record: Mapping[str, Any]) -> dict[str, str] | None:
    """The post that began the thread in which *record* is a reply; None if it is none."""
    reply = record.get("reply")
    root = reply.get("root") if isinstance(reply, Mapping) else None
    if not isinstance(root, Mapping):
        return None
    uri, cid = root.get("uri"), root.get("cid")
    return {"uri": uri, "cid": cid} if isinstance(uri, str) and isinstance(cid, str) else None


def timestamp(moment: datetime) -> str:
    """*moment* (aware) as the platform's own app writes it: UTC, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _images(pictures: Sequence[Picture], blobs: Sequence[Blob]) -> dict[str, Any]:
    return {
        "$type": "app.bsky.embed.images",
        "images": [
            {
                "image": blob,
                "alt": picture.alt,
                **(
                    {"aspectRatio": {"width": picture.width, "height": picture.height}}
                    if picture.width > 0 and picture.height > 0
                    else {}
                ),
            }
            for picture, blob in zip(pictures, blobs, strict=True)
        ],
    }


def _external(link: str, card: Card | None, blobs: Sequence[Blob]) -> dict[str, Any]:
    external: dict[str, Any] = {
        "uri": link,
        "title": card.title if card else short(link),
        "description": card.description if card else "",
    }
    if blobs:
        external["thumb"] = blobs[0]
    return {"$type": "app.bsky.embed.external", "external": external}
