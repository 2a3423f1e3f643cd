"""What the real broker has got for a queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from config.celery import app

#: The tasks rung for since it was last called, each with its arguments.
Rung = Callable[[], list[tuple[str, tuple[int, ...]]]]


@contextmanager
def listening(name: str) -> Iterator[Rung]:
    """What is rung for in the queue *name* from now on."""
    with app.connection_for_read() as connection, connection.channel() as channel:
        queue = app.amqp.queues[name].bind(channel)
        queue.declare()

        def collect() -> list[tuple[str, tuple[int, ...]]]:
            found = []
            while (message := queue.get(no_ack=True)) is not None:
                arguments, _, _ = message.decode()
                found.append((message.headers["task"], tuple(arguments)))
            return found

        collect()
        yield collect
