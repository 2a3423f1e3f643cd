"""What a file that cannot be read is, in words for the person who chose it."""

from __future__ import annotations

import json
import re

from syndicator.sources.base import UnreadableSource
from syndicator.sources.text_encoding import decode_text

#: No live blog comes near it; parsing much more would hold up a worker for minutes.
MAX_BYTES = 25 * 1024 * 1024

_SIGNATURES = (
    (r"\s*\Z", "an empty file"),
    (r"\x89PNG\r\n\x1a\n", "a PNG image"),
    (r"\xff\xd8\xff", "a JPEG image"),
    (r"GIF8", "a GIF image"),
    (r"RIFF.{4}WEBP", "a WebP image"),
    (r"%PDF-", "a PDF"),
    (r"PK\x03\x04", "a ZIP archive or an office document"),
    (r"\xd0\xcf\x11\xe0", "an old office document"),
    (r"\{\\rtf", "a rich text document"),
    (r"\x1f\x8b", "a gzip archive"),
)
_HTML = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|script)\b", re.IGNORECASE | re.DOTALL
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
    if len(data) > MAX_BYTES:
        return (
            f"a file of {len(data) // 1_048_576} MB, and no more than "
            f"{MAX_BYTES // 1_048_576} MB are read"
        )
    for signature, kind in _SIGNATURES:
        if re.match(signature.encode(), data, re.DOTALL):
            return kind
    return _describe_text(decode_text(data))


def _describe_text(text: str) -> str:
    if "\0" in text or text.count("\ufffd") > len(text) // 10:
        return "a file that is not text"
    if is_html(text):
        return "an HTML page without a LiveBlogPosting"
    if is_json(text):
        return _describe_json(text)
    if text.lstrip().startswith("<"):
        return "an RSS or Atom feed" if _FEED.search(text, 0, 2000) else "an XML file"
    return "plain text without share buttons or author lines" if text.strip() else "an empty file"


def _describe_json(text: str) -> str:
    try:
        top = json.loads(text)
    except RecursionError:
        return "a JSON file nested too deeply"
    except ValueError:
        return "a broken JSON file"
    kind = "whose top level is a list" if isinstance(top, list) else "without “entries”"
    return f"a JSON file {kind}"


def unreadable(expected: str, data: bytes) -> UnreadableSource:
    """The error that says that *expected* was expected and *data* is something else."""
    return UnreadableSource(f"Expected {expected}.", f"Found {describe(data)}.")
