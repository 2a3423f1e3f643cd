"""How the sandbox answers: XRPC's JSON, its errors, and the limits' headers.

https://atproto.com/specs/xrpc#error-responses
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.wrappers import Response

from syndicator.channels.sandbox.windows import Spent, Window


class Refusal(Exception):
    """A refusal with an error's *name* and *message*."""

    def __init__(self, name: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": name, "message": message}

    def response(self) -> Response:
        return answer(self.body, self.status)


def invalid(message: str) -> Refusal:
    return Refusal("InvalidRequest", message)


def too_many() -> Refusal:
    return Refusal("RateLimitExceeded", "Rate Limit Exceeded", status=429)


def server_error() -> Refusal:
    return Refusal("InternalServerError", "Internal Server Error", status=500)


def answer(body: Mapping[str, Any], status: int = 200) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        status=status,
        content_type="application/json; charset=utf-8",
    )


class Limits:
    """The limits that a call counts against: windows with the points it takes of each."""

    def __init__(self, *windows: tuple[Window, int]) -> None:
        self._windows = windows

    def spend(self) -> tuple[bool, Mapping[str, str]]:
        """Whether the call is allowed, and the headers: those of the limit that is nearest."""
        spent = [(window, _spend(window, points)) for window, points in self._windows]
        window, nearest = min(spent, key=lambda pair: (pair[1].allowed, pair[1].remaining))
        return nearest.allowed, headers(window.limit, nearest.remaining, nearest.reset)


def headers(limit: int, remaining: int, reset: float) -> dict[str, str]:
    return {
        "RateLimit-Limit": str(limit),
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": str(int(reset)),
    }


def _spend(window: Window, points: int) -> Spent:
    taken: Sequence[Spent] = [window.spend() for _ in range(points)]
    return taken[-1]
