"""What fuzzing begins with: the fixtures of each reader, and the words of its format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).parent.parent / "sources"
#: Inputs that once made a reader crash; `tests.attacks` reads all of them.
FOUND = Path(__file__).parent.parent / "attacks" / "found"
_FIXTURES = {
    "liveblog-json": (),
    "sourcefabric": ("sourcefabric/*.json",),
    "wordpress-liveblog": ("wordpress/*.json",),
    "ninjs": ("ninjs/*.json",),
    "json-feed": ("feeds/*.feed.json",),
    "feed": ("feeds/*.xml",),
    "json-ld": ("completed/*.html",),
    "plain-text": ("pages/*.txt",),
}
_LIVEBLOG = {
    "title": "Liveblog",
    "canonical_url": "https://magazin.example.org/live",
    "language": "de",
    "entries": [
        {
            "external_id": "a1",
            "headline": "Schlagzeile",
            "author": "Jana Brandt",
            "published_at": "2026-11-30T10:00:00+01:00",
            "embargo_until": "2026-11-30T11:00:00+01:00",
            "permalink": "#a1",
            "key_event": True,
            "tags": ["Genf"],
            "blocks": [
                {"type": "paragraph", "text": "Ein Satz."},
                {"type": "list", "items": ["eins", "zwei"], "ordered": False},
                {"type": "quote", "text": "So ist es.", "speaker": "Ada"},
                {"type": "image", "text": "Bild", "credit": "dpa", "alt": "x", "url": "/a.png"},
            ],
        }
    ],
}
_LIVE_BLOG_POSTING = {
    "@context": "https://schema.org",
    "@type": "LiveBlogPosting",
    "@id": "#live",
    "url": "https://magazin.example.org/live",
    "headline": "Liveblog",
    "liveBlogUpdate": [
        {
            "@type": "BlogPosting",
            "@id": "#a1",
            "headline": "Schlagzeile",
            "datePublished": "2026-11-30T10:00:00+01:00",
            "author": {"@type": "Person", "name": "Jana Brandt"},
            "articleBody": "Ein Satz.\nFoto: dpa",
            "image": [{"@type": "ImageObject", "url": "https://a.example/1.jpg", "caption": "c"}],
        }
    ],
}


def seeds_of(reader: str) -> list[bytes]:
    found = [
        path.read_bytes()
        for pattern in _FIXTURES[reader]
        for path in sorted(SOURCES.glob(pattern))
        if not path.name.endswith(".read.json")
    ]
    if reader == "liveblog-json":
        found.append(json.dumps(_LIVEBLOG).encode())
    if reader == "json-ld":
        found.append(json_ld_page(_LIVE_BLOG_POSTING))
    found += [path.read_bytes() for path in sorted((FOUND / reader).glob("*"))]
    return found


def json_ld_page(value: Any, body: str = "<p>Ein Satz.</p>") -> bytes:
    script = json.dumps(value).replace("<", "\\u003c")
    return (
        "<!doctype html><html lang=de><head><title>Liveblog</title>"
        f'<script type="application/ld+json">{script}</script></head><body>{body}</body></html>'
    ).encode()


def words_of(reader: str) -> list[bytes]:
    """The names of elements, attributes and keys in the seeds, which a fuzzer would not guess."""
    text = b"\n".join(seeds_of(reader)).decode("utf-8", "replace")
    found = {word.encode() for word in _words(text) if word.isascii()}
    return sorted(found)[:300] or [b"Teilen", b"Foto: ", b" Uhr"]


def _words(text: str) -> Iterator[str]:
    yield from re.findall(r"</?[a-zA-Z][\w:.-]{0,30}", text)
    yield from re.findall(r'"[\w@:.-]{1,30}"\s*:', text)
    yield from re.findall(r'\b[\w:-]{1,30}="', text)
