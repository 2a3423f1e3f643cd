"""How an HTTP platform can go wrong, from a refusal to a connection that dies half-way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from syndicator.channels.sandbox.faults import Fault
from syndicator.channels.sandbox.http_server import ConnectionDropped, RawAnswer

if TYPE_CHECKING:
    from syndicator.channels.sandbox.base import Request

#: Every fault an HTTP platform knows, and what it does, for the page that switches them.
HTTP_FAULTS: Mapping[str, str] = {
    "accept-then-500": "Accepts the post, then answers with a server error",
    "reset-after-accept": "Accepts the post, then the connection breaks",
    "hang": "Accepts the post, then does not answer",
    "garbage-json": "Accepts the post, then answers with broken JSON",
    "short-body": "Accepts the post, then breaks off in the middle of the answer",
    "slow-body": "Accepts the post, then answers very slowly",
    "slow-loris": "Accepts the post, then answers one byte at a time, headers too",
    "500": "Server error, nothing is posted",
    "429": "Too many calls, and says when to come back",
    "429-without-reset": "Too many calls, and does not say when to come back",
    "401": "The access token was revoked",
    "duplicate": "Says it already has this post",
    "redirect": "Redirects to another page",
    "reset-before-body": "The connection breaks before the post arrives",
    "reset-in-body": "The connection breaks while the post arrives",
    "reset-before": "The connection breaks before anything is posted",
    "index-lag": "Looking posts up does not show the newest ones",
}
#: Those that only a look-up can suffer.
LOOK_UP_FAULTS = frozenset({"index-lag"})

#: Pieces a slow answer is cut into: each keeps the client's read time-out from running out.
SLOW_PIECES = 20


def misbehave(
    fault: Fault,
    request: Request,
    handle: Callable[[], Response],
    refuse: Callable[[Fault], Response],
    closing: threading.Event,
) -> Response:
    """Answer *request* with *fault*.

    *handle* does what the platform normally would, *refuse* makes the refusals that look
    different on each platform, and *closing* ends every wait when the server stops. Where a fault
    accepts first, a request that the platform refuses anyway gets its own refusal.
    """
    if fault.name == "reset-before-body":
        raise ConnectionDropped(reset=True)
    if fault.name == "reset-in-body":
        # At least a byte: it has begun to arrive.
        request.stream.read(max(1, (request.content_length or 0) // 2))
        raise ConnectionDropped(reset=True)
    # Read it all: a connection that breaks while a request arrives looks different each time.
    request.get_data()
    if fault.name == "reset-before":
        raise ConnectionDropped(reset=True)
    if fault.name == "redirect":
        return redirect("/_sandbox/moved", code=302)
    if fault.name == "index-lag":
        request.index_lag = timedelta(seconds=fault.seconds)
        return handle()
    ruin = _AFTER_ACCEPTING.get(fault.name)
    if ruin is None and fault.name != "accept-then-500":
        return refuse(fault)
    response = handle()
    if response.status_code >= 400:
        return response
    return ruin(response, fault, closing) if ruin else refuse(Fault("500"))


def _reset(response: Response, fault: Fault, closing: threading.Event) -> Response:
    raise ConnectionDropped(reset=True)


def _hang(response: Response, fault: Fault, closing: threading.Event) -> Response:
    closing.wait(fault.seconds)
    raise ConnectionDropped(reset=False)


def _garbage(response: Response, fault: Fault, closing: threading.Event) -> Response:
    whole = response.get_data()
    response.set_data(whole[: len(whole) // 2] + b"\x00\xff<html>")
    return response


def _short(response: Response, fault: Fault, closing: threading.Event) -> Response:
    whole = response.get_data()

    def first_half() -> Iterator[bytes]:
        yield whole[: len(whole) // 2]
        raise ConnectionDropped(reset=False)

    return _in_pieces(response, first_half())


def _slow(response: Response, fault: Fault, closing: threading.Event) -> Response:
    whole = response.get_data()
    size = -(-len(whole) // SLOW_PIECES)

    def dripping() -> Iterator[bytes]:
        for start in range(0, len(whole), size):
            if closing.wait(fault.seconds / SLOW_PIECES):
                raise ConnectionDropped(reset=False)
            yield whole[start : start + size]

    return _in_pieces(response, dripping())


def _loris(response: Response, fault: Fault, closing: threading.Event) -> Response:
    fields = [f"{name}: {value}" for name, value in response.headers]
    head = "\r\n".join([f"HTTP/1.1 {response.status}", *fields, "Connection: close", "", ""])
    whole = head.encode("latin-1") + response.get_data()

    def dripping() -> Iterator[bytes]:
        for byte in whole:
            if closing.wait(fault.seconds / len(whole)):
                return
            yield bytes([byte])

    raise RawAnswer(dripping())


def _in_pieces(response: Response, pieces: Iterator[bytes]) -> Response:
    """*response* with the same headers, Content-Length among them, and another body."""
    return Response(pieces, status=response.status, headers=response.headers)


_AFTER_ACCEPTING: Mapping[str, Callable[[Response, Fault, threading.Event], Response]] = {
    "reset-after-accept": _reset,
    "hang": _hang,
    "garbage-json": _garbage,
    "short-body": _short,
    "slow-body": _slow,
    "slow-loris": _loris,
}
