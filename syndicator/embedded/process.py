"""The one process that does all the work on one machine: web, worker and beat."""

from __future__ import annotations

import os
import signal
import sys
from threading import Event

import celery
import structlog
from django.conf import settings
from django.db import connection

from syndicator.boot import boot
from syndicator.clock import database_now
from syndicator.embedded.exclusive import FolderInUse, hold
from syndicator.embedded.supervisor import HOPELESS
from syndicator.embedded.web import WebServer
from syndicator.embedded.worker import EmbeddedWorker
from syndicator.parent import when_gone

#: Seconds for running tasks to end; a try cut off here is looked up at the next start.
PATIENCE = 4.0


def run(host: str, port: int, *, exit_with_parent: bool) -> int:
    """Serve until SIGTERM or SIGINT, or until the parent is gone; the exit status."""
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if exit_with_parent:
        when_gone(stopping.set)

    app = boot()
    log = structlog.get_logger(__name__)
    try:
        held = hold(settings.DATA_FOLDER)
    except FolderInUse as error:
        log.error(str(error))
        return HOPELESS
    with held:
        _take_over()
        return _serve(app, host, port, stopping)


def _serve(app: celery.Celery, host: str, port: int, stopping: Event) -> int:
    log = structlog.get_logger(__name__)
    worker = EmbeddedWorker(app)
    web = WebServer(host, port)
    try:
        web.start()
    except OSError as error:
        log.error("cannot serve the desk", host=host, port=port, error=str(error))
        return HOPELESS
    worker.start()
    log.info("ready", desk=f"http://{host}:{web.port}/")
    stopping.wait()
    web.stop()
    if not worker.stop(PATIENCE):
        log.warning("some tasks did not end in time; they go on at the next start")
        sys.stderr.flush()
        os._exit(0)
    return 0


def _take_over() -> None:
    """Whoever sent from this folder before is dead, so no lease of theirs need be waited out.

    On a database server others may send too, and live.
    """
    from syndicator.newsletter import sweep
    from syndicator.posts import reconcile

    if connection.vendor != "sqlite":
        return
    reconcile.mark_abandoned(database_now(), senders_are_dead=True)
    sweep.mark_abandoned(database_now(), senders_are_dead=True)
