"""What a file that cannot be read is, in words for the person who chose it."""

from __future__ import annotations

import json
import re

from syndicator.sources.base import UnreadableSource
from syndicator.sources.text_encoding import decode_text

#: No live blog comes near it; parsing much more would hold up a worker for minutes.
MAX_BYTES = 25 * 1024 * 1024

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"{\\rtf", "a rich text document"),
    (b"\x1f\x8b", "a gzip archive"),
)
_HTML = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|script)\b", re.I | re.S
)
_FEED = re.compile(r"<(?:rss|feed|rdf:RDF)\b", re.IGNORECASE)


def is_html(text: str) -> bool:
    """Whether *text* is an HTML page by its first tag."""
    return bool(_HTML.match(text, 0, 10_000))


def is_json(text: str) -> bool:
    """Whether *text* begins like a JSON object or array of something."""
    return bool(re.match(r"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]\d])", text))


def describe(data: bytes) -> str:
    """What *data* is: "a PNG image", "an HTML page without a LiveBlogPosting"."""
    if not data.strip():
        return "an empty file"
    if len(data) > MAX_BYTES:
        return (
            f"a file of {len(data) // 1_048_576} MB, and no more than "
            f"{MAX_BYTES // 1_048_576} MB are read"
        )
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "a WebP image"
    text = decode_text(data)
    if not text.strip():
        return "an empty file"
    if text.count("\0") or text.count("\ufffd") > len(text) // 10:
        return "a file that is not text"
    if is_html(text):
        return "an HTML page without a LiveBlogPosting"
    if text.lstrip().startswith("<"):
        return "an RSS or Atom feed" if _FEED.search(text[:2000]) else "an XML file"
    if is_json(text):
        return _describe_json(text)
    return "plain text without share buttons or author lines"


def _describe_json(text: str) -> str:
    try:
        top = json.loads(text)
    except RecursionError:
        return "a JSON file nested too deeply"
    except ValueError:
        return "a broken JSON file"
    if isinstance(top, list):
        return "a JSON file whose top level is a list"
    return "a JSON file without “entries”"


def unreadable(expected: str, data: bytes) -> UnreadableSource:
    """The error that says that *expected* was expected and *data* is something else."""
    return UnreadableSource(f"Expected {expected}.", f"Found {describe(data)}.")
