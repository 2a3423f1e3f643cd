"""Opens a TCP connection within a deadline, to public addresses only unless told otherwise."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Sequence
from typing import Any

from syndicator.outbound.addresses import is_public
from syndicator.outbound.deadline import Deadline, DeadlinePassed

SocketOption = tuple[int, int, int | bytes]
_AddressInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]


class CouldNotConnect(OSError):
    """No connection came about, so nothing was sent; the text says why."""


class NameNotResolved(CouldNotConnect):
    """The host's name has no address, or the name service did not answer."""


class PrivateAddressRefused(CouldNotConnect):
    """The host is not on the public internet, and private addresses are not allowed."""


def connect(
    host: str,
    port: int,
    *,
    deadline: Deadline,
    allow_private_addresses: bool,
    time_limit: float,
    options: Sequence[SocketOption] = (),
) -> socket.socket:
    """A connected socket that *deadline* watches, with *time_limit* seconds for each address.

    The address that is connected to is the one that was checked: the name is resolved once.
    Raises `CouldNotConnect`, or `DeadlinePassed` if the time was over before.
    """
    deadline.check()
    found = _resolve(host, port, deadline)
    allowed = [info for info in found if allow_private_addresses or is_public(str(info[4][0]))]
    if not allowed:
        raise PrivateAddressRefused(f"{host} is not on the public internet")
    failure: OSError | None = None
    for family, kind, protocol, _, address in allowed:
        sock = socket.socket(family, kind, protocol)
        try:
            deadline.watch(sock)
            for option in options:
                sock.setsockopt(*option)
            # A time-out of zero would mean "do not block".
            sock.settimeout(max(0.001, min(time_limit, deadline.remaining)))
            sock.connect(address)
        except DeadlinePassed:
            sock.close()
            raise
        except OSError as error:
            sock.close()
            failure = error
        else:
            sock.settimeout(time_limit)
            return sock
    raise CouldNotConnect(f"no connection to {host}: {failure}") from failure


def _resolve(host: str, port: int, deadline: Deadline) -> Sequence[_AddressInfo]:
    """The host's addresses. In a thread of its own: a name service can be slow beyond any limit."""
    answer: queue.SimpleQueue[Sequence[_AddressInfo] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.put(error)

    threading.Thread(target=ask, daemon=True, name=f"resolve {host}").start()
    try:
        found = answer.get(timeout=deadline.remaining)
    except queue.Empty:
        raise NameNotResolved(f"the name service did not answer for {host}") from None
    if isinstance(found, Exception):
        raise NameNotResolved(f"{host} has no address: {found}") from found
    return found
