"""A Celery worker and beat in threads of this process, on the doorbell broker."""

from __future__ import annotations

from threading import Thread
from typing import Any

import celery
from celery import beat

from syndicator import queue
from syndicator.embedded import doorbell

THREADS = 16
#: Beat sleeps at most this long, so this is also how long it takes to end.
BEAT_LOOP_SECONDS = 1


class EmbeddedWorker:
    def __init__(self, app: celery.Celery) -> None:
        self._controller: Any = app.WorkController(
            app=app,
            pool="threads",
            concurrency=THREADS,
            queues=list(queue.QUEUES),
            # Acknowledgements wait for the consumer's next turn; a limit would stall it.
            prefetch_multiplier=0,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        )
        self._worker = Thread(target=self._controller.start, name="worker", daemon=True)
        self._beat = beat.Service(app, max_interval=BEAT_LOOP_SECONDS, scheduler_cls=beat.Scheduler)
        self._beat_thread = Thread(
            target=self._beat.start, kwargs={"embedded_process": False}, name="beat", daemon=True
        )

    def start(self) -> None:
        self._worker.start()
        self._beat_thread.start()

    def stop(self, patience: float) -> bool:
        """End beat, let running tasks finish; whether all did within *patience* seconds."""
        self._beat.stop()
        doorbell.close()
        stopper = Thread(target=self._controller.stop, daemon=True)
        stopper.start()
        stopper.join(patience)
        return not stopper.is_alive()
