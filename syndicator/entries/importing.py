"""Takes a whole document into a live blog: all of it, or nothing."""

from __future__ import annotations

from collections import Counter

from django.db import transaction

from syndicator.entries.ingest import Change, Ingested, ingest_all
from syndicator.entries.models import Entry, EntryState, LiveBlog, Retraction, Source
from syndicator.sources.base import SourceDocument
from syndicator.sources.identity import adopt_ids
from syndicator.sources.sparse_entries import with_known_structure

#: The source that imported files belong to.
IMPORT = "import"


def import_document(blog: LiveBlog, document: SourceDocument) -> list[Ingested]:
    """Ingest the entries of *document*, oldest first, in one transaction.

    Entries whose ids derive from their text keep the identity they have here, even if the text
    was edited. What a document leaves out is not touched: absence is not withdrawal. What was
    withdrawn here stays so until it says something else.
    """
    with transaction.atomic():
        LiveBlog.objects.select_for_update(no_key=True).get(pk=blog.pk)
        source, _ = Source.objects.get_or_create(blog=blog, name=IMPORT)
        rows = Entry.objects.filter(blog=blog).order_by("published_at", "id")
        known = {entry.external_id: entry for entry in rows}
        incoming = adopt_ids(
            document.entries,
            [entry.content for entry in known.values() if entry.source_id == source.pk],
        )
        before = {name: known[name].content for name in document.sparse if name in known}
        incoming = with_known_structure(incoming, document.sparse, before)
        # Of these `ingest` knows what the document said last.
        retracted = set(
            Retraction.objects.filter(
                entry__blog=blog, lifted_at=None, source_content__isnull=False
            ).values_list("entry", flat=True)
        )
        stays_withdrawn = {
            content.external_id: entry
            for content in incoming
            if (entry := known.get(content.external_id))
            and entry.pk not in retracted
            and entry.state == EntryState.WITHDRAWN
            and entry.content_hash == content.content_hash()
        }
        taken = [one for one in incoming if one.external_id not in stays_withdrawn]
        ingested = {one.entry.external_id: one for one in ingest_all(source, taken)}
        for external_id, entry in stays_withdrawn.items():
            ingested[external_id] = Ingested(entry, Change.UNCHANGED)
        return [ingested[content.external_id] for content in incoming]


def summary(ingested: list[Ingested]) -> dict[Change, int]:
    """How many entries met with each change; all changes are named."""
    counted = Counter(item.change for item in ingested)
    return {change: counted[change] for change in Change}
