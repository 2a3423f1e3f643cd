"""Takes a signed call in, once, however often it comes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from syndicator.clock import database_now
from syndicator.entries.ingest import Change, Ingested
from syndicator.entries.models import Entry, Source
from syndicator.entries.pushed import EntryIn, NotTaken, take
from syndicator.signed_push.answers import ToldOut
from syndicator.signed_push.models import LastTold, SigningSecret, TakenPush
from syndicator.sources.timestamps import is_plausible
from syndicator.standard_webhooks import TOLERANCE

#: Far longer than a signature is good for, and than anybody tries again.
KEPT = timedelta(days=7)
#: In one go: a call must not wait long.
_AT_ONCE = 200


def take_once(
    source: Source, message_id: str, happened_at: datetime, entries: Sequence[EntryIn]
) -> list[dict[str, Any]]:
    """What became of *entries*, which is what was answered before if they came under that id.

    All of them are taken, or none: then `NotTaken` is raised, nothing is kept, and the same call
    may come again. Another call under a known id is refused, too. *happened_at* is aware; entries
    of which something later is known stay as they are, also those that were taken back before they
    came.
    """
    digest = _digest(entries)
    with transaction.atomic():
        # One at a time, so that of two calls under one id the second finds what the first left.
        SigningSecret.objects.select_for_update().get(pk=source.pk)
        before = TakenPush.objects.filter(source=source, message_id=message_id).first()
        if before is not None:
            if before.digest != digest:
                raise NotTaken(
                    409, f"Another call came under the webhook-id “{message_id}” before."
                )
            results: list[dict[str, Any]] = before.results
            return results
        now = database_now()
        if happened_at > now + TOLERANCE:
            raise NotTaken(422, "The timestamp of the event is in the future.")
        if not is_plausible(happened_at):
            raise NotTaken(422, "The timestamp of the event is before 1970.")
        results = [one.model_dump(mode="json") for one in _taken(source, happened_at, entries)]
        TakenPush.objects.create(
            source=source, message_id=message_id, digest=digest, results=results, taken_at=now
        )
        old = TakenPush.objects.filter(source=source, taken_at__lt=now - KEPT).order_by("pk")
        TakenPush.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_AT_ONCE])).delete()
    return results


def _taken(source: Source, happened_at: datetime, entries: Sequence[EntryIn]) -> list[ToldOut]:
    names = [entry.external_id for entry in entries]
    told = LastTold.objects.filter(source=source, external_id__in=names)
    overtaken = set(told.filter(happened_at__gt=happened_at).values_list("external_id", flat=True))
    fresh = [entry for entry in entries if entry.external_id not in overtaken]
    taken = {one.entry.external_id: one for one in take(source, fresh, unknown_may_go=True)}
    for entry in Entry.objects.filter(blog=source.blog_id, external_id__in=overtaken):
        taken[entry.external_id] = Ingested(entry, Change.UNCHANGED)
    LastTold.objects.bulk_create(
        [
            LastTold(source=source, external_id=entry.external_id, happened_at=happened_at)
            for entry in fresh
        ],
        update_conflicts=True,
        unique_fields=["source", "external_id"],
        update_fields=["happened_at"],
    )
    return [ToldOut.of(taken.get(name)) for name in names]


def _digest(entries: Sequence[EntryIn]) -> str:
    """Of what is said: a call that is sent again may be written in another order."""
    said = [entry.model_dump(mode="json") for entry in entries]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
