"""What the sandbox's API takes and how it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from syndicator.channels.sandbox.base import Request


class ApiError(Exception):
    """A refusal in Mastodon's error body: https://docs.joinmastodon.org/entities/Error/"""

    def __init__(self, status: int, error: str, description: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error}
        if description:
            self.body["error_description"] = description

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        return json_response(self.body, self.status, headers)


def invalid(what: str) -> ApiError:
    return ApiError(422, f"Validation failed: {what}")


def not_found() -> ApiError:
    return ApiError(404, "Record not found")


def no_such_original() -> ApiError:
    return ApiError(404, "The post you are trying to reply to does not appear to exist.")


def json_response(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        status=status,
        headers=dict(headers or {}),
        content_type="application/json; charset=utf-8",
    )


def fields_of(request: Request) -> dict[str, Any]:
    """A JSON object or a form; fields called ``name[]`` are lists."""
    if request.mimetype == "application/json":
        try:
            body = json.loads(request.get_data())
        except (ValueError, RecursionError):
            raise ApiError(400, "Error occurred while parsing request parameters") from None
        if not isinstance(body, dict):
            raise ApiError(400, "Error occurred while parsing request parameters")
        return body
    fields: dict[str, Any] = {}
    for name, values in request.form.lists():
        fields[name.removesuffix("[]")] = values if name.endswith("[]") else values[-1]
    return fields
