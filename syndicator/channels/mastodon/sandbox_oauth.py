"""The sandbox's OAuth: applications, the page that asks the owner, codes and tokens.

https://docs.joinmastodon.org/methods/oauth/ and /methods/apps/; PKCE is RFC 7636 with S256.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from syndicator.channels.mastodon.sandbox_answers import ApiError, invalid
from syndicator.channels.sandbox.store import Action, SandboxStore

ALL_SCOPES = frozenset({"read", "write", "profile", "follow", "push"})
CODE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Grant:
    """What the owner of the account is asked for."""

    client_id: str
    client_name: str
    redirect_uri: str
    scope: str
    state: str
    challenge: str

    def back(self, **answer: str) -> str:
        """Where the browser goes with *answer*."""
        query = urlencode({**answer, **({"state": self.state} if self.state else {})})
        return f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{query}"

    @property
    def origin(self) -> str:
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"


class OAuth:
    """Applications and tokens of one account; they outlive the server, codes do not."""

    def __init__(self, store: SandboxStore, platform: str, *, token: str) -> None:
        self._store = store
        self._apps, self._tokens = f"{platform}/apps", f"{platform}/tokens"
        self._given = token
        self._lock = threading.Lock()
        self._codes: dict[str, tuple[float, Grant]] = {}

    def register(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        name, addresses = str(fields.get("client_name") or ""), fields.get("redirect_uris") or ""
        if not name:
            raise invalid("Name can't be blank")
        listed = addresses if isinstance(addresses, list) else str(addresses).split()
        if not listed or not all(urlsplit(str(one)).scheme for one in listed):
            raise invalid("Redirect URI must be an absolute URI.")
        app: dict[str, Any] = {
            "name": name,
            "website": fields.get("website"),
            "scopes": str(fields.get("scopes") or "read").split(),
            "redirect_uri": "\n".join(map(str, listed)),
            "redirect_uris": listed,
            "client_id": secrets.token_urlsafe(32),
            "client_secret": secrets.token_urlsafe(32),
            "client_secret_expires_at": 0,
        }
        if not all(scope.partition(":")[0] in ALL_SCOPES for scope in app["scopes"]):
            raise invalid("Scopes doesn't match configured on the server.")
        self._store.record(self._apps, Action.PUBLISH, app["client_id"], request=app)
        return {"id": "1", **app}

    def grant(self, asked: Mapping[str, str]) -> Grant:
        """What *asked*, the query of the page, stands for; `ApiError` if it is not in order."""
        app = self._app(asked.get("client_id", ""))
        if asked.get("redirect_uri", "") not in app["redirect_uris"]:
            raise ApiError(400, "invalid_request", "The redirect uri included is not valid.")
        if asked.get("response_type") != "code":
            raise ApiError(
                400,
                "unsupported_response_type",
                "The authorization server does not support this response type.",
            )
        scope = asked.get("scope") or "read"
        if not set(scope.split()) <= set(app["scopes"]):
            raise ApiError(
                400, "invalid_scope", "The requested scope is invalid, unknown, or malformed."
            )
        challenge = asked.get("code_challenge", "")
        if challenge and asked.get("code_challenge_method") != "S256":
            raise ApiError(400, "invalid_code_challenge_method", "The method must be S256.")
        return Grant(
            app["client_id"],
            app["name"],
            asked["redirect_uri"],
            scope,
            asked.get("state", ""),
            challenge,
        )

    def code(self, grant: Grant) -> str:
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._codes[code] = time.monotonic() + CODE_SECONDS, grant
        return code

    def exchange(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        app = self._app(str(fields.get("client_id", "")))
        if not hmac.compare_digest(
            app["client_secret"].encode(), str(fields.get("client_secret", "")).encode()
        ):
            raise _unknown_client()
        if fields.get("grant_type") != "authorization_code":
            raise ApiError(400, "unsupported_grant_type", "The grant type is not supported.")
        with self._lock:
            ends, grant = self._codes.pop(str(fields.get("code", "")), (0.0, None))
        if (
            grant is None
            or time.monotonic() > ends
            or grant.client_id != app["client_id"]
            or grant.redirect_uri != fields.get("redirect_uri")
            or not _verified(grant.challenge, str(fields.get("code_verifier", "")))
        ):
            raise ApiError(
                400,
                "invalid_grant",
                "The provided authorization grant is invalid, expired, revoked, does not match the"
                " redirection URI used in the authorization request, or was issued to another"
                " client.",
            )
        token = secrets.token_urlsafe(32)
        self._store.record(
            self._tokens, Action.PUBLISH, token, request={"scopes": grant.scope.split()}
        )
        return {
            "access_token": token,
            "token_type": "Bearer",
            "scope": grant.scope,
            "created_at": int(time.time()),
        }

    def scopes(self, token: str) -> frozenset[str] | None:
        """What *token* permits; None if it is none."""
        if token == self._given:
            return ALL_SCOPES
        kept = self._store.post(self._tokens, token) if token else None
        return None if kept is None else frozenset(kept.request["scopes"])

    def _app(self, client_id: str) -> dict[str, Any]:
        kept = self._store.post(self._apps, client_id)
        if kept is None:
            raise _unknown_client()
        return dict(kept.request)


def permits(scopes: frozenset[str], needed: str) -> bool:
    """Whether *scopes* have *needed*, or the whole of what it is part of."""
    return needed in scopes or needed.partition(":")[0] in scopes


def _unknown_client() -> ApiError:
    return ApiError(
        401,
        "invalid_client",
        "Client authentication failed due to unknown client, no client authentication included, or"
        " unsupported authentication method.",
    )


def _verified(challenge: str, verifier: str) -> bool:
    if not challenge:
        return True
    digest = hashlib.sha256(verifier.encode()).digest()
    return challenge == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
