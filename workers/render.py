from __future__ import annotations

from celery import shared_task

from syndicator import queue
from syndicator.posts.render import render


@shared_task(name=queue.RENDER_ENTRY)
def entry(entry_id: int) -> None:
    """Render one entry for all its routes."""
    render(entry_id)
