"""What the sandbox takes as a post: the lexicon of ``app.bsky.feed.post``, as the server checks it.

Of the embeds it knows pictures and link cards. The messages are those of `@atproto/pds` 0.5.35.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import regex

from syndicator.channels.bluesky.records import COLLECTION, LARGEST_IMAGE, LARGEST_THUMB
from syndicator.channels.bluesky.rich_text import (
    LONGEST_TAG,
    LONGEST_TAG_BYTES,
    MOST_BYTES,
    MOST_GRAPHEMES,
)

_GRAPHEME = regex.compile(r"\X")
_URI = re.compile(r"\w+:(?://)?[^\s/][^\s]*")
_AT_URI = re.compile(r"at://[^\s/?#]+(?:/[^\s?#]*)?")
_CID = re.compile(r"[A-Za-z0-9+=/]{8,256}")
_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]")
_LANGUAGE = re.compile(r"(?:i|[a-z]{2,3})(?:-[A-Za-z0-9]+)*", re.IGNORECASE)
_DATETIME = re.compile(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](?:\.[0-9]{1,20})?"
    r"(?:Z|[+-][0-2][0-9]:[0-5][0-9])"
)
_LARGEST_NUMBER = 2**53 - 1

Check = Callable[[Any, str], None]


class Invalid(ValueError):
    """The record breaks the lexicon; the text is the server's."""


def check_post(record: Any) -> None:
    """`Invalid` unless *record* is a post."""
    if not isinstance(record, dict):
        raise Invalid("Record must be an object")
    kind = record.get("$type", COLLECTION)
    if kind != COLLECTION:
        raise Invalid(f"Invalid $type: expected {COLLECTION}, got {kind}")
    try:
        _POST(record, "$.record")
    except _Problem as problem:
        raise Invalid(f"Invalid {COLLECTION} record: {problem}") from problem


def blobs_in(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The blobs that a checked post refers to, in order."""
    embed = record.get("embed") or {}
    found = [image["image"] for image in embed.get("images", ())]
    if "thumb" in embed.get("external", {}):
        found.append(embed["external"]["thumb"])
    return found


class _Problem(ValueError):
    def __init__(self, what: str, path: str) -> None:
        super().__init__(f"{what} at {path}")


def _text(
    most_bytes: int | None = None,
    most_graphemes: int | None = None,
    form: tuple[str, Callable[[str], bool]] | None = None,
) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise _Problem(f"Expected string value type (got {_kind(value)})", path)
        size = len(value.encode("utf-8", "surrogatepass"))
        if most_bytes is not None and size > most_bytes:
            raise _Problem(f"string too big (maximum {most_bytes}, got {size})", path)
        if most_graphemes is not None and size > most_graphemes:
            count = sum(1 for _ in _GRAPHEME.finditer(value))
            if count > most_graphemes:
                raise _Problem(f"grapheme too big (maximum {most_graphemes}, got {count})", path)
        if form is not None and not form[1](value):
            raise _Problem(f"Invalid {form[0]} (got {json.dumps(value)})", path)

    return check


def _whole_number(least: int) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _Problem(f"Expected integer value type (got {_kind(value)})", path)
        if value < least:
            raise _Problem(f"integer too small (minimum {least}, got {value})", path)
        if value > _LARGEST_NUMBER:
            raise _Problem(f"integer too big (maximum {_LARGEST_NUMBER}, got {value})", path)

    return check


def _blob(largest: int) -> Check:
    def check(value: Any, path: str) -> None:
        ref = value.get("ref") if isinstance(value, dict) else None
        if (
            not isinstance(value, dict)
            or value.get("$type") != "blob"
            or not isinstance(ref, dict)
            or not isinstance(ref.get("$link"), str)
            or not isinstance(value.get("mimeType"), str)
            or not isinstance(value.get("size"), int)
        ):
            raise _Problem(f"Expected blob value type (got {_kind(value)})", path)
        if not value["mimeType"].startswith("image/"):
            kind = json.dumps(value["mimeType"])
            raise _Problem(f'Expected "image/*" (got {kind})', f"{path}.mimeType")
        if value["size"] > largest:
            raise _Problem(f"blob too big (maximum {largest}, got {value['size']})", path)

    return check


def _list(item: Check, most: int | None = None) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise _Problem(f"Expected array value type (got {_kind(value)})", path)
        if most is not None and len(value) > most:
            raise _Problem(f"array too big (maximum {most}, got {len(value)})", path)
        for place, one in enumerate(value):
            item(one, f"{path}[{place}]")

    return check


def _object(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    known = {**required, **(optional or {})}

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise _Problem(f"Expected object value type (got {_kind(value)})", path)
        for name, field in known.items():
            if name in value:
                field(value[name], f"{path}.{name}")
            elif name in required:
                raise _Problem(f'Missing required key "{name}"', path)

    return check


def _one_of(known: Mapping[str, Check]) -> Check:
    """An open union: objects of other types are let pass."""

    def check(value: Any, path: str) -> None:
        kind = value.get("$type") if isinstance(value, dict) else None
        if not isinstance(kind, str):
            raise _Problem('Missing required key "$type"', path)
        if kind in known:
            known[kind](value, path)

    return check


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case dict():
            return "{" + ", ".join(f'"{name}": ...' for name in list(value)[:1]) + "}"
        case list():
            return "array"
        case _:
            return json.dumps(value)


def _is_datetime(text: str) -> bool:
    try:
        return bool(_DATETIME.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False


_uri = _text(form=("uri", lambda text: bool(_URI.fullmatch(text))))
_facet = _object(
    {
        "index": _object({"byteStart": _whole_number(0), "byteEnd": _whole_number(0)}),
        "features": _list(
            _one_of(
                {
                    "app.bsky.richtext.facet#link": _object({"uri": _uri}),
                    "app.bsky.richtext.facet#tag": _object(
                        {"tag": _text(LONGEST_TAG_BYTES, LONGEST_TAG)}
                    ),
                    "app.bsky.richtext.facet#mention": _object(
                        {"did": _text(form=("DID", lambda text: bool(_DID.fullmatch(text))))}
                    ),
                }
            )
        ),
    }
)
_images = _object(
    {
        "images": _list(
            _object(
                {"image": _blob(LARGEST_IMAGE), "alt": _text()},
                {"aspectRatio": _object({"width": _whole_number(1), "height": _whole_number(1)})},
            ),
            4,
        )
    }
)
_external = _object(
    {
        "external": _object(
            {"uri": _uri, "title": _text(), "description": _text()},
            {"thumb": _blob(LARGEST_THUMB)},
        )
    }
)
_ref = _object(
    {
        "uri": _text(form=("at-uri", lambda text: bool(_AT_URI.fullmatch(text)))),
        "cid": _text(form=("cid", lambda text: bool(_CID.fullmatch(text)))),
    }
)
_POST = _object(
    {
        "text": _text(MOST_BYTES, MOST_GRAPHEMES),
        "createdAt": _text(form=("datetime", _is_datetime)),
    },
    {
        "facets": _list(_facet),
        "reply": _object({"root": _ref, "parent": _ref}),
        "embed": _one_of({"app.bsky.embed.images": _images, "app.bsky.embed.external": _external}),
        "langs": _list(_text(form=("language", lambda text: bool(_LANGUAGE.fullmatch(text)))), 3),
    },
)
