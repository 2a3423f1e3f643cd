"""All that a reader says of a source, to compare with what stands beside a fixture."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from syndicator.sources.base import ReadingContext, SourceDocument

CONTEXT = ReadingContext(
    canonical_url="https://blatt.example/live",
    source_url="https://api.example/client_blogs/5f1a2b3c4d5e6f7a8b9c0d1e/posts?max_results=12",
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


def as_json(document: SourceDocument) -> dict[str, Any]:
    return {
        "reader": document.reader,
        "title": document.title,
        "canonical_url": document.canonical_url,
        "language": document.language,
        "withdrawn": list(document.withdrawn),
        "next_url": document.next_url,
        "warnings": list(document.warnings),
        "entries": [entry.to_json() for entry in document.entries],
    }


def texts_of(document: SourceDocument) -> list[str]:
    """Every text of *document* that may be posted."""
    return [
        text
        for entry in document.entries
        for text in (
            *(entry.author, entry.headline, *entry.tags),
            *(line for block in entry.blocks for line in _strings(block.to_json())),
        )
    ]


def check_harmless(document: SourceDocument) -> None:
    """No markup, no control characters, no address but http(s), each id once."""
    for text in texts_of(document):
        assert not _TAG.search(text), text
        assert not any(unicodedata.category(char) == "Cc" for char in text.replace("\n", "")), text
    for entry in document.entries:
        assert entry.external_id
        assert entry.published_at is None or entry.published_at.tzinfo is not None
        for block in entry.blocks:
            url = block.to_json().get("url", "")
            assert not url or url.startswith(("http://", "https://")), url
    ids = [entry.external_id for entry in document.entries]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & set(document.withdrawn)
    assert not document.next_url or document.next_url.startswith(("http://", "https://"))


def _strings(block: dict[str, Any]) -> list[str]:
    return [said for name, said in block.items() if isinstance(said, str) and name != "url"]
