"""Which ports to listen on when the usual ones are taken."""

from __future__ import annotations

import socket
from contextlib import ExitStack


def free_ports(host: str, wanted: list[int]) -> list[int]:
    """For each wanted port that port if it is free, else one that is; no port twice."""
    with ExitStack() as stack:
        return [_bind(stack, host, port) for port in wanted]


def _bind(stack: ExitStack, host: str, port: int) -> int:
    for candidate in (port, 0):
        listener = stack.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
        except OSError:
            continue
        return int(listener.getsockname()[1])
    raise OSError(f"no free port on {host}")
