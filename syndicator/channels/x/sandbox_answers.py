"""X's answers: problems in its own words, limits, and JSON as it writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

PROBLEMS = "https://api.twitter.com/2/problems/"


class ApiProblem(Exception):
    """A refusal in X's problem body."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(body.get("title"))
        self.status = status
        self.body = body

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        return json_answer(self.body, self.status, headers)


def plain_problem(status: int, title: str, detail: str = "") -> ApiProblem:
    return ApiProblem(
        status,
        {"title": title, "type": "about:blank", "status": status, "detail": detail or title},
    )


def invalid_request(message: str, **parameters: str) -> ApiProblem:
    error = {"parameters": {name: [value] for name, value in parameters.items()}}
    return ApiProblem(
        400,
        {
            "errors": [{**error, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": PROBLEMS + "invalid-request",
        },
    )


def forbidden(detail: str) -> ApiProblem:
    return plain_problem(403, "Forbidden", detail)


def duplicate() -> ApiProblem:
    return forbidden("You are not allowed to create a Tweet with duplicate content.")


def no_credits() -> ApiProblem:
    body = {
        "title": "CreditsDepleted",
        "type": "https://api.x.com/2/problems/credits",
        "detail": "Your enrolled account does not have any credits to fulfill this request.",
    }
    return ApiProblem(402, body)


def not_found(resource: str, resource_id: str) -> dict[str, str]:
    return {
        "resource_type": resource,
        "resource_id": resource_id,
        "parameter": "id",
        "value": resource_id,
        "title": "Not Found Error",
        "detail": f"Could not find {resource} with id: [{resource_id}].",
        "type": PROBLEMS + "resource-not-found",
    }


def rate_limit_headers(limit: int, remaining: int, reset: float) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(remaining),
        "x-rate-limit-reset": str(int(reset)),
    }


def json_answer(
    body: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None
) -> Response:
    response = Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        status=status,
        content_type="application/json; charset=utf-8",
    )
    response.headers.update({"api-version": "2.167", **(headers or {})})
    return response
