"""A live blog's entries in the terms of schema.org, for share pages and as one document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from syndicator.entries.models import Entry, LiveBlog
from syndicator.published.plain import sayable, text_of, title_of


def posting(entry: Entry, picture: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """*entry* as a ``BlogPosting`` (https://schema.org/BlogPosting)."""
    content = entry.content
    said: dict[str, Any] = {
        "@type": "BlogPosting",
        "headline": title_of(content),
        "articleBody": text_of(content),
        "datePublished": entry.published_at.isoformat(),
        "dateModified": entry.changed_at.isoformat(),
        "url": entry.permalink,
    }
    if entry.author:
        said["author"] = {"@type": "Person", "name": sayable(entry.author)}
    if picture:
        said["image"] = {"@type": "ImageObject", **picture}
    return said


def posting_alone(entry: Entry, picture: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The same, with the live blog that it is part of."""
    part_of = {
        "@type": "LiveBlogPosting",
        "headline": sayable(entry.blog.title),
        "url": entry.blog.canonical_url,
    }
    return {
        "@context": "https://schema.org",
        **posting(entry, picture),
        "inLanguage": entry.blog.language,
        "isPartOf": part_of,
    }


def live_blog(blog: LiveBlog, entries: Iterable[Entry]) -> dict[str, Any]:
    """*blog* as a ``LiveBlogPosting`` (https://schema.org/LiveBlogPosting), the newest first."""
    updates = [posting(entry) for entry in entries]
    times = [update["datePublished"] for update in updates]
    changes = [update["dateModified"] for update in updates]
    said: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting",
        "headline": sayable(blog.title),
        "url": blog.canonical_url,
        "inLanguage": blog.language,
        "coverageStartTime": min(times, default=blog.created_at.isoformat()),
        "liveBlogUpdate": updates,
    }
    if blog.lead:
        said["description"] = sayable(blog.lead)
    if blog.closed_at:
        said["coverageEndTime"] = blog.closed_at.isoformat()
    if updates:
        said["datePublished"], said["dateModified"] = min(times), max(changes)
    return said


def as_script(said: Mapping[str, Any]) -> str:
    """*said* as JSON that ends no ``<script>`` and begins no comment, whatever is in it."""
    text = json.dumps(said, ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text
