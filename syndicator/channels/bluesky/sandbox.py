"""A server that behaves like a Bluesky PDS with one account.

For trying things out and for tests. Answers are those of `@atproto/pds` 0.5.35, with which
`make pds` compares them.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from syndicator.channels.bluesky.records import COLLECTION
from syndicator.channels.bluesky.sandbox_answers import (
    Limits,
    Refusal,
    answer,
    headers,
    invalid,
    server_error,
    too_many,
)
from syndicator.channels.bluesky.sandbox_page import shown
from syndicator.channels.bluesky.sandbox_repository import ANYTHING, Repository, Stored
from syndicator.channels.bluesky.sandbox_sessions import ACCESS_SECONDS, Sessions
from syndicator.channels.bluesky.tids import TID
from syndicator.channels.sandbox.base import Request, Route, SandboxPlatform, Surroundings
from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.http_faults import HTTP_FAULTS
from syndicator.channels.sandbox.pages import CONTENT_SECURITY_POLICY, Pages, protect
from syndicator.channels.sandbox.windows import Window

DID = "did:plc:sandboxnewsroomaaaaaaaaa"
NAME = "Sandbox Newsroom"

#: The test account, by the Bluesky channel's setting names.
SANDBOX_CREDENTIALS: Mapping[str, str] = {
    "handle": "newsroom.sandbox.test",
    "app_password": "sand-boxp-assw-ord7",
}

#: https://docs.bsky.app/docs/advanced-guides/rate-limits: (limit, seconds).
CALLS = (3000, 5 * 60)
WRITE_POINTS = ((5000, 60 * 60), (35_000, 24 * 60 * 60))
LOGINS = ((30, 5 * 60), (300, 24 * 60 * 60))
UPLOADS = (1000, 24 * 60 * 60)
#: What a write takes of its points, by the server's source.
PUT_POINTS, DELETE_POINTS = 2, 1

LARGEST_BLOB = 5 * 1024 * 1024
LARGEST_PAGE = 100
#: What the server recognises by its first bytes, whatever the upload claims to be.
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}
_CID = re.compile(r"b[a-z2-7]{58}")

_FOLDER = Path(__file__).parent / "sandbox_templates"


class BlueskySandbox(SandboxPlatform):
    """A PDS and the account on it.

    *access_seconds* is how long an access token is good, *write_points* how many there are in an
    hour.
    """

    name = "bluesky"
    label = "Bluesky"
    prefix = "/bluesky"
    credentials = SANDBOX_CREDENTIALS
    fault_labels = {
        **HTTP_FAULTS,
        "duplicate": "Says that something else stands at the record key",
        "takedown": "The account has been taken down",
    }

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        access_seconds: float = ACCESS_SECONDS,
        write_points: int | None = None,
    ) -> None:
        generosity = surroundings.generosity
        self._pages = Pages(_FOLDER)
        self._sessions = Sessions(DID, access_seconds=access_seconds)

        def window(limit: int, seconds: float) -> Window:
            return Window(max(1, round(limit * generosity)), seconds)

        hour, day = (window(*limit) for limit in WRITE_POINTS)
        if write_points is not None:
            hour = Window(write_points, WRITE_POINTS[0][1])
        calls = (window(*CALLS), 1)
        self._limits = {
            "put": Limits(calls, (hour, PUT_POINTS), (day, PUT_POINTS)),
            "delete": Limits(calls, (hour, DELETE_POINTS), (day, DELETE_POINTS)),
            "login": Limits(calls, *((window(*limit), 1) for limit in LOGINS)),
            "upload": Limits(calls, (window(*UPLOADS), 1)),
            "call": Limits(calls),
        }
        super().__init__(surroundings)
        with self.store.lock:
            self._repository = Repository(self.store, self.name, DID)

    def routes(self) -> Sequence[Route]:
        server, repo = "com.atproto.server.", "com.atproto.repo."
        login, look_up, other = "login", Call.LOOK_UP, Call.OTHER
        return (
            self._api("POST", server + "createSession", self.log_in, other, login, public=True),
            self._api("POST", server + "refreshSession", self.renew, other, public=True),
            self._api("POST", server + "deleteSession", self.log_out, other, public=True),
            self._api("GET", server + "getSession", self.session, other),
            self._api("POST", repo + "putRecord", self.put, Call.PUBLISH, "put"),
            self._api("POST", repo + "deleteRecord", self.delete, other, "delete"),
            self._api("POST", repo + "uploadBlob", self.upload, other, "upload"),
            self._api("GET", repo + "getRecord", self.record, look_up, public=True),
            self._api("GET", repo + "listRecords", self.records, look_up, public=True),
            self._api("GET", "app.bsky.actor.getProfile", self.profile, other),
            Route("GET", "/xrpc/com.atproto.sync.getBlob", self.blob, other),
            Route("GET", "/", self.page),
            Route("GET", "/bluesky.css", self.style),
            Route("GET", "/avatar.png", self.avatar),
            Route("GET", "/blob/<cid>", self.picture),
            Route("GET", "/profile/<actor>/post/<rkey>", self.permalink),
        )

    def _api(
        self,
        method: str,
        nsid: str,
        handler: Callable[[Request], Mapping[str, Any]],
        call: Call,
        limits: str = "call",
        *,
        public: bool = False,
    ) -> Route:
        """A method of the XRPC; unless it is *public*, with the account's access token."""

        def limited(request: Request) -> Response:
            try:
                if not public:
                    self._sessions.check(_bearer(request))
            except Refusal as refusal:
                return refusal.response()
            allowed, told = self._limits[limits].spend()
            try:
                if not allowed:
                    raise too_many()
                response = answer(handler(request))
            except Refusal as refusal:
                response = refusal.response()
            response.headers.update(told)
            return response

        return Route(method, f"/xrpc/{nsid}", limited, call)

    def refuse(self, fault: Fault) -> Response:
        match fault.name:
            case "429":
                response = too_many().response()
                response.headers.update(headers(CALLS[0], 0, time() + fault.seconds + 1))
                return response
            case "429-without-reset":
                return too_many().response()
            case "401":
                return Refusal("ExpiredToken", "Token has been revoked").response()
            case "takedown":
                said = "Account has been taken down"
                return Refusal("AccountTakedown", said, status=401).response()
            case "duplicate":
                return Refusal("InvalidSwap", "Record was at null").response()
            case _:
                return server_error().response()

    def unanswerable(self, request: Request, problem: HTTPException) -> Response:
        path = request.path.removeprefix(self.prefix)
        nsid = path.removeprefix("/xrpc/")
        if nsid == path:
            return super().unanswerable(request, problem)
        if problem.code == 413:
            return _too_large().response()
        if problem.code == 405:
            said = f"Incorrect HTTP method ({request.method})"
            return Refusal("InvalidRequest", said, status=405).response()
        return invalid(f"No service configured for {nsid}").response()

    # --- Sessions ------------------------------------------------------------

    def log_in(self, request: Request) -> Mapping[str, Any]:
        """https://docs.bsky.app/docs/api/com-atproto-server-create-session"""
        body = _json_object(request)
        name, password = (_string(body, field) for field in ("identifier", "password"))
        known = name.lower() in (SANDBOX_CREDENTIALS["handle"], DID)
        if not known or password != SANDBOX_CREDENTIALS["app_password"]:
            said = "Invalid identifier or password"
            raise Refusal("AuthenticationRequired", said, status=401)
        return {**self._sessions.begin(), **self.session(request)}

    def renew(self, request: Request) -> Mapping[str, Any]:
        """https://docs.bsky.app/docs/api/com-atproto-server-refresh-session"""
        return {**self._sessions.renew(_bearer(request)), **self.session(request)}

    def log_out(self, request: Request) -> Mapping[str, Any]:
        self._sessions.end(_bearer(request))
        return {}

    def session(self, request: Request) -> Mapping[str, Any]:
        return {"did": DID, "handle": SANDBOX_CREDENTIALS["handle"], "active": True}

    def profile(self, request: Request) -> Mapping[str, Any]:
        """https://docs.bsky.app/docs/api/app-bsky-actor-get-profile"""
        if request.args.get("actor") not in (DID, SANDBOX_CREDENTIALS["handle"]):
            raise invalid("Profile not found")
        return {
            "did": DID,
            "handle": SANDBOX_CREDENTIALS["handle"],
            "displayName": NAME,
            "avatar": f"{request.host_url.rstrip('/')}{self.prefix}/avatar.png",
        }

    # --- Records -------------------------------------------------------------

    def put(self, request: Request) -> Mapping[str, Any]:
        """https://docs.bsky.app/docs/api/com-atproto-repo-put-record"""
        body = _json_object(request)
        rkey = _rkey(body)
        if not TID.fullmatch(rkey):
            raise invalid(
                f"Invalid record key for {COLLECTION}: Invalid TID string "
                f"(got {json.dumps(rkey)}) at $"
            )
        if "record" not in body:
            raise invalid('Missing required key "record" at $')
        with self.store.lock:
            stored, changed = self._repository.put(rkey, body["record"], _swap(body))
        said = {"uri": stored.uri, "cid": stored.cid, "validationStatus": "valid"}
        return {**said, "commit": _commit(stored)} if changed else said

    def delete(self, request: Request) -> Mapping[str, Any]:
        """https://docs.bsky.app/docs/api/com-atproto-repo-delete-record"""
        rkey = _rkey(_json_object(request))
        with self.store.lock:
            standing = self._repository.post(rkey)
            if standing is None:
                return {}
            self._repository.delete(rkey)
        return {"commit": _commit(standing)}

    def upload(self, request: Request) -> Mapping[str, Any]:
        """https://docs.bsky.app/docs/api/com-atproto-repo-upload-blob"""
        if not request.mimetype:
            raise invalid("Request encoding (Content-Type) required but not provided")
        content = request.get_data()
        if len(content) > LARGEST_BLOB:
            raise _too_large()
        recognised = (kind for begin, kind in _SIGNATURES.items() if content.startswith(begin))
        media_type = next(recognised, request.mimetype)
        with self.store.lock:
            return {"blob": self._repository.upload(content, media_type)}

    def record(self, request: Request) -> Mapping[str, Any]:
        """https://docs.bsky.app/docs/api/com-atproto-repo-get-record"""
        repo, collection, rkey = (
            _parameter(request, name, "getRecord") for name in ("repo", "collection", "rkey")
        )
        if repo not in (DID, SANDBOX_CREDENTIALS["handle"]):
            raise invalid("Could not locate record")
        with self.store.lock:
            post = self._repository.post(rkey) if collection == COLLECTION else None
        if post is None or post.at > datetime.now(UTC) - request.index_lag:
            said = f"Could not locate record: at://{DID}/{collection}/{rkey}"
            raise Refusal("RecordNotFound", said)
        return _told(post)

    def records(self, request: Request) -> Mapping[str, Any]:
        """https://docs.bsky.app/docs/api/com-atproto-repo-list-records: by their keys, the
        greatest first."""
        repo, collection = (
            _parameter(request, name, "listRecords") for name in ("repo", "collection")
        )
        if repo not in (DID, SANDBOX_CREDENTIALS["handle"]):
            raise invalid(f"Could not find repo: {repo}")
        asked = request.args.get("limit", "50")
        if not re.fullmatch("[0-9]{1,3}", asked) or not 1 <= int(asked) <= LARGEST_PAGE:
            raise invalid(
                f"Invalid com.atproto.repo.listRecords params: integer out of range (got {asked})"
            )
        cursor = request.args.get("cursor", "")
        with self.store.lock:
            posts = self._repository.posts() if collection == COLLECTION else []
        posts = sorted(posts, key=lambda post: post.uri, reverse=True)
        page = [post for post in posts if not cursor or post.uri < self._repository.uri(cursor)]
        page = page[: int(asked)]
        said: dict[str, Any] = {"records": [_told(post) for post in page]}
        if page:
            said["cursor"] = page[-1].uri.rpartition("/")[2]
        return said

    def blob(self, request: Request) -> Response:
        """https://docs.bsky.app/docs/api/com-atproto-sync-get-blob"""
        with self.store.lock:
            found = self._repository.blob(request.args.get("cid", ""))
        if found is None or request.args.get("did") != DID:
            return invalid("Blob not found").response()
        return protect(Response(found.content, content_type=found.media_type), "default-src 'none'")

    # --- Pages ---------------------------------------------------------------

    def page(self, request: Request) -> Response:
        with self.store.lock:
            posts = self._repository.posts()[:100]
        return self._pages.render(
            "bluesky_timeline.html",
            root=self.prefix,
            name=NAME,
            handle=SANDBOX_CREDENTIALS["handle"],
            did=DID,
            posts=[shown(post, self.prefix) for post in posts],
        )

    def permalink(self, request: Request, actor: str, rkey: str) -> Response:
        return redirect(f"{self.prefix}/#post-{rkey}")

    def style(self, request: Request) -> Response:
        content = (_FOLDER / "bluesky.css").read_bytes()
        response = Response(content, content_type="text/css; charset=utf-8")
        return protect(response, CONTENT_SECURITY_POLICY)

    def avatar(self, request: Request) -> Response:
        return protect(Response(_AVATAR, content_type="image/png"), "default-src 'none'")

    def picture(self, request: Request, cid: str) -> Response:
        with self.store.lock:
            found = self._repository.blob(cid)
        if found is None or found.media_type not in _SIGNATURES.values():
            raise NotFound
        return protect(Response(found.content, content_type=found.media_type), "default-src 'none'")


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _too_large() -> Refusal:
    return Refusal("PayloadTooLarge", "request entity too large", status=413)


def _json_object(request: Request) -> dict[str, Any]:
    if not request.mimetype:
        raise invalid("Request encoding (Content-Type) required but not provided")
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise invalid("Unable to parse the body as JSON") from None
    if not isinstance(body, dict):
        raise invalid("Expected object value type at $")
    return body


def _string(body: Mapping[str, Any], name: str) -> str:
    if name not in body:
        raise invalid(f'Missing required key "{name}" at $')
    if not isinstance(body[name], str):
        raise invalid(f"Expected string value type at $.{name}")
    return str(body[name])


def _rkey(body: Mapping[str, Any]) -> str:
    """The record key of a write to the account's posts."""
    repo, collection, rkey = (_string(body, name) for name in ("repo", "collection", "rkey"))
    if repo not in (DID, SANDBOX_CREDENTIALS["handle"]):
        raise Refusal("AccountNotFound", "Account not found", status=403)
    if collection != COLLECTION:
        raise invalid(f"The sandbox has no collection {collection}")
    return rkey


def _swap(body: Mapping[str, Any]) -> str | None:
    if "swapRecord" not in body:
        return ANYTHING
    swap = body["swapRecord"]
    if swap is not None and not (isinstance(swap, str) and _CID.fullmatch(swap)):
        raise invalid(f"Invalid CID string (got {json.dumps(swap)}) at $.swapRecord")
    return swap


def _parameter(request: Request, name: str, method: str) -> str:
    if not request.args.get(name):
        raise invalid(f'Invalid com.atproto.repo.{method} params: Missing required key "{name}"')
    return request.args[name]


def _told(post: Stored) -> dict[str, Any]:
    return {"uri": post.uri, "cid": post.cid, "value": post.value}


def _commit(stored: Stored) -> dict[str, str]:
    """The sandbox signs no repository; a commit's name is all that clients see of it."""
    return {"cid": stored.cid, "rev": stored.uri.rpartition("/")[2]}


def _flat_png(size: int, colour: tuple[int, int, int]) -> bytes:
    """A square of one *colour*: https://www.w3.org/TR/png/."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(colour) * size) * size)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


_AVATAR = _flat_png(64, (80, 104, 138))
