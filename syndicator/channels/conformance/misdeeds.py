"""Ways for a platform to answer that say nothing of whether it did what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from syndicator.channels.conformance.platform import Answer

#: Where redirects lead: nobody may follow them.
TRAP = "/redirected-to"
_PAGE = b"<!DOCTYPE html><title>Proxy</title><p>Something went wrong.</p>"

#: In the place of a value: of another type than any that is documented there, and recognisable.
FALSE_NUMBER = 93_714_260_551
FALSE_TEXT = "not-documented"
_LEFT_OUT = "left out"
_OF_EVERY_SERVER = {"content-type", "content-length", "connection", "date", "server"}


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes on the wire: *first* at once, *dripped* one by one; then the end, a reset, or (until
    the server stops) nothing."""

    first: bytes = b""
    dripped: bytes = b""
    resets: bool = False
    hangs: bool = False


@dataclass(frozen=True, slots=True)
class Misdeed:
    """*reply* is made of the platform's own answer; if not *acts*, the request never got there."""

    label: str
    reply: Callable[[Answer], Reply]
    acts: bool = True
    #: Whether the call must end by its deadline, for nothing else will end it.
    endless: bool = False
    #: The value that was left out of the answer, by its path.
    left_out: str = ""
    #: Whether a whole answer of HTTP comes: the client has something to read.
    whole: bool = False


def on_the_wire(answer: Answer, *, length: int | None = None) -> bytes:
    """*answer* in HTTP/1.1; *length* lies about the length of its body."""
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Other"
    fields = {
        **answer.headers,
        "Content-Length": str(len(answer.body) if length is None else length),
        "Connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {answer.status} {phrase}\r\n{head}\r\n".encode() + answer.body


def instead(label: str, other: Answer, *, left_out: str = "") -> Misdeed:
    """The platform acts, and *other* is the answer."""
    return Misdeed(label, lambda _: Reply(on_the_wire(other)), left_out=left_out, whole=True)


_EMPTY_LIST = instead("answered 200 with an empty list", Answer.json(200, []))
_SAYS_NOTHING: list[Misdeed] = [
    Misdeed("closed the connection without an answer", lambda _: Reply()),
    Misdeed("reset the connection", lambda _: Reply(resets=True)),
    Misdeed("was never reached, the connection broke", lambda _: Reply(), acts=False),
    instead("answered 500", Answer(500)),
    instead("answered 500 in JSON", Answer.json(500, {"error": {"message": "Oops"}})),
    instead("answered 502 in HTML", Answer(502, _PAGE, {"Content-Type": "text/html"})),
    instead("answered 503 with Retry-After", Answer(503, b"", {"Retry-After": "60"})),
    Misdeed(
        "was never reached, a proxy answered 200 in HTML",
        lambda _: Reply(on_the_wire(Answer(200, _PAGE, {"Content-Type": "text/html"}))),
        acts=False,
    ),
    instead("answered 400 in HTML", Answer(400, _PAGE, {"Content-Type": "text/html"})),
    instead("redirected (302)", Answer(302, b"", {"Location": TRAP})),
    instead("redirected (307)", Answer(307, b"", {"Location": TRAP})),
    instead("answered 200 without a body", Answer(200)),
    instead("answered 200 in HTML", Answer(200, _PAGE, {"Content-Type": "text/html"})),
    instead("answered 200 with an empty object", Answer.json(200, {})),
    _EMPTY_LIST,
    instead("answered 200 with null", Answer.json(200, None)),
    instead("answered 200 with bytes that are no JSON", Answer(200, b"\xff{\x00")),
    Misdeed(
        "answered its status and nothing else",
        lambda answer: Reply(on_the_wire(Answer(answer.status))),
    ),
    Misdeed("did not speak HTTP", lambda _: Reply(b"220 mail.example ESMTP\r\n")),
    Misdeed(
        "cut its answer off",
        lambda answer: Reply(on_the_wire(answer, length=len(answer.body) + 5000)),
    ),
]

_ENDLESS: list[Misdeed] = [
    Misdeed("never answered", lambda _: Reply(hangs=True), endless=True),
    Misdeed(
        "answered one byte at a time",
        lambda answer: Reply(b"HTTP/1.1 ", on_the_wire(answer)[9:] + b" " * 2000),
        endless=True,
    ),
]


def misdeeds(answer: Answer, *, endless: bool = True) -> list[Misdeed]:
    """Everything that can come instead of *answer*, but for a list where a list is right: an empty
    one is an answer."""
    lists = answer.body.lstrip().startswith(b"[")
    says_nothing = [one for one in _SAYS_NOTHING if not (lists and one is _EMPTY_LIST)]
    return [*says_nothing, *(_ENDLESS if endless else ())]


def false_values(answer: Answer) -> Iterator[Misdeed]:
    """*answer* once for each value in its JSON: that value missing, or of another type."""
    try:
        said = json.loads(answer.body)
    except ValueError:
        return
    for path in _paths(said):
        for how, changed in _changes(said, path):
            body = json.dumps(changed).encode()
            where = ".".join(map(str, path))
            yield instead(
                f"answered with “{where}” {how}",
                replace(answer, body=body),
                left_out=where if how == _LEFT_OUT else "",
            )


def false_headers(answer: Answer) -> Iterator[Misdeed]:
    """*answer* once for each header of the platform's own: left out, or saying something else."""
    for name in answer.headers:
        if name.lower() in _OF_EVERY_SERVER:
            continue
        others = {one: value for one, value in answer.headers.items() if one != name}
        changed = {**others, name: FALSE_TEXT}
        yield instead(f"answered without the header “{name}”", replace(answer, headers=others))
        yield instead(f"said “{FALSE_TEXT}” as “{name}”", replace(answer, headers=changed))


def _paths(said: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to each value; of a list its first and last item stand for all."""
    items: list[tuple[str | int, Any]] = []
    if isinstance(said, dict):
        items = list(said.items())
    elif isinstance(said, list) and said:
        items = [(place, said[place]) for place in sorted({0, len(said) - 1})]
    for name, value in items:
        yield (*above, name)
        yield from _paths(value, (*above, name))


def _changes(said: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str, Any]]:
    value = said
    for name in path:
        value = value[name]
    false = FALSE_NUMBER if isinstance(value, str) else FALSE_TEXT
    yield "of another type", _with(said, path, false)
    yield "null", _with(said, path, None)
    if isinstance(path[-1], str):
        yield _LEFT_OUT, _with(said, path, _with)


def _with(said: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """*said* with *value* at the end of *path*; without that name if *value* is this function."""
    changed = said.copy()
    if len(path) > 1:
        changed[path[0]] = _with(said[path[0]], path[1:], value)
    elif value is _with:
        del changed[path[0]]
    else:
        changed[path[0]] = value
    return changed
