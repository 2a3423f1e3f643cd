"""The broker and the database struck under a running installation; each is the tests' own."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from syndicator.steps import Step
from tests.faults.conftest import FORGIVING, Case
from tests.faults.servers import Postgres, Redis
from tests.faults.shapes import Distributed
from tests.faults.strikes import Act, Strike

pytestmark = [pytest.mark.faults, pytest.mark.parametrize("backend", ["distributed"])]

AWAY = 30.0


@pytest.fixture
def postgres(servers: tuple[Postgres, Redis]) -> Postgres:
    return servers[0]


@pytest.fixture
def redis(servers: tuple[Postgres, Redis]) -> Redis:
    return servers[1]


def test_redis_forgets_everything(case: Callable[..., Case], redis: Redis) -> None:
    made = case("Redis FLUSHALL", **FORGIVING)
    for _ in range(6):
        made.push(2)
        redis.flush_all()
    made.expect_all_out()


def test_redis_is_killed_and_started_again(case: Callable[..., Case], redis: Redis) -> None:
    made = case("Redis killed and started again", **FORGIVING)
    for _ in range(3):
        made.push(2)
        redis.kill()
        made.push(2)
        redis.start()
    made.expect_all_out()


def test_redis_is_away_for_long(case: Callable[..., Case], redis: Redis) -> None:
    made = case("Redis away for 30 s", **FORGIVING)
    made.push(2)
    redis.kill(signal.SIGTERM)
    push_for(made, AWAY)
    redis.start()
    made.expect_all_out()


def test_redis_hangs_for_long(case: Callable[..., Case], redis: Redis) -> None:
    made = case("Redis hangs for 30 s", **FORGIVING)
    made.push(2)
    redis.send(signal.SIGSTOP)
    push_for(made, AWAY)
    redis.send(signal.SIGCONT)
    made.expect_all_out()


def test_postgresql_restarts_at_once(case: Callable[..., Case], postgres: Postgres) -> None:
    made = case("PostgreSQL immediate restart", **FORGIVING)
    for _ in range(3):
        made.push(3)
        postgres.end_immediately()
        postgres.start()
    made.push(2)
    made.expect_all_out()


def test_postgresql_is_away(case: Callable[..., Case], postgres: Postgres) -> None:
    """Longer than a lease, with a post on its way: nobody can write down what became of it."""
    made = case("PostgreSQL away for 10 s", **FORGIVING)
    made.shape.fault("facebook", "slow-body", seconds=1.5)
    made.push(3)
    postgres.end_immediately()
    time.sleep(10)
    postgres.start()
    made.push(3)
    made.expect_all_out()


def test_all_workers_are_away_for_long(case: Callable[..., Case]) -> None:
    """Longer than later posts wait for an earlier entry that cannot be rendered; then all of them
    are rendered side by side, and the first of them takes longest."""
    made = case("all workers away for 3 min", **FORGIVING)
    shape = made.shape
    for name in Distributed.workers:
        shape.kill(name)
    made.push(20)
    shape.strike(Strike(Step.RENDER_DRAFTED, Act.SLEEP, argument=3))
    # So that nobody has to wait for it.
    shape.set_clock(180)
    shape.start_workers()
    made.expect_all_out()


def push_for(made: Case, seconds: float) -> None:
    """An entry every three seconds."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        made.push(1)
        time.sleep(3)
