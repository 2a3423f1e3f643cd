"""``syndicator play``: pushes the sample live blog to a running desk. `demo` runs it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import click

from syndicator.parent import when_gone


@click.command(hidden=True)
@click.option("--data", type=click.Path(path_type=Path), required=True)
@click.option("--desk", required=True)
@click.option("--pause", type=float, required=True)
def command(data: Path, desk: str, pause: float) -> None:
    from syndicator.demo.player import play

    when_gone(lambda: os._exit(0))
    play(data, desk, pause)
    # The sample is over; stay, so that the supervisor has nothing to start again.
    threading.Event().wait()
