"""Runs the model on the test database, by the simulated clock, with nothing else to hear."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from logging import CRITICAL

import hypothesis
import pytest
import structlog
from django.db import connection
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from syndicator import queue
from syndicator.accounts.models import Role
from syndicator.channels import registry
from syndicator.steps import strike_with
from tests.factories import make_user
from tests.model.clock import SimulatedClock, installed
from tests.model.machine import ChangingDelivery, Delivery, Newsroom
from tests.model.platform import CHANNELS
from tests.model.walks import Walk

#: How many runs in all, and from which seed; `make model` sets both.
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "40"))
SEED = int(os.environ.get("MODEL_SEED", "1"))
STEPS = 30
#: Not `Phase.target`: it makes many times the runs it is asked for.
EVERYTHING = (Phase.generate, Phase.shrink)


def run(
    channel_name: str,
    examples: int,
    *seeds: int,
    phases: tuple[Phase, ...] = EVERYTHING,
) -> None:
    """Raise what breaks a promise, if *examples* runs on the platform *channel_name* find it, from
    any one of *seeds*."""
    settings = hypothesis.settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        phases=phases,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with _newsroom(channel_name) as machine:
        for seed in seeds:
            run_state_machine_as_test(hypothesis.seed(seed)(machine), settings=settings)


def go(channel_name: str, walk: Walk) -> None:
    """Raise what breaks a promise on this one *walk*, the rest at the end included."""
    with _newsroom(channel_name) as machine_type:
        machine = machine_type()
        try:
            walk(machine)
            machine.every_promise_is_kept()
            machine.rest()
        finally:
            strike_with(None)


@contextmanager
def _newsroom(channel_name: str) -> Iterator[type[Delivery]]:
    clock, rings = SimulatedClock(), []
    with pytest.MonkeyPatch.context() as patch, installed(clock), _quickly():
        patch.setattr(registry, "channels", lambda: CHANNELS)
        patch.setattr(queue, "ring", lambda task, pk: rings.append((task, pk)))
        newsroom = Newsroom.build(make_user(Role.ADMIN), channel_name)
        changes = bool(CHANNELS[channel_name].capabilities)
        yield type(
            "Delivery",
            (ChangingDelivery if changes else Delivery,),
            {"newsroom": newsroom, "clock": clock, "rings": rings},
        )


@contextmanager
def _quickly() -> Iterator[None]:
    """No log, and commits that a power cut would lose: neither is what is tested here."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(CRITICAL))
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=OFF")
    try:
        yield
    finally:
        structlog.configure(**before)
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA synchronous=FULL")
