"""Ports that stay free while the server that owns them is dead."""

from __future__ import annotations

import random
import socket

#: Below where every system takes the ports of outgoing connections from: one of those could sit on
#: a server's port just when it is started again.
RANGE = range(15_000, 32_000)


def quiet_port() -> int:
    """A port on 127.0.0.1 that nobody listens on, unlikely to be given to anybody else."""
    for port in random.sample(RANGE, 100):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port on 127.0.0.1")
