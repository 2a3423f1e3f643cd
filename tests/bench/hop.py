"""The yardstick of latency: a task that does nothing, over the same broker."""

from __future__ import annotations

import socket
import time

from config.celery import app
from syndicator.embedded.worker import EmbeddedWorker

HOPS = 50
PAUSE = 0.05
QUEUE = "sweep"


@app.task(name="sweep.hop")  # type: ignore[untyped-decorator]
def hop(port: int) -> None:
    """Say when it began (`time.monotonic`, one clock for all processes of a machine)."""
    with socket.socket(type=socket.SOCK_DGRAM) as to_sender:
        to_sender.sendto(repr(time.monotonic()).encode(), ("127.0.0.1", port))


def embedded() -> list[float]:
    """Seconds from the ring to the task's first line, with the worker in this process."""
    EmbeddedWorker(app).start()
    return distributed()


def distributed() -> list[float]:
    """The same with a worker elsewhere, which may still be starting."""
    taken = []
    with socket.socket(type=socket.SOCK_DGRAM) as answers:
        answers.bind(("127.0.0.1", 0))
        answers.settimeout(30)
        for _ in range(HOPS):
            rung = time.monotonic()
            app.send_task("sweep.hop", args=answers.getsockname()[1:], retry=False)
            taken.append(float(answers.recv(100)) - rung)
            time.sleep(PAUSE)
    # The first one opens connections.
    return taken[1:]
