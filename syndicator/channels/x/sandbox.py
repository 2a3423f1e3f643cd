"""A server that behaves like the X API v2, for trying things out and for tests.

Follows X's OpenAPI description 2.167 and the answers third parties have logged. Where an account
of ours would be refused for its plan (quotes, edits, uploads it never made), so it is here.
"""

from __future__ import annotations

import hashlib
import json
import re
import string
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

from oauthlib.oauth1 import (  # type: ignore[import-untyped]
    SIGNATURE_HMAC_SHA1,
    RequestValidator,
    ResourceEndpoint,
)
from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.links import Link, LinkCard, find_links, text_and_links
from syndicator.channels.sandbox.pages import Pages
from syndicator.channels.sandbox.platform import Request, Route, SandboxPlatform, Surroundings
from syndicator.channels.sandbox.store import Accepted, Action
from syndicator.channels.x.weighted_length import weighted_length

USER_ID = "2244994945"
USER_NAME = "Sandbox Newsroom"
USER_HANDLE = "sandbox_newsroom"

#: The test account, by the X channel's setting names.
SANDBOX_CREDENTIALS: Mapping[str, str] = {
    "consumer_key": "sandboxconsumerkey0000000",
    "consumer_secret": "sandbox-consumer-secret-of-no-value",
    "access_token": f"{USER_ID}-sandboxaccesstoken",
    "access_token_secret": "sandbox-access-token-secret-of-no-value",
}
#: The same account's OAuth 2 user token, for clients that have no OAuth 1.0a.
SANDBOX_BEARER_TOKEN = "sandbox-bearer-token-of-no-value"

LONGEST_TEXT = 280
WINDOW = timedelta(minutes=15)
LOOK_UP_LIMIT = 900
DELETE_LIMIT = 50

PROBLEMS = "https://api.twitter.com/2/problems/"
TWEET_FIELDS = {"id", "text", "edit_history_tweet_ids", "created_at", "entities", "author_id"}
TIMELINE_PARAMETERS = {
    "max_results",
    "start_time",
    "end_time",
    "pagination_token",
    "tweet.fields",
}

_EPOCH_MS = 1288834974657
_BASE62 = string.digits + string.ascii_letters
_INVALID_CHARACTERS = re.compile("[\ufffe\ufeff\uffff]")


class ApiProblem(Exception):
    """A refusal with X's problem body (RFC 9457)."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(body.get("title"))
        self.status = status
        self.body = body

    @classmethod
    def plain(cls, status: int, title: str, detail: str = "") -> ApiProblem:
        body = {"title": title, "type": "about:blank", "status": status, "detail": detail or title}
        return cls(status, body)

    @classmethod
    def invalid(cls, message: str, **parameters: str) -> ApiProblem:
        error = {"parameters": {name: [value] for name, value in parameters.items()}}
        body = {
            "errors": [{**error, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": PROBLEMS + "invalid-request",
        }
        return cls(400, body)


class RateLimit:
    """One window of calls for one kind of request, as X's `x-rate-limit-*` headers tell it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._remaining = limit
        self._reset = 0.0

    def spend(self) -> tuple[bool, dict[str, str]]:
        """Whether one more call is allowed, and the headers that say so."""
        with self._lock:
            now = time.time()
            if now >= self._reset:
                self._remaining, self._reset = self._limit, now + WINDOW.total_seconds()
            allowed = self._remaining > 0
            self._remaining -= allowed
            return allowed, rate_limit_headers(self._limit, self._remaining, self._reset)


def rate_limit_headers(limit: int, remaining: int, reset: float) -> dict[str, str]:
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": str(remaining),
        "x-rate-limit-reset": str(int(reset)),
    }


class _SandboxAccount(RequestValidator):  # type: ignore[misc]
    """What oauthlib asks to verify a signature (RFC 5849): one app, one account, fresh nonces."""

    enforce_ssl = False
    timestamp_lifetime = 300
    allowed_signature_methods = (SIGNATURE_HMAC_SHA1,)
    dummy_client = dummy_access_token = "nobody"

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._nonces: dict[tuple[str, str], float] = {}

    def check_client_key(self, client_key: str) -> bool:
        return bool(client_key)

    def check_access_token(self, request_token: str) -> bool:
        return bool(request_token)

    def check_nonce(self, nonce: str) -> bool:
        return bool(nonce)

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: str, nonce: str, request: object, **tokens: str | None
    ) -> bool:
        with self._lock:
            now = time.time()
            oldest = now - 2 * self.timestamp_lifetime
            self._nonces = {used: at for used, at in self._nonces.items() if at > oldest}
            if (timestamp, nonce) in self._nonces:
                return False
            self._nonces[timestamp, nonce] = now
            return True

    def validate_client_key(self, client_key: str, request: object) -> bool:
        return client_key == SANDBOX_CREDENTIALS["consumer_key"]

    def validate_access_token(self, client_key: str, token: str, request: object) -> bool:
        return token == SANDBOX_CREDENTIALS["access_token"]

    def validate_realms(self, *args: object, **kwargs: object) -> bool:
        return True

    def get_client_secret(self, client_key: str, request: object) -> str:
        return SANDBOX_CREDENTIALS["consumer_secret"]

    def get_access_token_secret(self, client_key: str, token: str, request: object) -> str:
        return SANDBOX_CREDENTIALS["access_token_secret"]


@dataclass(frozen=True, slots=True)
class ShortLink:
    """A link as X keeps it: *short* in the text, *shown* to readers, *url* where it leads."""

    short: str
    shown: str
    url: str


class XSandbox(SandboxPlatform):
    """X for one account.

    *post_limit* is how many posts fit in 15 minutes; *index_lag* how long a new post stays
    missing from look-ups.
    """

    name = "x"
    label = "X"
    prefix = "/x"
    credentials = SANDBOX_CREDENTIALS
    fault_labels = {**SandboxPlatform.http_faults, "402": "The account has no credits left"}

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        post_limit: int = 100,
        index_lag: timedelta = timedelta(0),
    ) -> None:
        self._index_lag = index_lag
        self._post_limit = post_limit
        self._pages = Pages(Path(__file__).parent / "sandbox_templates")
        self._oauth = ResourceEndpoint(_SandboxAccount())
        super().__init__(surroundings)

    def routes(self) -> Sequence[Route]:
        look_up = RateLimit(LOOK_UP_LIMIT)
        return (
            self._api("POST", "/2/tweets", self.create, Call.PUBLISH, RateLimit(self._post_limit)),
            self._api("GET", "/2/users/<user>/tweets", self.timeline, Call.LOOK_UP, look_up),
            self._api("GET", "/2/users/me", self.me, Call.OTHER, RateLimit(LOOK_UP_LIMIT)),
            self._api(
                "DELETE", "/2/tweets/<tweet>", self.delete, Call.OTHER, RateLimit(DELETE_LIMIT)
            ),
            Route("GET", "/", self.page),
            Route("GET", "/<_handle>/status/<tweet>", self.permalink),
            Route("GET", "/i/web/status/<tweet>", self.permalink),
        )

    def _api(
        self,
        method: str,
        path: str,
        handler: Callable[..., Mapping[str, Any]],
        call: Call,
        limit: RateLimit,
    ) -> Route:
        def limited(request: Request, **captured: str) -> Response:
            allowed, headers = limit.spend()
            try:
                self._authenticate(request)
                if not allowed:
                    raise ApiProblem.plain(429, "Too Many Requests")
                body, status = handler(request, **captured), 201 if method == "POST" else 200
            except ApiProblem as problem:
                body, status = problem.body, problem.status
            return _json(body, status, headers)

        return Route(method, path, limited, call)

    def refuse(self, fault: Fault) -> Response:
        now = time.time()
        match fault.name:
            case "429":
                headers = rate_limit_headers(self._post_limit, 0, now + fault.seconds + 1)
                return _problem(ApiProblem.plain(429, "Too Many Requests"), headers)
            case "429-without-reset":
                return _problem(ApiProblem.plain(429, "Too Many Requests"))
            case "401":
                return _problem(ApiProblem.plain(401, "Unauthorized"))
            case "402":
                return _problem(_NO_CREDITS)
            case "duplicate":
                return _problem(_DUPLICATE)
            case _:
                return _problem(ApiProblem.plain(503, "Service Unavailable"))

    def unanswerable(self, request: Request, problem: HTTPException) -> Response:
        return _problem(ApiProblem.plain(problem.code or 404, problem.name))

    # The API

    def create(self, request: Request) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/posts/create-post"""
        fields = _tweet_fields(request)
        text = fields["text"]
        with self.store.lock:
            self._check_reply(fields.get("reply"))
            if any(post.text == text for post in self.store.posts(self.name)):
                raise _DUPLICATE
            tweet_id = self._next_id()
            link = next((found.url for found in find_links(text)), "")
            self.store.record(
                self.name, Action.PUBLISH, tweet_id, text=text, link=link, request=fields
            )
        shortened = _shortened(tweet_id, text)
        return {
            "data": {"id": tweet_id, "text": shortened.text, "edit_history_tweet_ids": [tweet_id]}
        }

    def timeline(self, request: Request, user: str) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/users/get-posts"""
        query = _TimelineQuery.of(request)
        if user != USER_ID:
            return {"errors": [_not_found("user", user)]}
        indexed = datetime.now(UTC) - self._index_lag
        until = min(query.end, indexed) if query.end else indexed
        posts = self.store.posts(
            self.name,
            since=query.start,
            until=until,
            before=query.before,
            limit=query.max_results + 1,
        )
        page = posts[: query.max_results]
        if not page:
            return {"meta": {"result_count": 0}}
        meta: dict[str, Any] = {
            "result_count": len(page),
            "newest_id": page[0].remote_id,
            "oldest_id": page[-1].remote_id,
        }
        if len(posts) > len(page):
            meta["next_token"] = f"7140dibdnow{page[-1].number:020d}"
        return {"data": [_tweet(post, query.fields) for post in page], "meta": meta}

    def me(self, request: Request) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/users/get-my-user"""
        return {"data": {"id": USER_ID, "name": USER_NAME, "username": USER_HANDLE}}

    def delete(self, request: Request, tweet: str) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/posts/delete-post"""
        with self.store.lock:
            if self.store.post(self.name, tweet) is None:
                raise ApiProblem(404, _not_found("tweet", tweet))
            self.store.record(self.name, Action.DELETE, tweet)
        return {"data": {"deleted": True}}

    def _authenticate(self, request: Request) -> None:
        authorization = request.headers.get("Authorization", "")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer" and token == SANDBOX_BEARER_TOKEN:
            return
        if scheme.lower() == "oauth" and self._is_signed(request):
            return
        raise ApiProblem.plain(401, "Unauthorized")

    def _is_signed(self, request: Request) -> bool:
        try:
            valid, _ = self._oauth.validate_protected_resource_request(
                request.address, request.method, headers=dict(request.headers)
            )
        except ValueError:  # oauthlib's answer to a query or header it cannot take apart
            return False
        return bool(valid)

    def _check_reply(self, reply: Mapping[str, Any] | None) -> None:
        if reply and self.store.post(self.name, reply["in_reply_to_tweet_id"]) is None:
            raise ApiProblem.plain(
                403,
                "Forbidden",
                "You attempted to reply to a Tweet that is deleted or not visible to you.",
            )

    def _next_id(self) -> str:
        """A snowflake: the time in milliseconds in the upper bits, above every id before."""
        timed = (int(time.time() * 1000) - _EPOCH_MS) << 22
        return str(max(timed, int(self.store.last_remote_id(self.name) or 0) + 1))

    # The page

    def page(self, request: Request) -> Response:
        return self._pages.render(
            "x_timeline.html",
            name=USER_NAME,
            handle=USER_HANDLE,
            posts=[_shown(post) for post in self.store.posts(self.name, limit=100)],
        )

    def permalink(self, request: Request, tweet: str, _handle: str = "") -> Response:
        return redirect(f"{self.prefix}/#post-{tweet}")


_DUPLICATE = ApiProblem.plain(
    403, "Forbidden", "You are not allowed to create a Tweet with duplicate content."
)
_NO_CREDITS = ApiProblem(
    402,
    {
        "title": "CreditsDepleted",
        "type": "https://api.x.com/2/problems/credits",
        "detail": "Your enrolled account does not have any credits to fulfill this request.",
    },
)
