"""The domain's only door to Celery.

The broker is a doorbell: it carries a task's name and a primary key, and may lose both. What has
to be done stands in the database, and the sweeper rings again for everything that is due.
"""

from __future__ import annotations

import time
from functools import partial

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

#: One worker module, and one Celery queue, for each.
QUEUES = (
    *("render", "picture", "deliver", "reconcile"),
    *("mailing", "breaking", "digest", "returns"),
    *("sweep", "alert", "account", "subscribers", "source", "probe"),
)

RENDER_ENTRY = "render.entry"
FETCH_PICTURES = "picture.entry"
DELIVER_TO_DESTINATION = "deliver.destination"
RECONCILE_POST = "reconcile.post"
SEND_MAILING = "mailing.send"
SEND_BREAKING = "breaking.send"
SWEEP_POSTS = "sweep.posts"
SWEEP_MAILINGS = "mailing.sweep"
READ_RETURN_BOX = "returns.read"
SWEEP_RETURNS = "returns.sweep"
MAKE_DIGESTS = "digest.make"
MAIL_ALERTS = "alert.mail"
MAIL_APPROVALS = "alert.approvals"
MAIL_NIGHTS = "alert.nights"
MAIL_ASKS = "alert.asks"
CHECK_ACCOUNT = "account.check"
SWEEP_ACCOUNTS = "account.sweep"
IMPORT_SUBSCRIBERS = "subscribers.take_in"
SWEEP_IMPORTS = "subscribers.sweep"
FOLLOW_SOURCE = "source.follow"
ASK_HUB = "source.hub"
SWEEP_SOURCES = "source.sweep"
PROBE_PAGE = "probe.page"
PROBE_MISSING = "probe.missing"
SWEEP_PROBES = "probe.sweep"

#: How often beat asks for a sweep of posts, and of mailings.
SWEEP_POSTS_SECONDS = 1.0
SWEEP_MAILINGS_SECONDS = 5.0
#: How often to look after returned mail.
SWEEP_RETURNS_SECONDS = 30.0
#: How often to look for digests that are due.
MAKE_DIGESTS_SECONDS = 30.0
#: How often to look for alerts whose mail is to be tried again.
MAIL_ALERTS_SECONDS = 30.0
#: How often to look for waiting posts that somebody wants mail about.
MAIL_APPROVALS_SECONDS = 5.0
#: How often to look for people whose mail about the night is due.
MAIL_NIGHTS_SECONDS = 60.0
#: How often to look for mails that readers asked for and whose ring was lost.
MAIL_ASKS_SECONDS = 10.0
#: How often to look for accounts that are to be checked again, or whose access ends.
SWEEP_ACCOUNTS_SECONDS = 60.0
#: How often to look for imports of subscribers that are not done.
SWEEP_IMPORTS_SECONDS = 60.0
#: How often to look for sources, and for subscriptions to hubs, that are due.
SWEEP_SOURCES_SECONDS = 2.0
#: How often to look for pages that permalinks lead to and that are to be asked for.
SWEEP_PROBES_SECONDS = 2.0
#: Seconds without rings after one that failed.
SILENCE = 5.0

_silent_until = 0.0

log = structlog.get_logger(__name__)


def after_commit(task: str, *args: int) -> None:
    """Ring *task*, mostly for a row's pk, once the current transaction has committed.

    Outside of a transaction that is at once.
    """
    transaction.on_commit(partial(ring, task, *args), robust=True)


def ring(task: str, *args: int) -> None:
    """Ring now. A broker that is down costs a log line, never an error: the sweeper rings again.

    After a failure nothing is rung for a moment, so that a request that would ring a hundred
    times does not wait a hundred times.
    """
    global _silent_until  # noqa: PLW0603
    if time.monotonic() < _silent_until:
        return
    try:
        current_app.send_task(task, args=args, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        _silent_until = time.monotonic() + SILENCE
        log.warning("the broker did not take a ring", task=task, args=args, error=str(error))
