"""A server that behaves like the X API v2, for trying things out and for tests.

Follows X's OpenAPI description 2.167 and answers that third parties have logged. What X would
refuse to a self-serve account (quotes, edits, replies to others, media it never uploaded) is
refused here.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from syndicator.channels.sandbox.base import Request, Route, SandboxPlatform, Surroundings
from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.http_faults import HTTP_FAULTS
from syndicator.channels.sandbox.links import LinkCard
from syndicator.channels.sandbox.oauth1 import SignatureCheck
from syndicator.channels.sandbox.pages import Pages
from syndicator.channels.sandbox.store import Accepted, Action
from syndicator.channels.sandbox.windows import Window
from syndicator.channels.x.sandbox_answers import (
    ApiProblem,
    duplicate,
    forbidden,
    invalid_request,
    json_answer,
    no_credits,
    not_found,
    plain_problem,
    rate_limit_headers,
)
from syndicator.channels.x.sandbox_media import MediaRefused, MediaShelf
from syndicator.channels.x.sandbox_oauth2 import (
    CLIENT_ID,
    CLIENT_SECRET,
    Asked,
    GrantRefused,
    TokenBook,
)
from syndicator.channels.x.sandbox_requests import json_object, post_fields, timeline_query
from syndicator.channels.x.sandbox_tweets import replied_to, shorten, tweet_json

USER_ID = "2244994945"
USER_NAME = "Sandbox Newsroom"
USER_HANDLE = "sandbox_newsroom"

#: The test account, by the X channel's setting names.
SANDBOX_CREDENTIALS: Mapping[str, str] = {
    "consumer_key": "sandbox-consumer-key",
    "consumer_secret": "sandbox-consumer-secret",
    "access_token": f"{USER_ID}-sandbox-access-token",
    "access_token_secret": "sandbox-access-token-secret",
    # For trying the sign-in by OAuth 2.
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
}
#: The same account's OAuth 2 user token, for clients without OAuth 1.0a.
SANDBOX_BEARER_TOKEN = "sandbox-bearer-token"  # noqa: S105 - public on purpose

WINDOW_SECONDS = 15 * 60
POST_LIMIT = 100
LOOK_UP_LIMIT = 900
DELETE_LIMIT = 50
MEDIA_LIMIT = 500
#: The account's picture: one green pixel.
AVATAR = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M/wHwAEBgIApD5fRAAAAABJRU5ErkJggg=="
)
SCOPE_MEANINGS = {
    "tweet.read": "See all the posts you can see",
    "tweet.write": "Post and delete posts for you",
    "users.read": "See your account's name and picture",
    "media.write": "Upload pictures for you",
    "offline.access": "Stay connected until you revoke its access",
}

SNOWFLAKE_EPOCH_MS = 1288834974657


class XSandbox(SandboxPlatform):
    """X with one account.

    *post_limit* is how many posts fit in 15 minutes; *index_lag* how long a new post stays
    missing from look-ups.
    """

    name = "x"
    label = "X"
    prefix = "/x"
    credentials = SANDBOX_CREDENTIALS
    fault_labels = {**HTTP_FAULTS, "402": "The account has no credits left"}

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        post_limit: int | None = None,
        index_lag: timedelta = timedelta(0),
    ) -> None:
        self._post_limit = post_limit or round(POST_LIMIT * surroundings.generosity)
        self._index_lag = index_lag
        self._pages = Pages(Path(__file__).parent / "sandbox_templates")
        self._signatures = SignatureCheck(
            consumer_key=SANDBOX_CREDENTIALS["consumer_key"],
            consumer_secret=SANDBOX_CREDENTIALS["consumer_secret"],
            token=SANDBOX_CREDENTIALS["access_token"],
            token_secret=SANDBOX_CREDENTIALS["access_token_secret"],
        )
        super().__init__(surroundings)
        self._tokens = TokenBook(self.store, self.name)
        self._media = MediaShelf(self.store, self.name, self._next_id)

    def routes(self) -> Sequence[Route]:
        post, look_up, me, delete, media = (
            Window(limit, WINDOW_SECONDS)
            for limit in (self._post_limit, LOOK_UP_LIMIT, LOOK_UP_LIMIT, DELETE_LIMIT, MEDIA_LIMIT)
        )
        upload = "/2/media/upload"
        return (
            self._api("POST", upload, self.upload, Call.OTHER, media),
            self._api("GET", upload, self.upload_status, Call.OTHER, media),
            self._api("POST", f"{upload}/initialize", self.begin_upload, Call.OTHER, media),
            self._api("POST", f"{upload}/<media>/append", self.append, Call.OTHER, media),
            self._api("POST", f"{upload}/<media>/finalize", self.finish_upload, Call.OTHER, media),
            self._api("POST", "/2/media/metadata", self.describe, Call.OTHER, media),
            Route("POST", "/2/oauth2/token", self.token, Call.OTHER),
            Route("GET", "/i/oauth2/authorize", self.authorise),
            Route("POST", "/i/oauth2/authorize", self.authorise),
            Route("GET", "/media/<media>", self.picture),
            Route("GET", "/avatar.png", self.avatar),
            self._api("POST", "/2/tweets", self.create, Call.PUBLISH, post),
            self._api("GET", "/2/users/<user>/tweets", self.timeline, Call.LOOK_UP, look_up),
            self._api("GET", "/2/users/me", self.me, Call.OTHER, me),
            self._api("DELETE", "/2/tweets/<tweet>", self.delete, Call.OTHER, delete),
            Route("GET", "/", self.page),
            Route("GET", "/<handle>/status/<tweet>", self.permalink),
            Route("GET", "/i/web/status/<tweet>", self.permalink),
        )

    def _api(
        self,
        method: str,
        path: str,
        handler: Callable[..., Mapping[str, Any]],
        call: Call,
        window: Window,
    ) -> Route:
        def limited(request: Request, **captured: str) -> Response:
            spent = window.spend()
            headers = rate_limit_headers(window.limit, spent.remaining, spent.reset)
            try:
                self._authenticate(request, _scope_for(path))
                if not spent.allowed:
                    raise plain_problem(429, "Too Many Requests")
                body = handler(request, **captured)
            except ApiProblem as problem:
                return problem.response(headers)
            return json_answer(body, 201 if call is Call.PUBLISH else 200, headers)

        return Route(method, path, limited, call)

    def refuse(self, fault: Fault) -> Response:
        match fault.name:
            case "429":
                reset = time.time() + fault.seconds + 1
                headers = rate_limit_headers(self._post_limit, 0, reset)
                return plain_problem(429, "Too Many Requests").response(headers)
            case "429-without-reset":
                return plain_problem(429, "Too Many Requests").response()
            case "401":
                return plain_problem(401, "Unauthorized").response()
            case "402":
                return no_credits().response()
            case "duplicate":
                return duplicate().response()
            case _:
                return plain_problem(503, "Service Unavailable").response()

    def unanswerable(self, request: Request, problem: HTTPException) -> Response:
        return plain_problem(problem.code or 404, problem.name).response()

    def create(self, request: Request) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/posts/create-post"""
        fields = post_fields(request)
        text = fields["text"]
        with self.store.lock:
            replied_to = fields.get("reply", {}).get("in_reply_to_tweet_id")
            if replied_to is not None and self.store.post(self.name, replied_to) is None:
                raise forbidden(
                    "You attempted to reply to a Tweet that is deleted or not visible to you."
                )
            _taken(lambda: self._media.check_usable(fields.get("media", {}).get("media_ids", ())))
            if self.store.has_post_with_text(self.name, text):
                raise duplicate()
            tweet = self._next_id()
            shortened = shorten(tweet, text)
            self.store.record(
                self.name, Action.PUBLISH, tweet, text=text, link=shortened.card, request=fields
            )
        data = {"id": tweet, "text": shortened.text, "edit_history_tweet_ids": [tweet]}
        return {"data": data}

    def timeline(self, request: Request, user: str) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/users/get-posts"""
        query = timeline_query(request)
        if user != USER_ID:
            return {"errors": [not_found("user", user)]}
        posts = self.store.posts(
            self.name,
            since=query.start_time,
            until=datetime.now(UTC) - max(self._index_lag, request.index_lag),
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
            meta["next_token"] = f"before-{page[-1].number}"
        data = [tweet_json(post, USER_ID, self._conversation(post), query.fields) for post in page]
        return {"data": data, "meta": meta}

    def _conversation(self, post: Accepted) -> str:
        """The id of the post that began the conversation *post* is in."""
        while (before := replied_to(post)) and (found := self.store.post(self.name, before)):
            post = found
        return before or post.remote_id

    def me(self, request: Request) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/users/get-my-user"""
        data = {"id": USER_ID, "name": USER_NAME, "username": USER_HANDLE}
        if "profile_image_url" in request.args.get("user.fields", "").split(","):
            data["profile_image_url"] = f"{request.host_url.rstrip('/')}{self.prefix}/avatar.png"
        return {"data": data}

    def upload(self, request: Request) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/media/upload-media"""
        category, file = request.form.get("media_category", ""), request.files.get("media")
        if file is None:
            raise invalid_request("$.media: is missing but it is required")
        return {"data": _taken(lambda: self._media.take_whole(category, file.read()))}

    def begin_upload(self, request: Request) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/media/initialize-media-upload"""
        fields = json_object(request)
        total = fields.get("total_bytes")
        if type(total) is not int:
            raise invalid_request("$.total_bytes: integer expected")
        category, kind = str(fields.get("media_category")), str(fields.get("media_type"))
        return {"data": _taken(lambda: self._media.begin(category, kind, total))}

    def append(self, request: Request, media: str) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/media/append-media-upload"""
        index, file = request.form.get("segment_index", ""), request.files.get("media")
        if file is None or not re.fullmatch(r"[0-9]{1,3}", index):
            raise invalid_request("$.segment_index: does not match the schema")
        _taken(lambda: self._media.append(media, int(index), file.read()))
        return {"data": {"expires_at": int(time.time()) + 3600}}

    def finish_upload(self, request: Request, media: str) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/media/finalize-media-upload"""
        return {"data": _taken(lambda: self._media.finish(media))}

    def upload_status(self, request: Request) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/media/get-media-upload-status"""
        media = request.args.get("media_id", "")
        return {"data": _taken(lambda: self._media.status(media))}

    def describe(self, request: Request) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/media/create-media-metadata"""
        fields = json_object(request)
        try:
            media, alt = str(fields["id"]), str(fields["metadata"]["alt_text"]["text"])
        except (KeyError, TypeError):
            raise invalid_request("$.metadata: does not match the schema") from None
        _taken(lambda: self._media.describe(media, alt))
        return {"data": {"id": media, "associated_metadata": fields["metadata"]}}

    def authorise(self, request: Request) -> Response:
        """The page on which an account's owner lets an app in."""
        asked = Asked.of(request.args)
        if request.method == "POST" and not asked.problem:
            if request.form.get("answer") == "allow":
                return redirect(self._tokens.allow(asked))
            return redirect(f"{asked.redirect_uri}?error=access_denied&state={asked.state}")
        return self._pages.render(
            "x_authorise.html",
            root=self.prefix,
            name=USER_NAME,
            handle=USER_HANDLE,
            leads_to="" if asked.problem else asked.redirect_uri,
            asked=asked,
            meanings=SCOPE_MEANINGS,
        )

    def token(self, request: Request) -> Response:
        """https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code"""
        sent = request.authorization
        basic = (
            (sent.username or "", sent.password or "") if sent and sent.type == "basic" else None
        )
        try:
            return json_answer(self._tokens.grant(request.form, basic), 200)
        except GrantRefused as refused:
            error, description = refused.args
            status = 401 if error == "invalid_client" else 400
            return json_answer({"error": error, "error_description": description}, status)

    def picture(self, request: Request, media: str) -> Response:
        found = self._media.file(media)
        if found is None:
            return Response("404 Not Found\n", status=404)
        return Response(found[1], content_type=found[0])

    def avatar(self, request: Request) -> Response:
        return Response(AVATAR, content_type="image/png")

    def delete(self, request: Request, tweet: str) -> Mapping[str, Any]:
        """https://docs.x.com/x-api/posts/delete-post"""
        with self.store.lock:
            if self.store.post(self.name, tweet) is None:
                raise ApiProblem(404, {**not_found("tweet", tweet), "status": 404})
            self.store.record(self.name, Action.DELETE, tweet)
        return {"data": {"deleted": True}}

    def page(self, request: Request) -> Response:
        return self._pages.render(
            "x_timeline.html",
            root=self.prefix,
            name=USER_NAME,
            handle=USER_HANDLE,
            posts=[self._shown(post) for post in self.store.posts(self.name, limit=100)],
        )

    def permalink(self, request: Request, tweet: str, handle: str = "") -> Response:
        return redirect(f"{self.prefix}/#post-{tweet}")

    def _authenticate(self, request: Request, scope: str) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            if not self._signatures.is_signed(request):
                raise plain_problem(401, "Unauthorized")
        elif token != SANDBOX_BEARER_TOKEN:
            scopes = self._tokens.scopes_of(token)
            if scopes is None:
                raise plain_problem(401, "Unauthorized")
            if scope not in scopes:
                raise plain_problem(403, "Forbidden")

    def _shown(self, post: Accepted) -> Mapping[str, object]:
        """A post as X shows it: short links in the text, and its pictures or a card below it."""
        media = post.request.get("media", {}).get("media_ids", ())
        return {
            "id": post.remote_id,
            "at": post.accepted_at,
            "pieces": shorten(post.remote_id, post.text).pieces,
            "answers": replied_to(post),
            "pictures": [self._media.shown(one) for one in media],
            "card": LinkCard.of(post.link) if post.link and not media else None,
        }

    def _next_id(self) -> str:
        """A snowflake: the time in milliseconds in the upper bits, above every id before it."""
        timed = (int(time.time() * 1000) - SNOWFLAKE_EPOCH_MS) << 22
        return str(max(timed, int(self.store.last_remote_id(self.name) or 0) + 1))


def _taken(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except MediaRefused as refused:
        raise invalid_request(str(refused)) from None


def _scope_for(path: str) -> str:
    """The OAuth 2 scope that a call needs."""
    if path.startswith("/2/media"):
        return "media.write"
    if path.startswith("/2/tweets"):
        return "tweet.write"
    return "users.read" if path == "/2/users/me" else "tweet.read"
