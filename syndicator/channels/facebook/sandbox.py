"""A server that behaves like the Facebook Graph API v26.0 for one Page, and like its login.

For trying things out and for tests. Answers follow Meta's Graph API reference and error logs of
third parties. This module puts the parts together: which address does what, limits and faults.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from syndicator.channels.facebook import sandbox_answers as answers
from syndicator.channels.facebook.sandbox_answers import VERSION, GraphError, graph_json
from syndicator.channels.facebook.sandbox_comments import Comments
from syndicator.channels.facebook.sandbox_login import Login
from syndicator.channels.facebook.sandbox_parameters import GraphCall, read_parameters
from syndicator.channels.facebook.sandbox_photos import Photos
from syndicator.channels.facebook.sandbox_posts import Posts
from syndicator.channels.facebook.sandbox_timeline import Timeline
from syndicator.channels.facebook.sandbox_tokens import SANDBOX_CREDENTIALS, Tokens
from syndicator.channels.sandbox.base import Request, Route, SandboxPlatform, Surroundings
from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.http_faults import HTTP_FAULTS
from syndicator.channels.sandbox.pages import Pages
from syndicator.channels.sandbox.windows import Spent, Window

__all__ = ["PAGE_NAME", "SANDBOX_CREDENTIALS", "VERSION", "FacebookSandbox"]

PAGE_NAME = "Sandbox Newsroom"

#: The calls an app may make in an hour: 200 for each of its users, of whom it has 24.
CALL_LIMIT = 4800
WINDOW_SECONDS = 60 * 60

#: Switched on, it takes the permission to post away: posts are refused, and the inspection of the
#: token says so.
NO_PERMISSION = "permission"
REFUSALS: Mapping[str, Callable[[], GraphError]] = {
    "401": answers.revoked_token,
    "429-without-reset": lambda: GraphError(
        "(#4) Application request limit reached", 4, status=403
    ),
    "duplicate": lambda: GraphError("(#506) Duplicate status message", 506),
    NO_PERMISSION: answers.missing_permission,
    "spam-limit": answers.posting_too_much,
    "identity-check": answers.identity_check,
    "unreadable-link": answers.unreadable_link,
    "unreadable-picture": answers.unreadable_picture,
}
#: The faults that only Facebook has, and what each does.
FAULTS: Mapping[str, str] = {
    NO_PERMISSION: "The permission to post on the page was taken away",
    "spam-limit": "Says the page posts too much, and does not say for how long",
    "identity-check": "Asks a person to confirm their identity first",
    "unreadable-link": "Says it cannot read the linked page",
    "unreadable-picture": "Says it cannot read the picture",
}


class FacebookSandbox(SandboxPlatform):
    """One Facebook Page.

    *call_limit* is how many calls it takes in an hour; `X-App-Usage` tells what is used up of it.
    """

    name = "facebook"
    label = "Facebook"
    prefix = "/facebook"
    credentials = SANDBOX_CREDENTIALS
    fault_labels = {**HTTP_FAULTS, **FAULTS}

    def __init__(self, surroundings: Surroundings, *, call_limit: int | None = None) -> None:
        limit = call_limit or round(CALL_LIMIT * surroundings.generosity)
        self._window = Window(limit, WINDOW_SECONDS)
        self._tokens = Tokens()
        super().__init__(surroundings)

    def routes(self) -> Sequence[Route]:
        pages = Pages(Path(__file__).parent / "sandbox_templates")
        photos = Photos(self.store, self.name)
        posts = Posts(self.store, self.name, self.prefix, PAGE_NAME, photos)
        comments = Comments(self.store, self.name, PAGE_NAME, posts)
        timeline = Timeline(self.store, self.name, self.prefix, PAGE_NAME, photos, pages)
        login = Login(self._tokens, pages, PAGE_NAME, self._lacking)
        page, node = f"/{VERSION}/<page>", f"/{VERSION}/<node>"
        token = f"/{VERSION}/oauth/access_token"
        return (
            Route("GET", f"/{VERSION}/dialog/oauth", login.dialog),
            *(
                self._api(method, token, login.access_token, Call.OTHER, needs_token=False)
                for method in ("GET", "POST")
            ),
            self._api("GET", f"/{VERSION}/debug_token", login.debug_token, Call.OTHER),
            self._api("GET", f"/{VERSION}/me/accounts", login.accounts, Call.OTHER),
            self._api("POST", f"{page}/feed", posts.publish, Call.PUBLISH),
            self._api("POST", f"{page}/photos", posts.upload_photo, Call.PUBLISH),
            self._api("POST", f"{node}/comments", comments.write, Call.PUBLISH),
            self._api("GET", f"{node}/comments", comments.read, Call.LOOK_UP),
            self._api("GET", f"{page}/published_posts", posts.published_posts, Call.LOOK_UP),
            self._api("GET", node, posts.read, Call.OTHER),
            self._api("POST", node, posts.edit, Call.OTHER),
            self._api("DELETE", node, posts.delete, Call.OTHER),
            Route("GET", "/", timeline.page),
            Route("GET", "/picture.png", timeline.picture),
            Route("GET", "/photos/<photo>", timeline.photo),
            Route("GET", "/<post>", timeline.permalink),
        )

    def _api(
        self,
        method: str,
        path: str,
        handler: Callable[..., Mapping[str, Any]],
        call: Call,
        *,
        needs_token: bool = True,
    ) -> Route:
        def answer(request: Request, **captured: str) -> Response:
            spent = self._window.spend()
            try:
                parameters = read_parameters(request)
                holder = self._tokens.authenticate(request, parameters) if needs_token else None
                if spent.allowed:
                    asked = GraphCall(request, parameters, holder)
                    response = graph_json(handler(asked, **captured))
                else:
                    minutes = math.ceil((spent.reset - time.time()) / 60)
                    response = self._too_many_calls(minutes)
            except GraphError as error:
                response = error.response()
            self._tell_usage(response, spent)
            return response

        return Route(method, path, answer, call)

    def respond(self, request: Request, route: Route, captured: Mapping[str, str]) -> Response:
        if route.call is Call.OTHER and request.method == "GET":
            waiting = self.faults.waiting(self.name)
            fault = next((one for one in waiting if one.hits(Call.OTHER)), None)
            if fault and fault.name == NO_PERMISSION:
                # Reading about the page and its token needs no permission to post.
                return route.handler(request, **captured)
        return super().respond(request, route, captured)

    def refuse(self, fault: Fault) -> Response:
        if fault.name == "429":
            return self._too_many_calls(math.ceil(fault.seconds / 60))
        return REFUSALS.get(fault.name, answers.server_error)().response()

    def unanswerable(self, request: Request, problem: HTTPException) -> Response:
        if problem.code != 404:
            return GraphError(problem.name, 100, status=problem.code or 400).response()
        path = request.path.removeprefix(self.prefix)
        return GraphError(f"Unknown path components: {path}", 2500).response()

    def _lacking(self) -> frozenset[str]:
        """The permissions that a fault has taken away."""
        is_gone = any(fault.name == NO_PERMISSION for fault in self.faults.waiting(self.name))
        return frozenset({"pages_manage_posts"} if is_gone else ())

    def _tell_usage(self, response: Response, spent: Spent) -> None:
        limit = self._window.limit
        share = 100 * (limit - spent.remaining) // limit
        usage = {"call_count": share, "total_time": 0, "total_cputime": 0}
        response.headers["X-App-Usage"] = json.dumps(usage)
        if "X-Business-Use-Case-Usage" not in response.headers:
            self._tell_use_case(response, {**usage, "estimated_time_to_regain_access": 0})

    def _too_many_calls(self, minutes: int) -> Response:
        response = GraphError("(#32) Page request limit reached", 32, status=403).response()
        usage = {"call_count": 100, "total_cputime": 25, "total_time": 25}
        self._tell_use_case(response, {**usage, "estimated_time_to_regain_access": minutes})
        return response

    def _tell_use_case(self, response: Response, usage: Mapping[str, int]) -> None:
        told = {SANDBOX_CREDENTIALS["page_id"]: [{"type": "pages", **usage}]}
        response.headers["X-Business-Use-Case-Usage"] = json.dumps(told)
