"""OAuth 2 as X does it: a page that asks, codes bound by PKCE, and refresh tokens that rotate."""

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

from syndicator.channels.sandbox.store import Accepted, Action, SandboxStore

CLIENT_ID = "sandbox-client-id"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 - public on purpose
LIFETIME = 7200
CODE_SECONDS = 30
KNOWN_SCOPES = frozenset(
    {"tweet.read", "tweet.write", "users.read", "media.write", "offline.access"}
)


class GrantRefused(Exception):
    """RFC 6749, 5.2: *args* are the error and its description."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an app asks the account's owner for, checked. *problem* says what is wrong with it."""

    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    challenge: str
    problem: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        scopes = tuple(query.get("scope", "").split())
        redirect_uri = query.get("redirect_uri", "")
        problem = ""
        if query.get("client_id") != CLIENT_ID:
            problem = "There is no app with this client id."
        elif query.get("response_type") != "code":
            problem = "response_type has to be “code”."
        elif urlsplit(redirect_uri).scheme not in ("http", "https"):
            problem = "redirect_uri is not an address."
        elif not scopes or set(scopes) - KNOWN_SCOPES:
            problem = "An unknown permission is asked for."
        elif query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            problem = "A code challenge by S256 is needed."
        challenge = query.get("code_challenge", "")
        return cls(redirect_uri, query.get("state", ""), scopes, challenge, problem)


class TokenBook:
    """The codes and tokens of one account. Tokens stay in the store, so a restart ends none."""

    def __init__(self, store: SandboxStore, account: str) -> None:
        self._store = store
        self._name = f"{account}-oauth2"
        self._lock = threading.RLock()
        self._codes: dict[str, tuple[Asked, float]] = {}

    def allow(self, asked: Asked) -> str:
        """Where the browser is sent after the owner has said yes."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = (asked, time.time() + CODE_SECONDS)
        return f"{asked.redirect_uri}?{urlencode({'state': asked.state, 'code': code})}"

    def grant(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> Mapping[str, Any]:
        """The answer of the token endpoint; `GrantRefused` otherwise."""
        named = basic or (form.get("client_id", ""), "")
        if named[0] != CLIENT_ID or (basic and not hmac.compare_digest(basic[1], CLIENT_SECRET)):
            raise GrantRefused("invalid_client", "Missing valid authorization header")
        with self._lock:
            match form.get("grant_type"):
                case "authorization_code":
                    return self._by_code(form)
                case "refresh_token":
                    return self._by_refresh_token(form.get("refresh_token", ""))
        raise GrantRefused("unsupported_grant_type", "Value passed for the grant type was invalid.")

    def scopes_of(self, access_token: str) -> frozenset[str] | None:
        """What the owner of *access_token* may do; None if it is none, or over."""
        kept = self._store.post(self._name, access_token)
        if kept is None or kept.request["kind"] != "access" or kept.request["ends"] < time.time():
            return None
        return frozenset(kept.text.split())

    def _by_code(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        asked, ends = self._codes.pop(form.get("code", ""), (None, 0.0))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or ends < time.time()
            or challenge != asked.challenge
            or form.get("redirect_uri") != asked.redirect_uri
        ):
            raise GrantRefused(
                "invalid_request", "Value passed for the authorization code was invalid."
            )
        return self._issue(secrets.token_hex(8), asked.scopes)

    def _by_refresh_token(self, token: str) -> Mapping[str, Any]:
        kept = self._store.post(self._name, token)
        if kept is None or kept.request["kind"] != "refresh":
            self._revoke_family_of(token)
            raise GrantRefused("invalid_request", "Value passed for the token was invalid.")
        self._store.record(self._name, Action.DELETE, token)
        return self._issue(kept.request["family"], tuple(kept.text.split()))

    def _issue(self, family: str, scopes: tuple[str, ...]) -> Mapping[str, Any]:
        access, scope = secrets.token_urlsafe(32), " ".join(scopes)
        self._keep(access, scope, kind="access", family=family, ends=time.time() + LIFETIME)
        answer = {
            "token_type": "bearer",
            "expires_in": LIFETIME,
            "access_token": access,
            "scope": scope,
        }
        if "offline.access" in scopes:
            refresh = secrets.token_urlsafe(32)
            self._keep(refresh, scope, kind="refresh", family=family)
            answer["refresh_token"] = refresh
        return answer

    def _revoke_family_of(self, token: str) -> None:
        """Whoever shows a used refresh token may have stolen it: none of its family is good."""
        every = self._store.accepted(self._name)
        family = next((kept.request["family"] for kept in every if kept.remote_id == token), None)
        for kept in every:
            if kept.request["family"] == family and self._is_valid(kept):
                self._store.record(self._name, Action.DELETE, kept.remote_id)

    def _is_valid(self, kept: Accepted) -> bool:
        return self._store.post(self._name, kept.remote_id) is not None

    def _keep(self, token: str, scope: str, **what: Any) -> None:
        self._store.record(self._name, Action.PUBLISH, token, text=scope, request=what)
