"""The embedded broker, with kombu's own producers and consumers around it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from kombu import Connection, Consumer, Producer, Queue
from kombu.transport import TRANSPORT_ALIASES

from syndicator.embedded import doorbell

TRANSPORT_ALIASES["doorbell"] = "syndicator.embedded.doorbell:Transport"


@pytest.fixture
def queue(request: pytest.FixtureRequest) -> Queue:
    return Queue(f"doorbell-{request.node.name}")


@pytest.fixture
def connection() -> Iterator[Connection]:
    with Connection("doorbell://localhost") as opened:
        yield opened


def put(connection: Connection, queue: Queue, body: dict[str, object]) -> None:
    Producer(connection).publish(body, routing_key=queue.name, declare=[queue])


def test_a_waiting_consumer_wakes_at_once(connection: Connection, queue: Queue) -> None:
    taken: list[tuple[object, float]] = []
    with Consumer(
        connection,
        [queue],
        callbacks=[lambda body, message: (taken.append((body, time.monotonic())), message.ack())],
    ):
        rung = threading.Timer(0.3, lambda: put(connection, queue, {"rung": True}))
        rung.start()
        # Polling would find it only at the next full second.
        connection.drain_events(timeout=5)
        rung.join()
    assert len(taken) == 1


def test_nothing_rung_is_a_time_out(connection: Connection, queue: Queue) -> None:
    with Consumer(connection, [queue]), pytest.raises(TimeoutError):
        connection.drain_events(timeout=0.05)


def test_what_was_put_before_anybody_looked_is_delivered(
    connection: Connection, queue: Queue
) -> None:
    bodies = []
    for number in range(50):
        put(connection, queue, {"n": number})

    def take(body: dict[str, int], message: object) -> None:
        bodies.append(body["n"])

    with Consumer(connection, [queue], callbacks=[take], no_ack=True):
        for _ in range(50):
            connection.drain_events(timeout=1)
    assert bodies == list(range(50))


def test_closing_wakes_a_waiting_consumer(
    connection: Connection, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorbell, "_closing", threading.Event())
    closer = threading.Timer(0.1, doorbell.close)
    closer.start()
    with Consumer(connection, [queue]), pytest.raises(TimeoutError):
        connection.drain_events(timeout=60)
    closer.join()
