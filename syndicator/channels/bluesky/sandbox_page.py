"""A post as a reader of Bluesky sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from syndicator.channels.bluesky.sandbox_repository import Stored

_KIND = "app.bsky.richtext.facet#"


@dataclass(frozen=True, slots=True)
class Linked:
    """A part of a text that a facet covers; *url* is empty if it leads nowhere a browser can go."""

    text: str
    url: str


def pieces(record: Mapping[str, Any]) -> Iterator[str | Linked]:
    """The text of *record*, cut where its facets are: by bytes, and wrong where they are wrong.

    Facets that lie outside of the text or over another are passed over, as by the platform's app.
    """
    text, shown = record["text"].encode("utf-8", "surrogatepass"), 0
    facets = sorted(record.get("facets", ()), key=lambda facet: int(facet["index"]["byteStart"]))
    for facet in facets:
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        if not shown <= start < end <= len(text) or not facet["features"]:
            continue
        yield _decoded(text[shown:start])
        yield Linked(_decoded(text[start:end]), _address(facet["features"][0]))
        shown = end
    yield _decoded(text[shown:])


def shown(post: Stored, root: str) -> Mapping[str, Any]:
    """What the timeline shows of *post*; blobs are below *root*."""
    embed = post.value.get("embed", {})
    external = embed.get("external")
    return {
        "id": post.uri.rpartition("/")[2],
        "at": post.at,
        "answers": post.value.get("reply", {}).get("parent", {}).get("uri", "").rpartition("/")[2],
        "language": (post.value.get("langs") or [""])[0],
        "pieces": list(pieces(post.value)),
        "pictures": [
            {
                "url": _blob_address(image["image"], root),
                "alt": image["alt"],
                "ratio": image.get("aspectRatio"),
            }
            for image in embed.get("images", ())
        ],
        "card": external
        and {
            "url": _web_address(external["uri"]),
            "host": _host(external["uri"]),
            "title": external["title"] or external["uri"],
            "description": external["description"],
            "thumb": _blob_address(external["thumb"], root) if "thumb" in external else "",
        },
    }


def _address(feature: Mapping[str, Any]) -> str:
    match feature["$type"].removeprefix(_KIND):
        case "link":
            return _web_address(feature["uri"])
        case "tag":
            return f"https://bsky.app/hashtag/{quote(feature['tag'], safe='')}"
        case "mention":
            return f"https://bsky.app/profile/{quote(feature['did'])}"
    return ""


def _web_address(uri: str) -> str:
    return uri if uri.lower().startswith(("http://", "https://")) else ""


def _host(uri: str) -> str:
    try:
        return urlsplit(uri).netloc.removeprefix("www.")
    except ValueError:
        return ""


def _blob_address(blob: Mapping[str, Any], root: str) -> str:
    return f"{root}/blob/{quote(blob['ref']['$link'])}"


def _decoded(part: bytes) -> str:
    return part.decode("utf-8", "replace")
