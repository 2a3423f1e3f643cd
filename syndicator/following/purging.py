"""Forgets what was read long ago."""

from __future__ import annotations

from datetime import timedelta

from syndicator.clock import database_now
from syndicator.following.models import Reading

KEPT = timedelta(days=7)
#: In one go: a sweep must not take long.
_AT_ONCE = 200


def purge() -> int:
    """Delete readings older than `KEPT`, a few at a time; how many."""
    old = Reading.objects.filter(read_at__lt=database_now() - KEPT).order_by("pk")
    pks = list(old.values_list("pk", flat=True)[:_AT_ONCE])
    if pks:
        Reading.objects.filter(pk__in=pks).delete()
    return len(pks)
