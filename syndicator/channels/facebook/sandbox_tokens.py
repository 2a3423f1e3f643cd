"""The sandbox's app, its tokens and their proofs: who calls, and what they may do."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from syndicator.channels.facebook.sandbox_answers import GraphError
from syndicator.channels.sandbox.base import Request

#: The test Page, by the Facebook channel's setting names.
SANDBOX_CREDENTIALS: Mapping[str, str] = {
    "page_id": "104512345678901",
    "page_access_token": "EAAsandboxpageaccesstoken",
    "app_id": "204512345678902",
    "app_secret": "sandbox-app-secret",
}
USER_ID = "304512345678903"
APP_NAME = "Sandbox App"

SHORT_LIFE = 2 * 3600
LONG_LIFE = 60 * 24 * 3600
#: After so long without a login the app reads nothing any more.
DATA_ACCESS = 90 * 24 * 3600
CODE_LIFE = 10 * 60

#: Permissions that the sandbox's app may ask for, and how the dialog puts them.
PERMISSIONS: Mapping[str, str] = {
    "pages_show_list": "Show a list of the Pages you manage",
    "pages_read_engagement": "Read content posted on the Page",
    "pages_manage_posts": "Create and manage content on your Page",
    "pages_manage_engagement": "Create and manage comments on your Page",
}


class Kind(StrEnum):
    PAGE = "PAGE"
    USER = "USER"
    APP = "APP"


@dataclass(frozen=True, slots=True)
class _Code:
    """What a login led to: good once, for the same address, until *expires* (Unix time)."""

    redirect_uri: str
    expires: float


class Tokens:
    """Tokens that somebody has: the Page's and the app's for ever, users' as they log in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._codes: dict[str, _Code] = {}
        self._users: dict[str, float] = {}

    def authenticate(self, request: Request, parameters: Mapping[str, str]) -> Kind:
        """Whose token the call carries; `GraphError` if none, or with a wrong proof."""
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        token = parameters.get("access_token") or (bearer if scheme in ("Bearer", "OAuth") else "")
        if not token:
            raise GraphError("An access token is required to request this resource.", 104)
        kind = self.kind_of(token)
        if kind is None:
            raise GraphError("Invalid OAuth access token - Cannot parse access token", 190)
        proof = parameters.get("appsecret_proof")
        if proof is not None and proof != proof_of(token):
            raise GraphError(
                "Invalid appsecret_proof provided in the API argument",
                100,
                kind="GraphMethodException",
            )
        return kind

    def kind_of(self, token: str) -> Kind | None:
        known = SANDBOX_CREDENTIALS
        if token == known["page_access_token"]:
            return Kind.PAGE
        if token == f"{known['app_id']}|{known['app_secret']}":
            return Kind.APP
        with self._lock:
            return Kind.USER if self._users.get(token, 0) > time.time() else None

    def new_code(self, redirect_uri: str) -> str:
        code = "AQ" + secrets.token_urlsafe(48)
        with self._lock:
            self._codes[code] = _Code(redirect_uri, time.time() + CODE_LIFE)
        return code

    def redeem(self, code: str, redirect_uri: str) -> Mapping[str, Any]:
        """A user's short-lived token for a login's *code*."""
        with self._lock:
            found = self._codes.get(code)
            if found is None or found.expires < time.time():
                raise GraphError(
                    "This authorization code has been used or is not valid.", 100, subcode=36009
                )
            if found.redirect_uri != redirect_uri:
                raise GraphError(
                    "Error validating verification code. Please make sure your redirect_uri is "
                    "identical to the one you used in the OAuth dialog request",
                    100,
                    subcode=36008,
                )
            del self._codes[code]
        return self._new_user_token(SHORT_LIFE)

    def exchange(self, token: str) -> Mapping[str, Any]:
        """A long-lived token for a user's."""
        if self.kind_of(token) is not Kind.USER:
            raise GraphError("Invalid OAuth access token - Cannot parse access token", 190)
        return self._new_user_token(LONG_LIFE)

    def inspect(self, token: str, lacking: frozenset[str]) -> Mapping[str, Any]:
        """What ``debug_token`` tells of *token*, which has all permissions but those *lacking*."""
        kind = self.kind_of(token)
        if kind is None:
            error = {"code": 190, "message": "Malformed access token"}
            return {"error": error, "is_valid": False, "scopes": []}
        about: dict[str, Any] = {
            "app_id": SANDBOX_CREDENTIALS["app_id"],
            "type": kind.value,
            "application": APP_NAME,
            "is_valid": True,
        }
        if kind is Kind.APP:
            return about
        now = int(time.time())
        scopes = [scope for scope in PERMISSIONS if scope not in lacking]
        page = SANDBOX_CREDENTIALS["page_id"]
        with self._lock:
            expires = int(self._users.get(token, 0))
        about |= {
            "data_access_expires_at": now + DATA_ACCESS,
            "expires_at": expires,
            "issued_at": now,
            "scopes": scopes,
            "granular_scopes": [{"scope": scope, "target_ids": [page]} for scope in scopes],
            "user_id": USER_ID,
        }
        if kind is Kind.PAGE:
            about["profile_id"] = page
        return about

    def _new_user_token(self, life: int) -> Mapping[str, Any]:
        token = "EAAsandboxuser" + secrets.token_hex(24)
        with self._lock:
            self._users[token] = time.time() + life
        return {"access_token": token, "token_type": "bearer", "expires_in": life}


def proof_of(token: str) -> str:
    key = SANDBOX_CREDENTIALS["app_secret"].encode()
    return hmac.new(key, token.encode(), hashlib.sha256).hexdigest()
