"""The Celery application. Start workers with ``celery -A config worker -Q deliver``."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_prerun, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from kombu.transport import TRANSPORT_ALIASES

from syndicator import queue

TRANSPORT_ALIASES["doorbell"] = "syndicator.embedded.doorbell:Transport"

app = Celery("syndicator")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    include=[f"workers.{name}" for name in queue.QUEUES],
    task_default_queue="sweep",
    task_routes={f"{name}.*": {"queue": name} for name in queue.QUEUES},
    task_create_missing_queues=True,
    # The database is the record of what happened; nobody reads results or events.
    task_ignore_result=True,
    worker_send_task_events=False,
    # A task whose worker died is rung again; all tasks are safe to run twice.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # For prefork pools; threads end by the deadline of each call.
    task_time_limit=300,
    CELERY_DB_REUSE_MAX=1000,
    broker_connection_retry_on_startup=True,
    # A ring that cannot be sent at once is dropped: the sweeper rings again.
    broker_transport_options={
        "max_retries": 0,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
    },
    broker_connection_timeout=2,
    redis_socket_timeout=2,
    redis_socket_connect_timeout=2,
    # No "expires": it is judged by the worker's clock, and one that is fast would drop every sweep.
    beat_schedule={
        task: {"task": task, "schedule": seconds}
        for task, seconds in (
            (queue.SWEEP_POSTS, queue.SWEEP_POSTS_SECONDS),
            (queue.SWEEP_MAILINGS, queue.SWEEP_MAILINGS_SECONDS),
            (queue.SWEEP_RETURNS, queue.SWEEP_RETURNS_SECONDS),
            (queue.MAKE_DIGESTS, queue.MAKE_DIGESTS_SECONDS),
            (queue.MAIL_ALERTS, queue.MAIL_ALERTS_SECONDS),
            (queue.MAIL_APPROVALS, queue.MAIL_APPROVALS_SECONDS),
            (queue.MAIL_NIGHTS, queue.MAIL_NIGHTS_SECONDS),
            (queue.MAIL_ASKS, queue.MAIL_ASKS_SECONDS),
            (queue.SWEEP_ACCOUNTS, queue.SWEEP_ACCOUNTS_SECONDS),
            (queue.SWEEP_IMPORTS, queue.SWEEP_IMPORTS_SECONDS),
            (queue.SWEEP_SOURCES, queue.SWEEP_SOURCES_SECONDS),
            (queue.SWEEP_PROBES, queue.SWEEP_PROBES_SECONDS),
        )
    },
    beat_schedule_filename=None,
)


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Celery would replace the handlers that `config.logs` set up."""


@worker_init.connect
def _warm_up(**_: Any) -> None:
    """Before the pool forks, and after Celery has set Django up."""
    from syndicator.warm_up import warm_up  # noqa: PLC0415

    warm_up()


@task_prerun.connect
def _drop_dead_connections(**_: Any) -> None:
    """Celery keeps a connection for many tasks, also one whose server was restarted meanwhile."""
    from django.db import close_old_connections  # noqa: PLC0415

    close_old_connections()
