"""How the Graph API says things: its JSON, and its errors with all their fields.

The words are those of Meta's reference and of what third parties have logged.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

VERSION = "v26.0"


class GraphError(Exception):
    """A refusal in the Graph API's error body."""

    def __init__(
        self,
        message: str,
        code: int,
        *,
        status: int = 400,
        kind: str = "OAuthException",
        subcode: int | None = None,
        title: str = "",
        explanation: str = "",
        is_transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: dict[str, Any] = {"message": message, "type": kind, "code": code}
        if subcode is not None:
            self.error["error_subcode"] = subcode
        if title:
            self.error["is_transient"] = is_transient
            self.error["error_user_title"] = title
            self.error["error_user_msg"] = explanation

    def response(self) -> Response:
        error = {**self.error, "fbtrace_id": "A" + secrets.token_urlsafe(16)}
        return graph_json({"error": error}, self.status)


def graph_json(body: Mapping[str, Any], status: int = 200) -> Response:
    response = Response(
        json.dumps(body, separators=(",", ":")),
        status=status,
        content_type="application/json; charset=UTF-8",
    )
    response.headers["facebook-api-version"] = VERSION
    return response


def invalid_parameter(what: str) -> GraphError:
    return GraphError(f"(#100) {what}", 100)


def no_such_object(method: str, object_id: str) -> GraphError:
    return GraphError(
        f"Unsupported {method.lower()} request. Object with ID '{object_id}' does not exist, "
        "cannot be loaded due to missing permissions, or does not support this operation.",
        100,
        kind="GraphMethodException",
        subcode=33,
    )


def server_error() -> GraphError:
    return GraphError(
        "An unexpected error has occurred. Please retry your request later.", 2, status=500
    )


def revoked_token() -> GraphError:
    return GraphError(
        "Error validating access token: The session has been invalidated because the user changed "
        "their password or Facebook has changed the session for security reasons.",
        190,
        subcode=460,
    )


def missing_permission() -> GraphError:
    return GraphError(
        "(#200) If posting to a page, requires both pages_read_engagement and pages_manage_posts "
        "as an admin with sufficient administrative permission",
        200,
        status=403,
    )


def posting_too_much() -> GraphError:
    return GraphError(
        "The action attempted has been deemed abusive or is otherwise disallowed",
        368,
        subcode=1390008,
        title="You’re Temporarily Blocked",
        explanation="It looks like you were misusing this feature by going too fast.",
    )


def identity_check() -> GraphError:
    return GraphError(
        "The action attempted has been deemed abusive or is otherwise disallowed",
        368,
        subcode=4854002,
        title="Confirm Your Identity",
        explanation="You need to confirm your identity before you can publish as this Page.",
    )


def unreadable_link() -> GraphError:
    return GraphError(
        "Invalid parameter",
        100,
        subcode=1609005,
        title="Link could not be read",
        explanation="There was a problem scraping data from the provided link.",
    )


def unreadable_picture() -> GraphError:
    return GraphError(
        "Invalid parameter",
        100,
        subcode=1366046,
        title="Can't Read Files",
        explanation="Your photos couldn't be uploaded. Photos should be less than 4 MB and saved "
        "as JPG, PNG, GIF or TIFF files.",
    )
