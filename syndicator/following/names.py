"""The names under which the entries of a followed source are kept: each source has its own."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from syndicator.content import EntryContent
from syndicator.sources.identity import adopt_ids
from syndicator.sources.limits import kept_id

#: Of entries whose names are made of their text: so many of the last ones may have been edited.
MOST_EDITED = 300


def own_name(source_id: int, external_id: str) -> str:
    """What source *source_id* calls an entry: two sources may call different entries the same."""
    return kept_id(f"{source_id}:{external_id}")


def own_names(source_id: int, entries: Sequence[EntryContent]) -> tuple[EntryContent, ...]:
    """*entries*, oldest first, under the names by which they are kept.

    One whose source gives it no name goes by all it says and its time: the same headline comes
    every morning, and what is counted within a window counts differently when that moves on.
    """
    seen: Counter[str] = Counter()
    named = []
    for entry in entries:
        name = entry.external_id
        if entry.derived_id:
            name = _name_by_text(entry)
            seen[name] += 1
            name = name if seen[name] == 1 else f"{name}-{seen[name]}"
        named.append(replace(entry, external_id=own_name(source_id, name)))
    return tuple(named)


def adopted(
    entries: tuple[EntryContent, ...], known: Sequence[EntryContent]
) -> tuple[EntryContent, ...]:
    """*entries*, where a name is made of the text under that of the *known* one it is an edit of.

    Both are oldest first. What left the window is nobody's earlier version: of the known ones only
    those count that stand no earlier than the first one still told, or bear a new one's time.
    """
    names = {entry.external_id for entry in known}
    new = [entry for entry in entries if entry.derived_id and entry.external_id not in names]
    if not new:
        return entries
    told = {entry.external_id for entry in entries}
    times = {entry.published_at for entry in new if entry.published_at}
    first = next((at for at, one in enumerate(known) if one.external_id in told), len(known))
    shown = [one for at, one in enumerate(known) if at >= first or one.published_at in times]
    return adopt_ids(entries, shown)


def _name_by_text(entry: EntryContent) -> str:
    time = entry.published_at.isoformat() if entry.published_at else ""
    blocks = [block.to_json() for block in entry.blocks]
    said = json.dumps([entry.author, entry.headline, blocks, time], sort_keys=True)
    return f"entry-{hashlib.sha256(said.encode()).hexdigest()[:16]}"
