"""What an entry says, apart from where it came from and where it goes.

Readers produce it, the database keeps it, channels render it. Everything here is plain data:
text is Unicode without markup, NFC, with single spaces; URLs are absolute or empty.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal


class MalformedContent(ValueError):
    """The JSON form of an entry does not follow the documented schema; the text says where."""


def clean_text(text: str) -> str:
    """*text* in NFC on one line, without control characters and with single spaces."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    visible = "".join(
        " " if unicodedata.category(char) in ("Zs", "Zl", "Zp", "Cc") else char
        for char in unicodedata.normalize("NFC", text)
        if char not in "\u00ad\ufeff\u200b"
    )
    return " ".join(visible.split())


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    type: ClassVar[Literal["paragraph"]] = "paragraph"

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type, "text": self.text}


@dataclass(frozen=True, slots=True)
class BulletList:
    items: tuple[str, ...]
    ordered: bool = False
    type: ClassVar[Literal["list"]] = "list"

    @property
    def text(self) -> str:
        """The items, one a line."""
        return "\n".join(self.items)

    def to_json(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "text": self.text,
            "items": list(self.items),
            "ordered": self.ordered,
        }


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's words. *text* stands without its outer quotation marks."""

    text: str
    speaker: str = ""
    type: ClassVar[Literal["quote"]] = "quote"

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type, "text": self.text, "speaker": self.speaker}


@dataclass(frozen=True, slots=True)
class Image:
    """A picture. *text* is its caption; *credit* names who must be credited, without "Foto:"."""

    text: str = ""
    credit: str = ""
    alt: str = ""
    url: str = ""
    type: ClassVar[Literal["image"]] = "image"

    def to_json(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "text": self.text,
            "credit": self.credit,
            "alt": self.alt,
            "url": self.url,
        }


@dataclass(frozen=True, slots=True)
class Picture:
    """The stored bytes of an image that an entry shows: fetched, checked and encoded anew.

    *digest* is their hex SHA-256 and finds them; *size* is in bytes, *width* and *height* in
    pixels. *media_type* is ``image/jpeg``, ``image/png`` or ``image/gif``. *alt* describes the
    picture to people who cannot see it; *credit* names who must be credited.
    """

    digest: str
    media_type: str
    size: int
    width: int
    height: int
    alt: str = ""
    credit: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


Block = Paragraph | BulletList | Quote | Image


def block_from_json(data: Any) -> Block:
    """A block from its JSON form; `MalformedContent` says which field is wrong."""
    if not isinstance(data, Mapping):
        raise MalformedContent(f"a block must be an object, not {type(data).__name__}")
    match data.get("type"):
        case "paragraph":
            return Paragraph(_text_of(data, "text", required=True))
        case "list":
            return BulletList(_items_of(data), ordered=bool(data.get("ordered", False)))
        case "quote":
            return Quote(_text_of(data, "text", required=True), _text_of(data, "speaker"))
        case "image":
            return Image(*(_text_of(data, name) for name in ("text", "credit", "alt", "url")))
        case other:
            raise MalformedContent(
                f"unknown block type {other!r}: expected paragraph, list, quote or image"
            )


def _text_of(block: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = block.get(name, "")
    if not isinstance(value, str):
        raise MalformedContent(f"block field “{name}” must be a string")
    value = clean_text(value)
    if required and not value:
        raise MalformedContent(f"a {block['type']} block needs a “{name}”")
    return value


def _items_of(block: Mapping[str, Any]) -> tuple[str, ...]:
    items = block.get("items")
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise MalformedContent("a list block needs “items”, an array of strings")
    kept = tuple(filter(None, map(clean_text, items)))
    if not kept:
        raise MalformedContent("a list block needs at least one item with text")
    return kept


@dataclass(frozen=True, slots=True)
class EntryContent:
    """One entry as its source tells it.

    *external_id* is the source's own name for it, or one derived from its text where the source
    has none (*derived_id* is then true, and an edit may change it). *published_at* is aware, or
    None where the source does not say. *permalink* is absolute, or empty until it is resolved.
    Nothing of the entry is posted before *embargo_until* (aware).
    """

    external_id: str
    author: str = ""
    headline: str = ""
    published_at: datetime | None = None
    permalink: str = ""
    blocks: tuple[Block, ...] = ()
    key_event: bool = False
    tags: tuple[str, ...] = ()
    embargo_until: datetime | None = None
    derived_id: bool = field(default=False, compare=False)

    def content_hash(self) -> str:
        """Hex SHA-256 over everything a reader sees; times and ids are not part of it."""
        said = {
            "author": self.author,
            "headline": self.headline,
            "permalink": self.permalink,
            "blocks": [block.to_json() for block in self.blocks],
            "key_event": self.key_event,
            "tags": sorted(self.tags),
        }
        canonical = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return {
            "external_id": self.external_id,
            "author": self.author,
            "headline": self.headline,
            "published_at": self.published_at.isoformat() if self.published_at else None,
            "permalink": self.permalink,
            "key_event": self.key_event,
            "tags": list(self.tags),
            "embargo_until": self.embargo_until.isoformat() if self.embargo_until else None,
            "blocks": [block.to_json() for block in self.blocks],
        }


def blocks_from_json(data: Iterable[Any]) -> tuple[Block, ...]:
    return tuple(block_from_json(item) for item in data)


@dataclass(frozen=True, slots=True)
class Story:
    """An entry with the live blog around it: all that a channel may know when it renders.

    *language* is a BCP 47 tag ("de", "en-GB"), *time_zone* an IANA name.
    """

    entry: EntryContent
    blog_slug: str
    blog_title: str
    blog_url: str
    language: str = "de"
    time_zone: str = "Europe/Berlin"
    #: The entry's pictures in its order, where the route wants any and they could be fetched.
    pictures: tuple[Picture, ...] = ()
    #: Whether a long entry may go on in a thread, where the platform has such a thing.
    thread: bool = False
    #: The platform's own name for the post to answer, where the platform has such a thing.
    in_reply_to: str = ""
    #: Whether the live blog's editors call it breaking news.
    breaking: bool = False
    #: The entry's own permalink, where *entry* has the link that the post carries in its place.
    about: str = ""
