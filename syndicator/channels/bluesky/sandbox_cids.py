"""Content identifiers: the names that records and blobs have by their bytes.

https://atproto.com/specs/data-model#link-and-cid-formats; records are named by their DAG-CBOR
encoding, https://ipld.io/specs/codecs/dag-cbor/spec/.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

_RAW, _DAG_CBOR = 0x55, 0x71
_SHA_256 = b"\x12\x20"
_LINK_TAG = b"\xd8\x2a"


class NotEncodable(ValueError):
    """JSON that is no data of the AT Protocol: it has no fractions, for one."""


def blob_cid(content: bytes) -> str:
    return _cid(_RAW, content)


def record_cid(record: Mapping[str, Any]) -> str:
    """The CID of *record*, JSON as it came; `NotEncodable` if it cannot be a record."""
    return _cid(_DAG_CBOR, _encoded(record))


def _cid(codec: int, content: bytes) -> str:
    binary = bytes((1, codec)) + _SHA_256 + hashlib.sha256(content).digest()
    return "b" + base64.b32encode(binary).decode().lower().rstrip("=")


def _encoded(value: Any) -> bytes:
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case str():
            text = value.encode()
            return _head(3, len(text)) + text
        case list():
            return _head(4, len(value)) + b"".join(map(_encoded, value))
        case {"$link": str(cid), **rest} if not rest:
            return _link(cid)
        case dict():
            pairs = sorted(((key.encode(), one) for key, one in value.items()), key=_order)
            return _head(5, len(pairs)) + b"".join(
                _head(3, len(key)) + key + _encoded(one) for key, one in pairs
            )
    raise NotEncodable(f"{type(value).__name__} is no data type here")


def _order(pair: tuple[bytes, Any]) -> tuple[int, bytes]:
    return len(pair[0]), pair[0]


def _head(kind: int, number: int) -> bytes:
    for size, marker in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if number < 24:
            return bytes((kind << 5 | number,))
        if number < 256**size:
            return bytes((kind << 5 | marker,)) + number.to_bytes(size)
    raise NotEncodable("an integer is too large")


def _link(cid: str) -> bytes:
    try:
        binary = base64.b32decode(cid[1:].upper() + "=" * (-len(cid[1:]) % 8))
    except ValueError:
        raise NotEncodable(f"{cid} is no CID") from None
    content = b"\0" + binary
    return _LINK_TAG + _head(2, len(content)) + content
