from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from config.celery import app


@pytest.fixture
def rung() -> Iterator[Callable[[], list[tuple[str, tuple[int, ...]]]]]:
    """What the broker has got for the queue since it was last asked."""
    with app.connection_for_read() as connection, connection.channel() as channel:
        queue = app.amqp.queues["subscribers"].bind(channel)
        queue.declare()

        def collect() -> list[tuple[str, tuple[int, ...]]]:
            found = []
            while (message := queue.get(no_ack=True)) is not None:
                arguments, _, _ = message.decode()
                found.append((message.headers["task"], tuple(arguments)))
            return found

        collect()
        yield collect
