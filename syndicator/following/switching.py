"""Begins and ends following a source."""

from __future__ import annotations

from django.db import transaction

from syndicator import queue
from syndicator.clock import database_now
from syndicator.entries.models import LiveBlog, Source
from syndicator.following import alarms, hubs
from syndicator.following.models import Following


def begin(blog: LiveBlog, name: str, url: str, reader: str) -> Following:
    """Follow what stands at *url* from now on: what is there already is known and not posted."""
    with transaction.atomic():
        source = Source.objects.create(blog=blog, name=name)
        following = Following.objects.create(
            source=source, url=url, reader=reader, due_at=database_now()
        )
        queue.after_commit(queue.FOLLOW_SOURCE, following.pk)
    return following


def switch_on(pk: int) -> bool:
    """Go on where it was left; False if it is on."""
    with transaction.atomic():
        off = Following.objects.filter(pk=pk, due_at=None)
        if not off.update(due_at=database_now(), failures=0):
            return False
        hubs.resume(Following.objects.get(pk=pk), database_now())
        return _ring(pk)


def look_now(pk: int) -> bool:
    """Have it looked at at once; False if it is switched off."""
    on = Following.objects.filter(pk=pk, due_at__isnull=False)
    return bool(on.update(due_at=database_now())) and _ring(pk)


def switch_off(pk: int) -> bool:
    """Look no more; False if it was off. A look under way takes nothing in."""
    with transaction.atomic():
        following = Following.objects.select_for_update().get(pk=pk)
        if following.due_at is None:
            return False
        following.due_at = None
        following.save(update_fields=["due_at"])
        hubs.end(following, database_now())
        alarms.end_all(following, database_now())
    return True


def _ring(pk: int) -> bool:
    queue.after_commit(queue.FOLLOW_SOURCE, pk)
    return True
