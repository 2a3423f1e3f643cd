"""Does at the start what the first entry would otherwise wait for: imports and templates.

Loading the channels with the libraries of their platforms takes a third of a second, and so do
the first request and the first ring. What is loaded then stays until the end, so the garbage
collector is told to leave it alone: looking at all of it took 60 ms each time, during which nothing
else ran. It also looks less often, for a mailing claims a thousand mails at a time. A prefork
worker does it before it forks, so that its children also share the memory.
"""

from __future__ import annotations

import gc
from datetime import UTC, datetime

import structlog
from celery import current_app
from django.urls import get_resolver

from syndicator.channels import registry
from syndicator.content import EntryContent, Paragraph, Story

log = structlog.get_logger(__name__)

#: Objects made since the collector's last look that call for another one.
YOUNG = 3_000

_STORY = Story(
    EntryContent(
        external_id="warm-up",
        author="Syndicator",
        headline="Nobody reads this",
        published_at=datetime(2026, 1, 1, tzinfo=UTC),
        permalink="https://example.org/live#warm-up",
        blocks=(Paragraph("It is rendered and thrown away. It fills the caches. " * 10),),
    ),
    blog_slug="warm-up",
    blog_title="Warm-up",
    blog_url="https://example.org/live",
)


def warm_up() -> None:
    """Load everything, render once on every channel; sends nothing and needs no server."""
    for name, channel in registry.channels().items():
        try:
            message = channel.render(_STORY)
            if message is not None:
                channel.problems(message)
        except Exception:
            # The same will be said of the first entry, where an editor sees it.
            log.exception("a channel does not render", channel=name)
    # Each loads what it needs when it is first asked for: URL patterns with the push API, tasks,
    # and what sends them, down to the client library of the broker.
    _ = get_resolver().url_patterns
    current_app.loader.import_default_modules()
    with current_app.connection_for_write() as broker:
        _ = broker.transport
    _ = current_app.tasks, current_app.amqp.send_task_message, current_app.AsyncResult
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
