from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from config.celery import app
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from tests.channels.email.scripted_relay import ScriptedRelay, serving
from tests.factories import make_blog, make_destination

#: The tasks rung for since it was last called, each with its arguments.
Rung = Callable[[], list[tuple[str, tuple[int, ...]]]]


@pytest.fixture
def relay() -> Iterator[ScriptedRelay]:
    with serving() as running:
        yield running


@pytest.fixture
def blog() -> LiveBlog:
    return make_blog(title="Live: Stadtrat", slug="rat", language="de")


@pytest.fixture
def destination(relay: ScriptedRelay) -> Destination:
    return make_destination("email", relay.url)


@pytest.fixture
def rung() -> Iterator[Rung]:
    """What the broker holds in the mailing queue."""
    with app.connection_for_read() as connection, connection.channel() as channel:
        queue = app.amqp.queues["mailing"].bind(channel)
        queue.declare()

        def collect() -> list[tuple[str, tuple[int, ...]]]:
            found = []
            while (message := queue.get(no_ack=True)) is not None:
                arguments, _, _ = message.decode()
                found.append((message.headers["task"], tuple(arguments)))
            return found

        collect()
        yield collect
