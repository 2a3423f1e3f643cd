"""A server that behaves like Mastodon 4.5 with one account, for trying things out and for tests.

Follows docs.joinmastodon.org and Mastodon's own sources (controllers, validators, rack_attack.rb).
"""

from __future__ import annotations

import contextlib
import re
import struct
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from syndicator.channels.mastodon.countable_length import LINK_LENGTH, countable_length
from syndicator.channels.mastodon.sandbox_answers import (
    ApiError,
    fields_of,
    invalid,
    json_response,
    no_such_original,
    not_found,
)
from syndicator.channels.mastodon.sandbox_oauth import OAuth, permits
from syndicator.channels.mastodon.sandbox_pictures import LONGEST_DESCRIPTION, Pictures
from syndicator.channels.mastodon.sandbox_statuses import (
    Media,
    Status,
    first_link,
    media_json,
    moment,
    pieces,
    status_json,
)
from syndicator.channels.sandbox.base import Request, Route, SandboxPlatform, Surroundings
from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.http_faults import HTTP_FAULTS
from syndicator.channels.sandbox.pages import CONTENT_SECURITY_POLICY, Pages, protect
from syndicator.channels.sandbox.store import Accepted, Action
from syndicator.channels.sandbox.windows import Window

VERSION = "4.5.0"
ACCOUNT_ID = "109302436954721982"
USER_NAME = "Sandbox Newsroom"
USER_HANDLE = "sandbox_newsroom"

#: The test account, by the Mastodon channel's setting names.
SANDBOX_CREDENTIALS: Mapping[str, str] = {
    "handle": f"@{USER_HANDLE}",
    "access_token": "sandbox-mastodon-token",
    "visibility": "public",
    "limit": "500",
}

LONGEST_TEXT = 500
MOST_MEDIA = 4
VISIBILITIES = ("public", "unlisted", "private", "direct")
PAGE_SIZE, LARGEST_PAGE = 20, 40
KEY_LIFETIME = timedelta(hours=1)
#: Calls and seconds: `rack_attack.rb`, and `RateLimiter::FAMILIES` for new posts.
CALLS, MEDIA, DELETIONS, POSTS = (300, 300), (30, 1800), (30, 1800), (300, 10_800)

FOLDER = Path(__file__).parent / "sandbox_templates"
#: A fault of its own: it hits uploads, whichever calls it was switched on for.
PROCESSING = "media-processing"
UPLOADS = "/api/v2/media"
_PROCESSING_SECONDS = "sandbox.processing_seconds"
_ID = re.compile(r"[0-9]{1,18}")


class _Call(NamedTuple):
    """What a call of the API needs and costs."""

    kind: Call = Call.OTHER
    scope: str = ""
    #: The limit that its answers tell; all calls are also counted together.
    window: Window | None = None


class MastodonSandbox(SandboxPlatform):
    """Mastodon with one account.

    *post_limit* is how many posts fit in three hours, *longest_text* what its posts hold;
    *version* is what it says of itself. A server that *forgets_keys* makes a post for each call.
    """

    name = "mastodon"
    label = "Mastodon"
    prefix = "/mastodon"
    credentials = SANDBOX_CREDENTIALS
    fault_labels = {
        **HTTP_FAULTS,
        "403": "The account is disabled",
        PROCESSING: "The next picture is worked on for a while",
    }

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        post_limit: int | None = None,
        longest_text: int = LONGEST_TEXT,
        version: str = VERSION,
        forgets_keys: bool = False,
    ) -> None:
        self._generosity = surroundings.generosity
        self._post_limit = post_limit or round(POSTS[0] * surroundings.generosity)
        self._longest_text = longest_text
        self._version = version
        self._forgets_keys = forgets_keys
        self._pages = Pages(FOLDER)
        self._calls = self._window(CALLS)
        super().__init__(surroundings)
        self._pictures = Pictures(self.store, self.name)
        self._oauth = OAuth(self.store, self.name, token=SANDBOX_CREDENTIALS["access_token"])

    def routes(self) -> Sequence[Route]:
        posts = Window(self._post_limit, POSTS[1])
        media, deletions = self._window(MEDIA), self._window(DELETIONS)
        publish = _Call(Call.PUBLISH, "write:statuses", posts)
        read, write = _Call(scope="read:statuses"), _Call(scope="write:statuses")
        picture, account = _Call(scope="write:media"), _Call(scope="read:accounts")
        upload = picture._replace(window=media)
        list_posts = read._replace(kind=Call.LOOK_UP)
        one, one_picture = "/api/v1/statuses/<status>", "/api/v1/media/<media>"
        return (
            self._api("POST", "/api/v1/statuses", self.create, publish),
            self._api("GET", one, self.read, read),
            self._api("PUT", one, self.edit, write),
            self._api("DELETE", one, self.delete, write._replace(window=deletions)),
            self._api("POST", UPLOADS, self.add_picture, upload),
            self._api("GET", one_picture, self.picture, picture),
            self._api("PUT", one_picture, self.describe_picture, picture),
            self._api("GET", "/api/v1/accounts/<account>/statuses", self.timeline, list_posts),
            self._api("GET", "/api/v1/accounts/verify_credentials", self.whoami, account),
            self._api("GET", "/api/v2/instance", self.instance, _Call()),
            self._api("POST", "/api/v1/apps", self.register, _Call()),
            self._api("POST", "/oauth/token", self.exchange, _Call()),
            Route("GET", "/oauth/authorize", self.ask_owner),
            Route("POST", "/oauth/authorize", self.owner_answers),
            Route("GET", "/", self.page),
            Route("GET", "/style.css", self.style),
            Route("GET", "/avatar.png", self.avatar),
            Route("GET", "/media/<media>", self.shown_picture),
            Route("GET", "/@<handle>", self.profile),
            Route("GET", "/@<handle>/<status>", self.permalink),
        )

    def respond(self, request: Request, route: Route, captured: Mapping[str, str]) -> Response:
        if route.path == UPLOADS:
            fault = self._processing_fault()
            request.environ[_PROCESSING_SECONDS] = fault.seconds if fault else 0.0
        elif route.call is not None:
            # A post without pictures, or any other call: nothing there to be worked on.
            self._processing_fault(route.call)
        return super().respond(request, route, captured)

    def refuse(self, fault: Fault) -> Response:
        match fault.name:
            case "429":
                reset = time.time() + fault.seconds
                return _too_many().response(_limit_headers(CALLS[0], 0, reset))
            case "429-without-reset":
                return _too_many().response()
            case "401":
                return ApiError(401, "The access token was revoked").response()
            case "403":
                return ApiError(403, "Your login is currently disabled").response()
            case "duplicate":
                return ApiError(422, "Duplicate record").response()
            case _:
                # Rails' static page, whatever was asked for.
                body = "<!DOCTYPE html><title>We're sorry, but something went wrong</title>"
                return Response(body, status=500, content_type="text/html; charset=utf-8")

    def unanswerable(self, request: Request, problem: HTTPException) -> Response:
        return not_found().response()

    def create(self, request: Request) -> object:
        """https://docs.joinmastodon.org/methods/statuses/#create"""
        fields, key = fields_of(request), request.headers.get("Idempotency-Key", "")
        with self.store.lock:
            known = None if self._forgets_keys else self._by_key(key)
            if known is None:
                self._check(fields, None)
                answered = str(fields.get("in_reply_to_id") or "")
                if answered and self.store.post(self.name, answered) is None:
                    raise no_such_original()
                post = self._next_id()
                self.store.record(
                    self.name,
                    Action.PUBLISH,
                    post,
                    text=_text(fields),
                    link=first_link(_text(fields)),
                    request={**fields, "idempotency_key": key},
                )
                known = post
            return self._json(request, self._status(known))

    def read(self, request: Request, status: str) -> object:
        """https://docs.joinmastodon.org/methods/statuses/#get"""
        return self._json(request, self._status(status))

    def edit(self, request: Request, status: str) -> object:
        """https://docs.joinmastodon.org/methods/statuses/#edit"""
        fields = fields_of(request)
        with self.store.lock:
            before = self._status(status)
            self._check(fields, before)
            for attributes in fields.get("media_attributes") or ():
                media = self._pictures.get(str(attributes.get("id")))
                if media and media in before.media:
                    self._pictures.describe(media, attributes)
            unchanged = (before.text, [one.id for one in before.media]) == (
                _text(fields),
                _media_ids(fields),
            )
            if not unchanged:
                self.store.record(
                    self.name, Action.EDIT, status, text=_text(fields), request=fields
                )
            return self._json(request, self._status(status))

    def delete(self, request: Request, status: str) -> object:
        """https://docs.joinmastodon.org/methods/statuses/#delete"""
        with self.store.lock:
            gone = self._status(status)
            self.store.record(self.name, Action.DELETE, status)
        return {**self._json(request, gone), "text": gone.text}

    def timeline(self, request: Request, account: str) -> object:
        """https://docs.joinmastodon.org/methods/accounts/#statuses"""
        if account != ACCOUNT_ID:
            raise not_found()
        asked = request.args
        limit = min(max(1, _number(asked.get("limit", "")) or PAGE_SIZE), LARGEST_PAGE)
        below, above = _number(asked.get("max_id", "")), _number(asked.get("since_id", ""))
        posts = [
            post
            for post in self.store.posts(self.name, until=datetime.now(UTC) - request.index_lag)
            if (below is None or int(post.remote_id) < below)
            and (above is None or int(post.remote_id) > above)
        ][:limit]
        edits = self._edits()
        shown = [self._json(request, self._shown(post, edits)) for post in posts]
        if not posts:
            return json_response(shown)
        here = f"{self._root(request)}/api/v1/accounts/{account}/statuses"
        rest = {name: value for name, value in asked.items() if name not in ("max_id", "min_id")}
        older = urlencode({**rest, "max_id": posts[-1].remote_id})
        newer = urlencode({**rest, "min_id": posts[0].remote_id})
        link = f'<{here}?{older}>; rel="next", <{here}?{newer}>; rel="prev"'
        return json_response(shown, headers={"Link": link})

    def add_picture(self, request: Request) -> object:
        """https://docs.joinmastodon.org/methods/media/#v2"""
        file = request.files.get("file")
        if file is None:
            raise invalid("File can't be blank")
        with contextlib.closing(file):
            content = file.read()
        seconds = float(request.environ[_PROCESSING_SECONDS])
        media = self._pictures.add(content, fields_of(request), seconds=seconds)
        body = media_json(media, self._root(request))
        return json_response(body, 200 if media.ready else 202)

    def picture(self, request: Request, media: str) -> object:
        """https://docs.joinmastodon.org/methods/media/#get"""
        found = self._picture(media)
        body = media_json(found, self._root(request))
        return json_response(body, 200 if found.ready else 206)

    def describe_picture(self, request: Request, media: str) -> object:
        """https://docs.joinmastodon.org/methods/media/#update"""
        described = self._pictures.describe(self._picture(media), fields_of(request))
        return media_json(described, self._root(request))

    def whoami(self, request: Request) -> object:
        """https://docs.joinmastodon.org/methods/accounts/#verify_credentials"""
        source = {"privacy": "public", "sensitive": False, "language": None, "note": ""}
        return {**self._account(request), "source": source}

    def instance(self, request: Request) -> object:
        """https://docs.joinmastodon.org/methods/instance/#v2"""
        return {
            "domain": request.host,
            "title": "Sandbox",
            "version": self._version,
            "languages": ["en"],
            "configuration": {
                "statuses": {
                    "max_characters": self._longest_text,
                    "max_media_attachments": MOST_MEDIA,
                    "characters_reserved_per_url": LINK_LENGTH,
                },
                "media_attachments": {"description_limit": LONGEST_DESCRIPTION},
            },
        }

    def register(self, request: Request) -> object:
        """https://docs.joinmastodon.org/methods/apps/#create"""
        return self._oauth.register(fields_of(request))

    def exchange(self, request: Request) -> object:
        """https://docs.joinmastodon.org/methods/oauth/#token"""
        return self._oauth.exchange(fields_of(request))

    def ask_owner(self, request: Request) -> Response:
        """https://docs.joinmastodon.org/methods/oauth/#authorize"""
        try:
            grant = self._oauth.grant(request.args)
        except ApiError as error:
            return error.response()
        response = self._pages.render(
            "mastodon_authorize.html",
            root=self.prefix,
            name=USER_NAME,
            handle=USER_HANDLE,
            grant=grant,
            asked=dict(request.args),
        )
        # Browsers also hold a form's redirects to this rule, and back is where this one goes.
        policy = CONTENT_SECURITY_POLICY.replace(
            "form-action 'self'", f"form-action 'self' {grant.origin}"
        )
        return protect(response, policy)

    def owner_answers(self, request: Request) -> Response:
        try:
            grant = self._oauth.grant(request.form)
        except ApiError as error:
            return error.response()
        if request.form.get("answer") != "authorise":
            refusal = "The resource owner or authorization server denied the request."
            return redirect(grant.back(error="access_denied", error_description=refusal), code=303)
        return redirect(grant.back(code=self._oauth.code(grant)), code=303)

    def page(self, request: Request) -> Response:
        edits = self._edits()
        statuses = [self._shown(post, edits) for post in self.store.posts(self.name, limit=100)]
        return self._pages.render(
            "mastodon_timeline.html",
            root=self.prefix,
            name=USER_NAME,
            handle=USER_HANDLE,
            statuses=[(status, list(pieces(status.text))) for status in statuses],
        )

    def style(self, request: Request) -> Response:
        content = (FOLDER / "mastodon.css").read_bytes()
        response = Response(content, content_type="text/css; charset=utf-8")
        return protect(response, CONTENT_SECURITY_POLICY)

    def avatar(self, request: Request) -> Response:
        return Response(_plain_png(40, (0x56, 0x3A, 0xCC)), content_type="image/png")

    def shown_picture(self, request: Request, media: str) -> Response:
        found = self._pictures.get(media)
        if found is None:
            return not_found().response()
        response = Response(self._pictures.content(media), content_type=found.media_type)
        return protect(response, CONTENT_SECURITY_POLICY)

    def profile(self, request: Request, handle: str) -> Response:
        return redirect(f"{self.prefix}/")

    def permalink(self, request: Request, handle: str, status: str) -> Response:
        return redirect(f"{self.prefix}/#post-{status}")

    def _api(self, method: str, path: str, handler: Callable[..., object], what: _Call) -> Route:
        def limited(request: Request, **captured: str) -> Response:
            own = what.window or self._calls
            spent = self._calls.spend()
            if what.window is not None and spent.allowed:
                spent = what.window.spend()
            headers = _limit_headers(own.limit, spent.remaining, spent.reset)
            try:
                if not spent.allowed:
                    raise _too_many()
                self._authorise(request, what.scope)
                answer = handler(request, **captured)
            except ApiError as error:
                return error.response(headers)
            response = answer if isinstance(answer, Response) else json_response(answer)
            response.headers.update(headers)
            return response

        return Route(method, path, limited, what.kind)

    def _window(self, limit: tuple[int, int]) -> Window:
        return Window(round(limit[0] * self._generosity), limit[1])

    def _authorise(self, request: Request, scope: str) -> None:
        if not scope:
            return
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        scopes = self._oauth.scopes(token) if scheme.lower() == "bearer" else None
        if scopes is None:
            raise ApiError(401, "The access token is invalid")
        if not permits(scopes, scope):
            raise ApiError(403, "This action is outside the authorized scopes")

    def _processing_fault(self, *calls: Call) -> Fault | None:
        """The fault `PROCESSING`, used up by one, if it is the next that hits one of *calls*; the
        page switches it on for posts, so uploads look for it there too."""
        waiting = self.faults.waiting(self.name)
        for call in calls or (Call.OTHER, Call.PUBLISH):
            first = next((fault for fault in waiting if fault.hits(call)), None)
            if first is not None and first.name == PROCESSING:
                return self.faults.take(self.name, call)
        return None

    def _by_key(self, key: str) -> str | None:
        """The post that was made under *key* within the last hour, deleted or not."""
        since = datetime.now(UTC) - KEY_LIFETIME
        for post in reversed(self.store.accepted(self.name) if key else []):
            if post.accepted_at < since:
                break
            if post.request.get("idempotency_key") == key:
                return post.remote_id
        return None

    def _check(self, fields: Mapping[str, Any], before: Status | None) -> None:
        """`ApiError` if Mastodon would refuse *fields*; *before* is the post that they change."""
        text, media_ids = _text(fields), _media_ids(fields)
        if len(media_ids) > MOST_MEDIA:
            raise invalid("Cannot attach more than 4 files")
        own = [] if before is None else [media.id for media in before.media]
        taken = self._attached()
        for media_id in media_ids:
            media = self._pictures.get(media_id)
            if media is None or (media_id in taken and media_id not in own):
                raise invalid(f"Media {media_id} not found or already attached to another post")
            if not media.ready:
                raise invalid(
                    "Cannot attach files that have not finished processing. Try again in a moment!"
                )
        if not text.strip() and not media_ids:
            raise invalid("Text can't be blank")
        if countable_length(str(fields.get("spoiler_text") or "") + text) > self._longest_text:
            raise invalid(f"Text character limit of {self._longest_text} exceeded")
        if (fields.get("visibility") or "public") not in VISIBILITIES:
            raise invalid("Visibility is not included in the list")

    def _attached(self) -> set[str]:
        edits = self._edits()
        posts = self.store.posts(self.name)
        return {media.id for post in posts for media in self._shown(post, edits).media}

    def _edits(self) -> Mapping[str, Accepted]:
        """The latest edit of each post that has any."""
        return {edit.remote_id: edit for edit in self.store.accepted(self.name, Action.EDIT)}

    def _status(self, status: str) -> Status:
        post = self.store.post(self.name, status)
        if post is None:
            raise not_found()
        return self._shown(post, self._edits())

    def _shown(self, post: Accepted, edits: Mapping[str, Accepted]) -> Status:
        edit = edits.get(post.remote_id)
        fields = edit.request if edit else post.request
        media = [self._pictures.get(one) for one in _media_ids(fields)]
        return Status(
            post,
            post.text,
            [one for one in media if one is not None],
            edit.accepted_at if edit else None,
            fields,
        )

    def _picture(self, media: str) -> Media:
        found = self._pictures.get(media)
        if found is None:
            raise not_found()
        return found

    def _json(self, request: Request, status: Status) -> dict[str, Any]:
        return status_json(status, self._account(request), self._root(request))

    def _account(self, request: Request) -> dict[str, Any]:
        """https://docs.joinmastodon.org/entities/Account/"""
        root = self._root(request)
        return {
            "id": ACCOUNT_ID,
            "username": USER_HANDLE,
            "acct": USER_HANDLE,
            "display_name": USER_NAME,
            "locked": False,
            "bot": True,
            "note": "",
            "url": f"{root}/@{USER_HANDLE}",
            "uri": f"{root}/users/{USER_HANDLE}",
            "avatar": f"{root}/avatar.png",
            "avatar_static": f"{root}/avatar.png",
            "created_at": "2022-11-07T00:00:00.000Z",
            "emojis": [],
            "fields": [],
        }

    def _root(self, request: Request) -> str:
        return f"{request.host_url.rstrip('/')}{self.prefix}"

    def _next_id(self) -> str:
        """The time in milliseconds above 16 bits, as `Mastodon::Snowflake` makes it; above every
        id before it."""
        timed = int(time.time() * 1000) << 16
        return str(max(timed, int(self.store.last_remote_id(self.name) or 0) + 1))


def _too_many() -> ApiError:
    return ApiError(429, "Too many requests")


def _limit_headers(limit: int, remaining: int, reset: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": moment(datetime.fromtimestamp(reset, UTC)),
    }


def _text(fields: Mapping[str, Any]) -> str:
    return str(fields.get("status") or "").strip()


def _media_ids(fields: Mapping[str, Any]) -> list[str]:
    listed = fields.get("media_ids")
    return [str(one) for one in listed] if isinstance(listed, list) else []


def _number(text: str) -> int | None:
    return int(text) if _ID.fullmatch(text) else None


def _plain_png(side: int, colour: tuple[int, int, int]) -> bytes:
    """A square of one *colour*: https://www.w3.org/TR/png-3/"""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = (b"\x00" + bytes(colour) * side) * side
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
