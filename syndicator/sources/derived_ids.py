"""Names for entries whose source gives them none."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from syndicator.content import EntryContent

_FIRST_CHARACTERS = 80


def with_derived_ids(entries: Sequence[EntryContent]) -> tuple[EntryContent, ...]:
    """*entries*, oldest first, with an id for each that has none.

    "entry-" and 10 hex digits of the SHA-256 over author and headline, or author and the first
    80 characters of the text; the second of identical twins gets "-2", counted from the oldest.
    """
    taken = {entry.external_id for entry in entries if entry.external_id}
    seen: Counter[str] = Counter()
    named = []
    for entry in entries:
        if not entry.external_id:
            base = _name(entry)
            external_id = base
            while not seen[base] or external_id in taken:
                seen[base] += 1
                external_id = base if seen[base] == 1 else f"{base}-{seen[base]}"
            taken.add(external_id)
            named.append(replace(entry, external_id=external_id, derived_id=True))
        else:
            named.append(entry)
    return tuple(named)


def _name(entry: EntryContent) -> str:
    text = "\n".join(block.text for block in entry.blocks)
    said = json.dumps([entry.author, entry.headline or text[:_FIRST_CHARACTERS]])
    return f"entry-{hashlib.sha256(said.encode()).hexdigest()[:10]}"
