"""A live blog ends, and may go on after all."""

from __future__ import annotations

from syndicator.clock import database_now
from syndicator.entries.models import LiveBlog


def close(blog: LiveBlog) -> bool:
    """Say that *blog* is over; False if it was before. Entries that still come in are taken."""
    return bool(
        LiveBlog.objects.filter(pk=blog.pk, closed_at=None).update(closed_at=database_now())
    )


def reopen(blog: LiveBlog) -> bool:
    """Say that *blog* goes on; False if it was not closed."""
    return bool(LiveBlog.objects.filter(pk=blog.pk, closed_at__isnull=False).update(closed_at=None))
