"""A server that behaves like the Facebook Graph API v26.0 for one Page.

For trying things out and for tests. Answers follow Meta's Graph API reference and error logs of
third parties.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from syndicator.channels.facebook.sandbox_fields import (
    Fields,
    UnknownField,
    UnreadableFields,
    parse_fields,
    select,
)
from syndicator.channels.sandbox.base import Request, Route, SandboxPlatform, Surroundings
from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.http_faults import HTTP_FAULTS
from syndicator.channels.sandbox.links import LinkCard, text_and_links
from syndicator.channels.sandbox.pages import Pages
from syndicator.channels.sandbox.store import Accepted, Action
from syndicator.channels.sandbox.windows import Window

VERSION = "v26.0"
PAGE_NAME = "Sandbox Newsroom"

#: The test Page, by the Facebook channel's setting names.
SANDBOX_CREDENTIALS: Mapping[str, str] = {
    "page_id": "104512345678901",
    "page_access_token": "EAAsandboxpageaccesstoken",
    "app_secret": "sandbox-app-secret",
}

#: The calls an app may make in an hour: 200 for each of its users, of whom it has 24.
CALL_LIMIT = 4800
WINDOW_SECONDS = 60 * 60
LONGEST_MESSAGE = 63_206
LARGEST_PAGE = 100
#: A scheduled post comes out this many seconds from now.
SCHEDULE_SECONDS = range(10 * 60, 30 * 24 * 3600 + 1)
FIRST_POST_NUMBER = 122_100_000_000_000_000

NODE_FIELDS = parse_fields("id,name")
POST_FIELDS = parse_fields(
    "id,message,created_time,permalink_url,is_published,from,"
    "attachments{title,type,unshimmed_url,url}"
)
DEFAULT_POST_FIELDS = "id,message,created_time"


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
        return _json({"error": error}, self.status)


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


class FacebookSandbox(SandboxPlatform):
    """One Facebook Page.

    *call_limit* is how many calls it takes in an hour; `X-App-Usage` tells what is used up of it.
    """

    name = "facebook"
    label = "Facebook"
    prefix = "/facebook"
    credentials = SANDBOX_CREDENTIALS
    fault_labels = HTTP_FAULTS

    def __init__(self, surroundings: Surroundings, *, call_limit: int | None = None) -> None:
        self._pages = Pages(Path(__file__).parent / "sandbox_templates")
        self._page_id = SANDBOX_CREDENTIALS["page_id"]
        self._window = Window(
            call_limit or round(CALL_LIMIT * surroundings.generosity), WINDOW_SECONDS
        )
        super().__init__(surroundings)

    def routes(self) -> Sequence[Route]:
        page = f"/{VERSION}/<page>"
        node = f"/{VERSION}/<node>"
        return (
            self._api("POST", f"{page}/feed", self.publish, Call.PUBLISH),
            self._api("GET", f"{page}/published_posts", self.published_posts, Call.LOOK_UP),
            self._api("GET", node, self.read, Call.OTHER),
            self._api("POST", node, self.edit, Call.OTHER),
            self._api("DELETE", node, self.delete, Call.OTHER),
            Route("GET", "/", self.page),
            Route("GET", "/<post>", self.permalink),
        )

    def _api(
        self,
        method: str,
        path: str,
        handler: Callable[..., Mapping[str, Any]],
        call: Call,
    ) -> Route:
        def authenticated(request: Request, **captured: str) -> Response:
            spent = self._window.spend()
            try:
                parameters = _parameters(request)
                _authenticate(request, parameters)
                if spent.allowed:
                    response = _json(handler(request, parameters, **captured))
                else:
                    minutes = math.ceil((spent.reset - time.time()) / 60)
                    response = self._too_many_calls(minutes)
            except GraphError as error:
                response = error.response()
            limit = self._window.limit
            share = 100 * (limit - spent.remaining) // limit
            usage = {"call_count": share, "total_time": 0, "total_cputime": 0}
            response.headers["X-App-Usage"] = json.dumps(usage)
            return response

        return Route(method, path, authenticated, call)

    def refuse(self, fault: Fault) -> Response:
        match fault.name:
            case "429":
                return self._too_many_calls(math.ceil(fault.seconds / 60))
            case "429-without-reset":
                return GraphError(
                    "(#4) Application request limit reached", 4, status=403
                ).response()
            case "401":
                return revoked_token().response()
            case "duplicate":
                return GraphError("(#506) Duplicate status message", 506).response()
            case _:
                return server_error().response()

    def unanswerable(self, request: Request, problem: HTTPException) -> Response:
        if problem.code != 404:
            return GraphError(problem.name, 100, status=problem.code or 400).response()
        path = request.path.removeprefix(self.prefix)
        return GraphError(f"Unknown path components: {path}", 2500).response()

    def publish(
        self, request: Request, parameters: Mapping[str, str], page: str
    ) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/page/feed#publish"""
        self._check_page(request, page)
        message, link = parameters.get("message", ""), parameters.get("link", "")
        if not message and not link:
            raise invalid_parameter("Missing message or attachment")
        _check_message(message)
        _check_link(link)
        action = Action.PUBLISH if _is_published(parameters) else Action.DRAFT
        with self.store.lock:
            last = self.store.last_remote_id(self.name).rpartition("_")[2]
            post = f"{page}_{int(last or FIRST_POST_NUMBER) + 1}"
            sent = {name: value for name, value in parameters.items() if name not in _SECRETS}
            self.store.record(self.name, action, post, text=message, link=link, request=sent)
        return {"id": post}

    def published_posts(
        self, request: Request, parameters: Mapping[str, str], page: str
    ) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/page/published_posts"""
        self._check_page(request, page)
        limit = min(_whole_number(parameters, "limit", 25), LARGEST_PAGE)
        if limit < 1:
            raise invalid_parameter("Param limit must be a positive number")
        asked = _fields(parameters, DEFAULT_POST_FIELDS)
        indexed = datetime.now(UTC) - request.index_lag
        posts = self.store.posts(
            self.name,
            since=_moment(parameters, "since"),
            until=min(_moment(parameters, "until") or indexed, indexed),
            before=_cursor_number(parameters.get("after", "")),
            limit=limit + 1,
        )
        shown = posts[:limit]
        data = [_select(self._post_node(request, post), POST_FIELDS, asked) for post in shown]
        if not data:
            return {"data": []}
        paging: dict[str, Any] = {
            "cursors": {"before": _cursor(shown[0].number), "after": _cursor(shown[-1].number)}
        }
        if len(posts) > limit:
            following = {**parameters, "after": paging["cursors"]["after"]}
            paging["next"] = f"{request.base_url}?{urlencode(following)}"
        return {"data": data, "paging": paging}

    def read(self, request: Request, parameters: Mapping[str, str], node: str) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/page"""
        if node in ("me", self._page_id):
            page = {"id": self._page_id, "name": PAGE_NAME}
            return _select(page, NODE_FIELDS, _fields(parameters, "id,name"))
        post = self._post_node(request, self._post(request, node))
        return _select(post, POST_FIELDS, _fields(parameters, DEFAULT_POST_FIELDS))

    def edit(self, request: Request, parameters: Mapping[str, str], node: str) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/page-post#updating"""
        with self.store.lock:
            post = self._post(request, node)
            if "link" in parameters:
                raise invalid_parameter("The link of a post cannot be changed")
            message = parameters.get("message", "")
            if not message and not post.link:
                raise invalid_parameter("Missing message or attachment")
            _check_message(message)
            sent = {name: value for name, value in parameters.items() if name not in _SECRETS}
            self.store.record(
                self.name, Action.EDIT, node, text=message, link=post.link, request=sent
            )
        return {"success": True}

    def delete(
        self, request: Request, parameters: Mapping[str, str], node: str
    ) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/page-post#deleting"""
        with self.store.lock:
            self._post(request, node)
            self.store.record(self.name, Action.DELETE, node)
        return {"success": True}

    def page(self, request: Request) -> Response:
        return self._pages.render(
            "facebook_timeline.html",
            root=self.prefix,
            name=PAGE_NAME,
            posts=[_shown(post) for post in self.store.posts(self.name, limit=100)],
        )

    def permalink(self, request: Request, post: str) -> Response:
        return redirect(f"{self.prefix}/#post-{post}")

    def _check_page(self, request: Request, page: str) -> None:
        if page not in ("me", self._page_id):
            raise no_such_object(request.method, page)

    def _post(self, request: Request, post_id: str) -> Accepted:
        post = self.store.post(self.name, post_id)
        if post is None:
            raise no_such_object(request.method, post_id)
        return post

    def _post_node(self, request: Request, post: Accepted) -> Mapping[str, Any]:
        node: dict[str, Any] = {
            "id": post.remote_id,
            "created_time": post.accepted_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "permalink_url": f"{request.host_url.rstrip('/')}{self.prefix}/{post.remote_id}",
            "is_published": post.action is Action.PUBLISH,
            "from": {"id": self._page_id, "name": PAGE_NAME},
        }
        if post.text:
            node["message"] = post.text
        if post.link:
            attachment = {
                "title": LinkCard.of(post.link).title,
                "type": "share",
                "unshimmed_url": post.link,
                "url": "https://l.facebook.com/l.php?" + urlencode({"u": post.link}),
            }
            node["attachments"] = {"data": [attachment]}
        return node

    def _too_many_calls(self, minutes: int) -> Response:
        response = GraphError("(#32) Page request limit reached", 32, status=403).response()
        usage = {
            "type": "pages",
            "call_count": 100,
            "total_cputime": 25,
            "total_time": 25,
            "estimated_time_to_regain_access": minutes,
        }
        response.headers["X-Business-Use-Case-Usage"] = json.dumps({self._page_id: [usage]})
        return response


_SECRETS = ("access_token", "appsecret_proof")


def _parameters(request: Request) -> dict[str, str]:
    """The call's parameters, which Graph takes from the query, a form or a JSON object."""
    parameters = dict(request.args.items())
    if request.mimetype == "application/json":
        try:
            body = json.loads(request.get_data())
        except (ValueError, RecursionError):
            raise invalid_parameter("The body is not valid JSON") from None
        if not isinstance(body, dict):
            raise invalid_parameter("The body must be a JSON object")
        for name, value in body.items():
            parameters[name] = value if isinstance(value, str) else json.dumps(value)
    else:
        parameters.update(request.form.items())
    try:
        json.dumps(parameters, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise invalid_parameter("Param is not valid UTF-8") from None
    return parameters


def _authenticate(request: Request, parameters: Mapping[str, str]) -> None:
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    token = parameters.get("access_token") or (bearer if scheme in ("Bearer", "OAuth") else "")
    if not token:
        raise GraphError("An access token is required to request this resource.", 104)
    if token != SANDBOX_CREDENTIALS["page_access_token"]:
        raise GraphError("Invalid OAuth access token - Cannot parse access token", 190)
    proof = parameters.get("appsecret_proof")
    right = hmac.new(
        SANDBOX_CREDENTIALS["app_secret"].encode(), token.encode(), hashlib.sha256
    ).hexdigest()
    if proof is not None and proof != right:
        raise GraphError(
            "Invalid appsecret_proof provided in the API argument", 100, kind="GraphMethodException"
        )


def _check_message(message: str) -> None:
    if len(message) > LONGEST_MESSAGE:
        raise invalid_parameter(f"Param message must be at most {LONGEST_MESSAGE} characters")


def _check_link(link: str) -> None:
    try:
        parts = urlsplit(link)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if link and (not good or re.search(r"\s", link)):
        raise GraphError(
            "(#100) link URL is not properly formatted",
            100,
            subcode=1500,
            title="The url you supplied is invalid",
            explanation="The url you supplied is invalid",
        )


def _is_published(parameters: Mapping[str, str]) -> bool:
    published = parameters.get("published", "true").lower()
    if published not in ("true", "false", "1", "0"):
        raise invalid_parameter("Param published must be a boolean")
    if "scheduled_publish_time" in parameters:
        if published in ("true", "1"):
            raise invalid_parameter(
                "You cannot specify a scheduled publish time on a published post"
            )
        wait = (
            _whole_number(parameters, "scheduled_publish_time", 0) - datetime.now(UTC).timestamp()
        )
        if math.ceil(wait) not in SCHEDULE_SECONDS:
            raise invalid_parameter("The specified scheduled publish time is invalid.")
    return published in ("true", "1")


def _whole_number(parameters: Mapping[str, str], name: str, default: int) -> int:
    asked = parameters.get(name, str(default))
    if not re.fullmatch(r"-?[0-9]{1,12}", asked):
        raise invalid_parameter(f"Param {name} must be an integer")
    return int(asked)


def _moment(parameters: Mapping[str, str], name: str) -> datetime | None:
    """A Unix time, or an ISO 8601 date or time (UTC if it says nothing else)."""
    asked = parameters.get(name)
    if not asked:
        return None
    try:
        if re.fullmatch(r"[0-9]{1,12}", asked):
            return datetime.fromtimestamp(int(asked), UTC)
        moment = datetime.fromisoformat(asked)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise invalid_parameter(f"Param {name} must be a valid time") from None


def _fields(parameters: Mapping[str, str], default: str) -> Fields:
    try:
        return parse_fields(parameters.get("fields") or default)
    except UnreadableFields as problem:
        raise GraphError(f"{problem} in the field expansion", 2500) from problem


def _select(node: Mapping[str, Any], known: Fields, asked: Fields) -> Mapping[str, Any]:
    try:
        return select(node, known, asked)
    except UnknownField as problem:
        raise invalid_parameter(f"Tried accessing nonexisting field ({problem.name})") from problem


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(f"post:{number}".encode()).decode()


def _cursor_number(cursor: str) -> int | None:
    if not cursor:
        return None
    try:
        kind, _, number = base64.urlsafe_b64decode(cursor).decode().partition(":")
        if kind == "post" and re.fullmatch("[0-9]{1,18}", number):
            return int(number)
    except ValueError:
        pass
    raise invalid_parameter("Invalid cursor provided")


def _shown(post: Accepted) -> Mapping[str, object]:
    return {
        "id": post.remote_id,
        "at": post.accepted_at,
        "pieces": list(text_and_links(post.text)),
        "card": LinkCard.of(post.link) if post.link else None,
    }


def _json(body: Mapping[str, Any], status: int = 200) -> Response:
    response = Response(
        json.dumps(body, separators=(",", ":")),
        status=status,
        content_type="application/json; charset=UTF-8",
    )
    response.headers["facebook-api-version"] = VERSION
    return response
