from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from config.celery import app
from tests.channels.email.scripted_relay import ScriptedRelay, serving

#: The tasks in the alerts' queue since it was last called.
Rung = Callable[[], list[str]]


@pytest.fixture
def relay(settings: Settings) -> Iterator[ScriptedRelay]:
    """A mail server, and the settings to use it; administrators by address only."""
    with serving() as running:
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = running.port
        settings.DEFAULT_FROM_EMAIL = "Desk <desk@paper.example>"
        settings.ALERT_ADDRESSES = ["duty@paper.example"]
        yield running


@pytest.fixture
def rung() -> Iterator[Rung]:
    with app.connection_for_read() as connection, connection.channel() as channel:
        queue = app.amqp.queues["alert"].bind(channel)
        queue.declare()

        def collect() -> list[str]:
            found = []
            while (message := queue.get(no_ack=True)) is not None:
                found.append(message.headers["task"])
            return found

        collect()
        yield collect
