"""The distributed shape: PostgreSQL, a real broker, several worker processes, one killed often."""

from __future__ import annotations

import os
import random
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from kombu import Connection
from psycopg import sql

from syndicator import queue
from tests.installation import Installation, permalinks

pytestmark = pytest.mark.services

BROKERS = {"redis": "SYNDICATOR_TEST_REDIS_URL", "rabbitmq": "SYNDICATOR_TEST_AMQP_URL"}


@pytest.fixture
def database_url() -> Iterator[str]:
    """A database of its own, dropped at the end."""
    server = os.environ["SYNDICATOR_TEST_DATABASE_URL"]
    name = f"syndicator_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield server.rpartition("/")[0] + f"/{name}"
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(params=BROKERS)
def broker_url(request: pytest.FixtureRequest) -> str:
    """A broker without messages of earlier runs."""
    url = os.environ[BROKERS[request.param]]
    if request.param == "redis":
        redis.Redis.from_url(url).flushdb()
    else:
        with Connection(url) as connection:
            for name in queue.QUEUES:
                connection.SimpleQueue(name).clear()
    return url


@pytest.fixture
def installation(tmp_path: Path, database_url: str, broker_url: str) -> Iterator[Installation]:
    made = Installation(
        tmp_path / "data",
        {
            "SYNDICATOR_DATABASE_URL": database_url,
            "SYNDICATOR_BROKER_URL": broker_url,
            # With a tenth of the waits: see tests.faults.haste.
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
        },
    )
    made.set_up()
    made.start_sandbox()
    made.start("web", "syndicator", "web", f"--port={made.port}")
    made.start("beat", "celery", "-A", "config.celery", "beat", "--scheduler=celery.beat:Scheduler")
    for name in ("one", "two", "three"):
        start_worker(made, name)
    made.wait_until_ready()
    yield made
    made.stop()


def start_worker(installation: Installation, name: str) -> None:
    queues = ",".join(queue.QUEUES)
    installation.start(
        name, "celery", "-A", "config.celery", "worker", "-Q", queues, "-c", "2", "-n", name
    )


def test_three_workers_share_the_work_and_survive_each_others_deaths(
    installation: Installation,
) -> None:
    seed = time.time_ns()
    print(f"seed {seed}")
    dice = random.Random(seed)
    entries = 30
    for number in range(entries):
        installation.push(f"e{number}")
        if number % 6 == 5:
            victim = dice.choice(("one", "two", "three"))
            installation.kill(victim)
            start_worker(installation, victim)
    expected = permalinks(range(entries))
    installation.eventually(
        lambda: (
            {post["state"] for post in installation.read()["posts"]} == {"sent"}
            and len(installation.read()["posts"]) == 3 * entries
        ),
        240,
    )
    for platform in ("x", "facebook"):
        assert installation.accepted(platform) == expected
