"""What every sandbox platform is made of."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, MapAdapter, Rule
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response

from syndicator.channels.sandbox.faults import Call, Fault, FaultBoard
from syndicator.channels.sandbox.http_faults import misbehave
from syndicator.channels.sandbox.store import SandboxStore


class Request(WerkzeugRequest):
    """An HTTP request of at most 4 MB."""

    max_content_length = 4 * 1024 * 1024
    max_form_memory_size = 4 * 1024 * 1024

    @property
    def address(self) -> str:
        """The URL exactly as it was requested: neither decoded nor normalised."""
        return f"{self.scheme}://{self.host}{self.environ['REQUEST_URI']}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the server gives a platform. *closing* is set when the server stops."""

    store: SandboxStore
    faults: FaultBoard
    closing: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Route:
    """*handler* answers *method* on *path* (werkzeug's notation) with what the path captured.

    A route with a *call* belongs to the platform's API, where faults strike; one without is a
    page for people.
    """

    method: str
    path: str
    handler: Callable[..., Response]
    call: Call | None = None


@lru_cache
def _url_map(patterns: tuple[tuple[str, str], ...]) -> MapAdapter:
    """Where each (method, path) stands in *patterns*; slow to make, so made once in a process."""
    rules = [
        Rule(path, methods=[method], endpoint=place)
        for place, (method, path) in enumerate(patterns)
    ]
    return Map(rules, strict_slashes=False, merge_slashes=False).bind("sandbox")


class Site(ABC):
    """A part of the sandbox's one web address, below *prefix*."""

    prefix: ClassVar[str]

    def __init__(self, surroundings: Surroundings) -> None:
        self.store = surroundings.store
        self.faults = surroundings.faults
        self.closing = surroundings.closing
        self._routes = self.routes()
        self._urls = _url_map(
            tuple((route.method, self.prefix + route.path) for route in self._routes)
        )

    @abstractmethod
    def routes(self) -> Sequence[Route]:
        """Everything this site answers."""

    def answer(self, request: Request) -> Response:
        try:
            place, captured = self._urls.match(request.path, request.method)
            return self.respond(request, self._routes[place], captured)
        except HTTPException as problem:
            return self.unanswerable(request, problem)

    def respond(self, request: Request, route: Route, captured: Mapping[str, str]) -> Response:
        return route.handler(request, **captured)

    def unanswerable(self, request: Request, problem: HTTPException) -> Response:
        """The answer to a request for no known path, or one that cannot be read."""
        return Response(f"{problem.code} {problem.name}\n", status=problem.code)


class SandboxPlatform(Site):
    """A server that behaves like one platform.

    *name* is its channel's; *credentials* are the test account's, by the channel's setting names;
    *fault_labels* are the faults that can be switched on, each with what it does.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    credentials: ClassVar[Mapping[str, str]] = {}
    fault_labels: ClassVar[Mapping[str, str]]

    def smtp_handler(self) -> object | None:
        """What answers the sandbox's SMTP port (aiosmtpd's handler hooks), if this is mail."""
        return None

    def refuse(self, fault: Fault) -> Response:
        """The platform's own way of saying *fault*: an error, a limit, a dead token."""
        raise NotImplementedError(f"{self.name} has no HTTP faults")

    def respond(self, request: Request, route: Route, captured: Mapping[str, str]) -> Response:
        def handle() -> Response:
            return route.handler(request, **captured)

        fault = self.faults.take(self.name, route.call) if route.call else None
        if fault is None:
            return handle()
        # Read it all: a connection that breaks while a request arrives looks different each time.
        request.get_data()
        return misbehave(fault, handle, self.refuse, self.closing)


#: How a server makes a platform once it has a store: the class itself, or one with its options set.
PlatformFactory = Callable[[Surroundings], SandboxPlatform]
