"""What an entry may be as long as, whatever its source says."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from syndicator.content import EntryContent
from syndicator.sources.base import SourceDocument
from syndicator.sources.language_tags import language_tag

LONGEST_ID = 200
LONGEST_AUTHOR = 300
LONGEST_HEADLINE = 1000
LONGEST_PERMALINK = 2000
LONGEST_TAG = 100
MOST_TAGS = 50
MOST_BLOCKS = 500
LONGEST_TITLE = 300
LONGEST_HUB_URL = 2000
#: The first that can be used is taken.
MOST_HUBS = 10


def within_limits(document: SourceDocument) -> SourceDocument:
    """*document* with entries that can be kept: what is too long is cut, and a warning says so.

    A long id becomes its beginning and its hash, so that it stays the same and no other's. An
    entry whose permalink is too long is left out: nothing may go out without it. So is what would
    say something else if it were cut: the addresses of hubs, and a language that is no such tag.
    """
    warnings = list(document.warnings)
    entries = []
    for entry in document.entries:
        if len(entry.permalink) > LONGEST_PERMALINK:
            warnings.append(f"“{_name(entry)}” was left out: its permalink is too long to post.")
            continue
        kept = _cut(entry)
        if kept != replace(entry, external_id=kept.external_id):
            warnings.append(f"“{_name(entry)}” is too long in some part and was cut.")
        entries.append(kept)
    return replace(
        document,
        entries=tuple(entries),
        title=document.title[:LONGEST_TITLE],
        language=language_tag(document.language),
        hub_urls=tuple(filter(_is_short, document.hub_urls))[:MOST_HUBS],
        topic_url=document.topic_url if _is_short(document.topic_url) else "",
        withdrawn=tuple(map(kept_id, document.withdrawn)),
        sparse=tuple(map(kept_id, document.sparse)),
        warnings=tuple(warnings),
    )


def kept_id(external_id: str) -> str:
    """The name under which an entry called *external_id* by its source is kept."""
    if len(external_id) <= LONGEST_ID:
        return external_id
    hashed = hashlib.sha256(external_id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{external_id[: LONGEST_ID - len(hashed) - 1]}-{hashed}"


def _is_short(url: str) -> bool:
    return len(url) <= LONGEST_HUB_URL


def _cut(entry: EntryContent) -> EntryContent:
    return replace(
        entry,
        external_id=kept_id(entry.external_id),
        author=entry.author[:LONGEST_AUTHOR],
        headline=entry.headline[:LONGEST_HEADLINE],
        tags=tuple(tag[:LONGEST_TAG] for tag in entry.tags[:MOST_TAGS]),
        blocks=entry.blocks[:MOST_BLOCKS],
    )


def _name(entry: EntryContent) -> str:
    return (entry.headline or entry.external_id)[:80]
