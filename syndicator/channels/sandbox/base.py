"""What every sandbox platform is made of."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
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
    """An HTTP request of at most 12 MB: a post with a picture."""

    max_content_length = 12 * 1024 * 1024
    max_form_memory_size = 12 * 1024 * 1024
    #: How old a post must be for this look-up to see it.
    index_lag = timedelta(0)

    @property
    def address(self) -> str:
        """The URL exactly as it was requested: neither decoded nor normalised."""
        return f"{self.scheme}://{self.host}{self.environ['REQUEST_URI']}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the server gives a platform. *closing* is set when the server stops.

    *account* is the number of the account, from 1: each is served like a platform of its own.
    *generosity* is how many times the platform's own its limits are.
    """

    store: SandboxStore
    faults: FaultBoard
    account: int = 1
    generosity: float = 1.0
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

    prefix: str

    def __init__(self, surroundings: Surroundings) -> None:
        self.store = surroundings.store
        self.faults = surroundings.faults
        self.closing = surroundings.closing
        self._routes = self.routes()
        self._urls = _url_map(tuple((route.method, route.path) for route in self._routes))

    @abstractmethod
    def routes(self) -> Sequence[Route]:
        """Everything this site answers."""

    def answer(self, request: Request) -> Response:
        try:
            path = request.path.removeprefix(self.prefix) or "/"
            place, captured = self._urls.match(path, request.method)
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
    *fault_labels* are the faults that can be switched on, each with what it does. The second
    account's *name* is ``x-2`` and its address ``/x-2``; posts, faults and limits are its own.
    Found by the entry-point group ``syndicator.sandboxes``.
    """

    name: str
    label: str
    credentials: ClassVar[Mapping[str, str]] = {}
    fault_labels: ClassVar[Mapping[str, str]]
    #: Whether it can be served several times; mail has only one port.
    has_further_accounts: ClassVar[bool] = True

    def __init__(self, surroundings: Surroundings) -> None:
        if surroundings.account > 1:
            self.name = f"{self.name}-{surroundings.account}"
            self.label = f"{self.label} {surroundings.account}"
            self.prefix = f"{self.prefix}-{surroundings.account}"
        super().__init__(surroundings)

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
        return misbehave(fault, request, handle, self.refuse, self.closing)


#: How a server makes a platform once it has a store: the class itself, or one with its options set.
PlatformFactory = Callable[[Surroundings], SandboxPlatform]


def on_account(make: PlatformFactory, number: int, generosity: float = 1.0) -> PlatformFactory:
    """*make*, for the platform's account *number*, from 1."""
    return lambda surroundings: make(replace(surroundings, account=number, generosity=generosity))
