"""SQLite's writers in one process take turns."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.db import DatabaseError
from django.db.utils import ConnectionHandler

from syndicator.embedded.sqlite import base

THREADS = 8
EACH = 50


@pytest.fixture
def connections(
    tmp_path: Path, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[ConnectionHandler]:
    """Connections, one a thread, to a database with one counter, that never wait for its lock."""
    handler = ConnectionHandler(
        {
            "default": {
                "ENGINE": "syndicator.embedded.sqlite",
                "NAME": tmp_path / "turns.sqlite3",
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 20,
                    # Whoever meets SQLite's own lock fails at once.
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA busy_timeout=0;",
                },
            }
        }
    )
    with django_db_blocker.unblock():
        run(handler, "CREATE TABLE counter (value INTEGER CHECK (value < 1000))")
        run(handler, "INSERT INTO counter VALUES (0)")
        yield handler
        handler["default"].close()


def run(connections: ConnectionHandler, sql: str) -> list[Any]:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def in_transaction(connections: ConnectionHandler, *statements: str) -> None:
    """As `transaction.atomic`, which knows only Django's own connections."""
    connection = connections["default"]
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    try:
        for statement in statements:
            run(connections, statement)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.set_autocommit(True)


def in_threads(count: int, task: Callable[[], None]) -> list[BaseException]:
    """What went wrong in *count* threads that ran *task* at once."""
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            task()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return failures


INCREMENT = "UPDATE counter SET value = value + 1"


def test_writers_in_threads_never_meet_sqlites_own_lock(connections: ConnectionHandler) -> None:
    def write() -> None:
        for _ in range(EACH):
            in_transaction(connections, INCREMENT)
        connections["default"].close()

    assert in_threads(THREADS, write) == []
    assert run(connections, "SELECT value FROM counter") == [(THREADS * EACH,)]


def test_a_transaction_that_fails_gives_its_turn_away(connections: ConnectionHandler) -> None:
    with pytest.raises(DatabaseError):
        in_transaction(connections, INCREMENT, "UPDATE counter SET value = 1000")
    assert not base.turns.taken
    assert in_threads(1, lambda: in_transaction(connections, INCREMENT)) == []
    assert run(connections, "SELECT value FROM counter") == [(1,)]


def test_a_connection_that_is_lost_gives_its_turn_away(connections: ConnectionHandler) -> None:
    connection = connections["default"]
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    assert base.turns.taken
    connection.close()
    assert not base.turns.taken


def test_a_transaction_that_cannot_begin_gives_its_turn_away(
    connections: ConnectionHandler, tmp_path: Path
) -> None:
    elsewhere = sqlite3.connect(tmp_path / "turns.sqlite3", isolation_level=None)
    elsewhere.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match="locked"):
        in_transaction(connections, INCREMENT)
    elsewhere.close()
    assert not base.turns.taken
    in_transaction(connections, INCREMENT)


def test_turns_go_in_the_order_in_which_they_were_asked_for() -> None:
    turns, came = base.Turns(), []
    assert turns.take(0)

    def wait(number: int) -> None:
        assert turns.take(30)
        came.append(number)
        turns.give()

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(5)]
    for number, thread in enumerate(threads, start=1):
        thread.start()
        while turns.waiting < number:
            time.sleep(0.001)
    turns.give()
    for thread in threads:
        thread.join(30)
    assert came == [0, 1, 2, 3, 4]
    assert not turns.taken


def test_who_stops_waiting_is_not_given_a_turn() -> None:
    turns = base.Turns()
    assert turns.take(0)
    assert not turns.take(0.01)
    assert turns.waiting == 0
    turns.give()
    assert not turns.taken
