"""Facebook's login: the dialog, the exchanges of codes and tokens, the list of pages.

https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from werkzeug.wrappers import Response

from syndicator.channels.facebook.sandbox_answers import GraphError, invalid_parameter
from syndicator.channels.facebook.sandbox_fields import parse_fields
from syndicator.channels.facebook.sandbox_parameters import (
    GraphCall,
    asked_of,
    cursor,
    is_web_address,
)
from syndicator.channels.facebook.sandbox_tokens import (
    APP_NAME,
    PERMISSIONS,
    SANDBOX_CREDENTIALS,
    Kind,
    Tokens,
)
from syndicator.channels.sandbox.base import Request
from syndicator.channels.sandbox.pages import Pages

LISTED_FIELDS = parse_fields("id,name,access_token,category,category_list{id,name},tasks")
DEFAULT_LISTED_FIELDS = "access_token,category,category_list,name,id,tasks"


class Login:
    """The dialog and its tokens. *lacking* tells which permissions were taken away meanwhile."""

    def __init__(
        self, tokens: Tokens, pages: Pages, page_name: str, lacking: Callable[[], frozenset[str]]
    ) -> None:
        self._tokens = tokens
        self._pages = pages
        self._page_name = page_name
        self._lacking = lacking

    def dialog(self, request: Request) -> Response:
        """The page that a person is sent to, who says yes or no there."""
        asked = request.args
        problem = _problem(asked)
        if problem:
            return self._pages.render("facebook_login_error.html", status=400, problem=problem)
        back, state = asked["redirect_uri"], asked.get("state", "")
        declined = {
            "error": "access_denied",
            "error_code": "200",
            "error_description": "Permissions error",
            "error_reason": "user_denied",
            "state": state,
        }
        scopes = [scope for scope in asked.get("scope", "").split(",") if scope]
        # Links, not forms: a browser that keeps forms to our own address would stop a redirect.
        return self._pages.render(
            "facebook_login.html",
            app=APP_NAME,
            page=self._page_name,
            wishes=[PERMISSIONS[scope] for scope in scopes],
            allow=_with(back, {"code": self._tokens.new_code(back), "state": state}),
            cancel=_with(back, declined),
            host=urlsplit(back).netloc,
        )

    def access_token(self, call: GraphCall) -> Mapping[str, Any]:
        """A code or a short-lived token → a token."""
        asked = call.parameters
        if asked.get("client_id") != SANDBOX_CREDENTIALS["app_id"]:
            raise GraphError("Error validating application. Invalid application ID.", 101)
        if asked.get("client_secret") != SANDBOX_CREDENTIALS["app_secret"]:
            raise GraphError("Error validating client secret.", 1)
        if asked.get("grant_type") == "fb_exchange_token":
            return self._tokens.exchange(asked.get("fb_exchange_token", ""))
        return self._tokens.redeem(asked.get("code", ""), asked.get("redirect_uri", ""))

    def accounts(self, call: GraphCall) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/user/accounts"""
        if call.holder is not Kind.USER:
            raise invalid_parameter("Tried accessing nonexisting field (accounts) on node type")
        page = {
            "access_token": SANDBOX_CREDENTIALS["page_access_token"],
            "category": "Newspaper",
            "category_list": {"data": [{"id": "2259", "name": "Newspaper"}]},
            "name": self._page_name,
            "id": SANDBOX_CREDENTIALS["page_id"],
            "tasks": ["MODERATE", "MESSAGING", "ANALYZE", "ADVERTISE", "CREATE_CONTENT", "MANAGE"],
        }
        listed = asked_of(page, LISTED_FIELDS, call.parameters, DEFAULT_LISTED_FIELDS)
        return {"data": [listed], "paging": {"cursors": {"before": cursor(1), "after": cursor(1)}}}

    def debug_token(self, call: GraphCall) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/debug_token"""
        token = call.parameters.get("input_token", "")
        if not token:
            raise invalid_parameter("The parameter input_token is required")
        return {"data": self._tokens.inspect(token, self._lacking())}


def _problem(asked: Mapping[str, str]) -> str:
    """Why the dialog cannot be shown; empty if it can."""
    if asked.get("client_id") != SANDBOX_CREDENTIALS["app_id"]:
        return "Invalid App ID: the provided app ID does not look like a valid app ID."
    if not is_web_address(asked.get("redirect_uri", "")):
        return "URL blocked: the redirect URI is not a web address."
    unknown = [
        scope for scope in asked.get("scope", "").split(",") if scope and scope not in PERMISSIONS
    ]
    return f"Invalid Scopes: {', '.join(unknown)}." if unknown else ""


def _with(address: str, answer: Mapping[str, str]) -> str:
    parts = urlsplit(address)
    query = "&".join(filter(None, (parts.query, urlencode(answer))))
    return urlunsplit(parts._replace(query=query, fragment="_=_"))
