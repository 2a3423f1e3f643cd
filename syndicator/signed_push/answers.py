"""What a signed call is answered: what became of each entry, also of one that never came."""

from __future__ import annotations

from ninja import Field, Schema

from syndicator.entries.ingest import Change, Ingested
from syndicator.entries.pushed import EntryOut


class ToldOut(Schema):
    change: Change
    entry: EntryOut | None = Field(
        description="null where an entry was taken back that has not come: it will not be taken "
        "from a call that this one has overtaken."
    )

    @classmethod
    def of(cls, ingested: Ingested | None) -> ToldOut:
        """None: there is no such entry."""
        if ingested is None:
            return cls(change=Change.UNCHANGED, entry=None)
        return cls(change=ingested.change, entry=EntryOut.from_orm(ingested.entry))


class AllToldOut(Schema):
    results: list[ToldOut] = Field(description="One for each entry, in their order.")
