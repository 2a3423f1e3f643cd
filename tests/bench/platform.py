"""A platform that answers as X does and costs next to nothing: what is measured is ours.

It notes when the first byte of each post's request arrived, on this process's monotonic clock.
Each account is a path prefix (``/0``, ``/1``, …); an account can be made a slow loris. A look-up
finds nothing: nobody looks up a post whose answer came through.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

_ANSWER = (
    b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Connection: close\r\n\r\n%s"
)
_POST = re.compile(rb"POST /(\d+)/2/tweets HTTP/1\.1\r\n")
_LOOK_UP = re.compile(rb"GET /(\d+)/2/users/\d+/tweets\S* HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
#: Seconds between two bytes of a slow loris' answer; no socket time-out ever strikes.
DRIP = 1.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One post: *at* is when the first byte of its request came (`time.monotonic`)."""

    account: int
    external_id: str
    at: float


class Platform:
    def __init__(self) -> None:
        self.slow_accounts: frozenset[int] = frozenset()
        self.arrivals: list[Arrival] = []
        self._arrived = threading.Condition()
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        # A thread that is blocked in accept() is not woken by close().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def base_url(self, account: int) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/{account}"

    def wait_for(
        self, external_ids: Collection[str], accounts: range, seconds: float
    ) -> list[Arrival]:
        """The posts of these entries to these *accounts*: all, or what came within *seconds*."""
        wanted = set(external_ids)

        def found() -> list[Arrival]:
            return [a for a in self.arrivals if a.account in accounts and a.external_id in wanted]

        with self._arrived:
            self._arrived.wait_for(lambda: len(found()) >= len(wanted) * len(accounts), seconds)
            return found()

    def wait_for_all(self, count: int, seconds: float) -> list[Arrival]:
        """All posts that have come, as soon as they are *count* or *seconds* are over."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self.arrivals) >= count, seconds)
            return list(self.arrivals)

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            received = connection.recv(65536)
            at = time.monotonic()
            if not received:
                return
            while b"\r\n\r\n" not in received:
                received += connection.recv(65536)
            head, _, body = received.partition(b"\r\n\r\n")
            head += b"\r\n"
            if posted := _POST.match(head):
                account = int(posted[1])
                length = _LENGTH.search(head)
                assert length is not None, head
                while len(body) < int(length[1]):
                    body += connection.recv(65536)
                answer = _answer(201, self._take(account, json.loads(body)["text"], at))
            else:
                looked_up = _LOOK_UP.match(head)
                assert looked_up is not None, head
                account = int(looked_up[1])
                answer = _answer(200, {"meta": {"result_count": 0}})
            if account in self.slow_accounts:
                self._drip(connection, answer)
            else:
                connection.sendall(answer)

    def _take(self, account: int, text: str, at: float) -> dict[str, object]:
        external_id = text.rpartition("#")[2].split()[0]
        with self._arrived:
            number = len(self.arrivals)
            self.arrivals.append(Arrival(account, external_id, at))
            self._arrived.notify_all()
        return {"data": {"id": str(10**18 + number), "text": text}}

    def _drip(self, connection: socket.socket, answer: bytes) -> None:
        try:
            for byte in answer:
                connection.sendall(bytes((byte,)))
                if self._ended.wait(DRIP):
                    return
        except OSError:
            return  # the other side had enough


def _answer(status: int, body: dict[str, object]) -> bytes:
    said = json.dumps(body).encode()
    return _ANSWER % (status, len(said), said)
