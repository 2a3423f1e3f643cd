"""The two shapes in which the system runs, each as a whole installation in processes."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any

import psycopg
import redis
from psycopg import sql

from syndicator import queue
from tests.bench.figures import SystemFailed
from tests.installation import Installation

DATABASE_SERVER = os.environ.get(
    "SYNDICATOR_TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres"
)
#: Emptied before each use.
BROKER = os.environ.get("SYNDICATOR_TEST_REDIS_URL", "redis://127.0.0.1:6379/10")
#: Worker processes, and children of each.
WORKERS, CHILDREN = 3, 2
#: Seconds that Celery's workers take after the web server answers, until they are all at work.
SETTLE = 5.0

CALL = """
import json, sys
from syndicator.boot import boot
boot()
from importlib import import_module
module, function, arguments = json.loads(sys.argv[1])
print(json.dumps(getattr(import_module(module), function)(*arguments)))
"""


class Backend:
    """SQLite and the embedded broker in one process."""

    name = "embedded"
    #: Processes that send; on one machine it is one with threads.
    senders = 1

    @contextmanager
    def installed(self, base_urls: Sequence[str]) -> Iterator[Installation]:
        """An installation that posts to *base_urls*, in a folder of its own, not started yet."""
        with (
            TemporaryDirectory(prefix="syndicator-bench-") as folder,
            self._environment() as environment,
        ):
            installation = Installation(Path(folder), environment)
            try:
                installation.token = call(installation, "preparing.connect", list(base_urls))
                yield installation
            finally:
                installation.stop()

    def start(self, installation: Installation) -> None:
        """All that serves and works; returns when it is ready."""
        installation.start("up", "syndicator", "up", f"--port={installation.port}")
        installation.wait_until_ready()
        sleep(1)

    @contextmanager
    def _environment(self) -> Iterator[dict[str, str]]:
        yield {}


class Distributed(Backend):
    """PostgreSQL, Redis, a web process, beat and several workers."""

    name = "distributed"
    senders = 2

    def start(self, installation: Installation) -> None:
        queues = ",".join(queue.QUEUES)
        installation.start("web", "syndicator", "web", f"--port={installation.port}")
        celery = ("celery", "-A", "config.celery")
        installation.start("beat", *celery, "beat", "--scheduler=celery.beat:Scheduler")
        for number in range(1, WORKERS + 1):
            options = ("-Q", queues, "-c", str(CHILDREN), "-n", f"worker-{number}")
            installation.start(f"worker-{number}", *celery, "worker", *options)
        installation.wait_until_ready()
        sleep(SETTLE)

    @contextmanager
    def _environment(self) -> Iterator[dict[str, str]]:
        name = f"syndicator_bench_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(DATABASE_SERVER, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            redis.Redis.from_url(BROKER).flushdb()
            try:
                yield {
                    "SYNDICATOR_DATABASE_URL": DATABASE_SERVER.rpartition("/")[0] + f"/{name}",
                    "SYNDICATOR_BROKER_URL": BROKER,
                }
            finally:
                drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
                connection.execute(drop.format(sql.Identifier(name)))


BACKENDS = {backend.name: backend for backend in (Backend(), Distributed())}


def call(installation: Installation, function: str, *arguments: Any) -> Any:
    """What ``tests.bench.<module>.<function>`` returns in a process of the installation."""
    module, _, name = function.rpartition(".")
    told = json.dumps([f"tests.bench.{module}", name, arguments])
    return json.loads(installation.script(CALL, told).splitlines()[-1])


def must_be_sent(installation: Installation, count: int) -> None:
    """`SystemFailed` unless all *count* posts end as sent."""
    for _ in range(30):
        states = call(installation, "preparing.states")
        if states == {"sent": count}:
            return
        if not set(states) <= {"approved", "sending", "sent"}:
            break
        sleep(0.2)
    raise SystemFailed(f"{count} posts should be sent, but: {states}\n{installation.logs()}")
