"""The sandbox's front page, its fault switches and its record of what was accepted.

Other processes use it over HTTP. A platform is named ``x``, ``facebook`` or ``email``; further
accounts are ``x-2``, ``facebook-2`` and so on.

``GET /_sandbox/accepted?platform=x-2``
    What the platform accepted, oldest first, with what was deleted since: a list of ``number``
    (counts up over all platforms), ``id``, ``action``, ``text``, ``link``, ``time`` (ISO 8601)
    and ``request``, the fields as sent. With ``&action=`` edit, delete or draft: those instead.
``POST /_sandbox/faults``
    Switch a fault on, by a JSON object: ``{"platform": "x-2", "fault": "429"}``, and optionally
    ``times`` (1; null: until cleared), ``on``, the calls it hits (publish; look-up, other, any),
    and ``seconds`` (30): how long an answer hangs or takes, when to come back after a limit, or
    how old posts must be for a look-up under ``index-lag`` to show them. Faults that hit the same
    call do so in the order in which they were switched on. Answers 204.
``GET /_sandbox/faults``
    For each platform the faults it knows, and those that wait.
``DELETE /_sandbox/faults?platform=x-2``
    Take away all that wait there. Answers 204.

What is asked wrongly is answered with 400 and ``{"error": "…"}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from werkzeug.exceptions import BadRequest, Forbidden, HTTPException
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from syndicator.channels.sandbox.base import (
    Request,
    Route,
    SandboxPlatform,
    Site,
    Surroundings,
)
from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.http_faults import LOOK_UP_FAULTS
from syndicator.channels.sandbox.pages import ASSETS, Pages, asset
from syndicator.channels.sandbox.store import Action

MOST_TIMES = 1_000_000
LONGEST_SECONDS = 3600.0


class Controls(Site):
    """Everything on the sandbox's address that belongs to no platform."""

    prefix = ""

    def __init__(
        self, surroundings: Surroundings, platforms: Sequence[SandboxPlatform], smtp_address: str
    ) -> None:
        self._platforms = {platform.name: platform for platform in platforms}
        self._smtp_address = smtp_address
        self._pages = Pages()
        super().__init__(surroundings)

    def routes(self) -> Sequence[Route]:
        return (
            Route("GET", "/", self.index),
            Route("GET", "/_sandbox/", self.switches),
            Route("GET", "/_sandbox/accepted", self.accepted),
            Route("GET", "/_sandbox/accounts", self.accounts),
            Route("GET", "/_sandbox/faults", self.waiting),
            Route("POST", "/_sandbox/faults", self.switch_on),
            Route("DELETE", "/_sandbox/faults", self.clear),
            Route("POST", "/_sandbox/faults/clear", self.clear),
            Route("GET", "/_sandbox/moved", self.moved),
            *(Route("GET", f"/_sandbox/{name}", partial(_asset, name)) for name in ASSETS),
        )

    def unanswerable(self, request: Request, problem: HTTPException) -> Response:
        return _json({"error": problem.description}, status=problem.code or 500)

    def index(self, request: Request) -> Response:
        return self._pages.render(
            "index.html",
            platforms=self._platforms.values(),
            root=request.host_url.rstrip("/"),
            smtp_address=self._smtp_address,
        )

    def switches(self, request: Request) -> Response:
        return self._pages.render(
            "switches.html",
            platforms=self._platforms.values(),
            waiting={name: self.faults.waiting(name) for name in self._platforms},
        )

    def moved(self, request: Request) -> Response:
        """Where the fault `redirect` leads: a page for people, not an answer for programs."""
        return self._pages.render("moved.html")

    def accepted(self, request: Request) -> Response:
        platform = self._platform(request.args)
        action = request.args.get("action", Action.PUBLISH.value)
        if action not in list(Action):
            raise BadRequest(f"action is one of {', '.join(Action)}")
        return _json([act.to_json() for act in self.store.accepted(platform, Action(action))])

    def accounts(self, request: Request) -> Response:
        """Where each platform is imitated, and its test account; mail has a port of its own."""
        return _json(
            {
                "accounts": {
                    name: {"path": platform.prefix, "credentials": dict(platform.credentials)}
                    for name, platform in self._platforms.items()
                    if platform.smtp_handler() is None
                }
            }
        )

    def waiting(self, request: Request) -> Response:
        return _json(
            {
                name: {
                    "known": dict(platform.fault_labels),
                    "waiting": [fault.to_json() for fault in self.faults.waiting(name)],
                }
                for name, platform in self._platforms.items()
            }
        )

    def switch_on(self, request: Request) -> Response:
        fields = _fields(request)
        platform = self._platform(fields)
        known = self._platforms[platform].fault_labels
        if str(fields.get("fault")) not in known:
            raise BadRequest(f"fault is one of {', '.join(known)}")
        self.faults.switch_on(platform, _fault(fields))
        return self._done(request)

    def clear(self, request: Request) -> Response:
        fields = request.args if request.method == "DELETE" else _fields(request)
        self.faults.clear(self._platform(fields))
        return self._done(request)

    def _platform(self, fields: Mapping[str, Any]) -> str:
        name = str(fields.get("platform"))
        if name not in self._platforms:
            raise BadRequest(f"platform is one of {', '.join(self._platforms)}")
        return name

    def _done(self, request: Request) -> Response:
        if request.mimetype == "application/x-www-form-urlencoded":
            return redirect("/_sandbox/", code=303)
        return Response(status=204)


def _asset(name: str, request: Request) -> Response:
    return asset(name)


def _fields(request: Request) -> Mapping[str, Any]:
    """The fields of a form or a JSON object, unless another website made the browser send it."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Forbidden("Only the sandbox's own pages may switch faults.")
    if request.mimetype != "application/json":
        return request.form
    fields = request.get_json()
    if not isinstance(fields, dict):
        raise BadRequest("The body is a JSON object.")
    return fields


def _fault(fields: Mapping[str, Any]) -> Fault:
    times, name = fields.get("times", 1), str(fields["fault"])
    on = Call.LOOK_UP if name in LOOK_UP_FAULTS else fields.get("on", Call.PUBLISH)
    try:
        fault = Fault(
            name,
            None if times in (None, "") else int(times),
            Call(on),
            float(fields.get("seconds", 30)),
        )
    except (TypeError, ValueError, OverflowError) as problem:
        raise BadRequest("times and seconds are numbers, on is a kind of call.") from problem
    if fault.times is not None and not 1 <= fault.times <= MOST_TIMES:
        raise BadRequest(f"times is from 1 to {MOST_TIMES}, or null for always.")
    if not 0 <= fault.seconds <= LONGEST_SECONDS:
        raise BadRequest(f"seconds is from 0 to {LONGEST_SECONDS:.0f}.")
    return fault


def _json(data: object, status: int = 200) -> Response:
    return Response(
        json.dumps(data, ensure_ascii=False), status=status, content_type="application/json"
    )
