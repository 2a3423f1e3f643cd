"""The sandbox's tokens: JWTs as the server gives them out, and what became of each."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any

from syndicator.channels.bluesky.sandbox_answers import Refusal

ACCESS_SECONDS = 2 * 60 * 60
REFRESH_SECONDS = 90 * 24 * 60 * 60
#: How long a refresh token still works after its use: whoever lost the answer may ask again.
GRACE_SECONDS = 2 * 60 * 60

#: Signs the sandbox's tokens and nothing else; they outlive a restart, as the server's do.
_KEY = b"the sandbox signs with this"


class Sessions:
    """The tokens of one account, whose DID is *did*."""

    def __init__(self, did: str, *, access_seconds: float = ACCESS_SECONDS) -> None:
        self._did = did
        self._access_seconds = access_seconds
        self._lock = threading.Lock()
        #: Used refresh tokens: what came after each, and until when it says so again.
        self._next: dict[str, tuple[str, float]] = {}
        self._ended: set[str] = set()

    def begin(self) -> dict[str, str]:
        return self._pair(secrets.token_urlsafe(24))

    def renew(self, token: str) -> dict[str, str]:
        """The tokens after the refresh token *token*; the same ones if it is used again."""
        used = self._checked(token, "com.atproto.refresh")["jti"]
        with self._lock:
            following, until = self._next.get(used, ("", 0.0))
            if used in self._ended or (following and time.time() > until):
                raise Refusal("ExpiredToken", "Token has been revoked")
            if not following:
                following = secrets.token_urlsafe(24)
                self._next[used] = following, time.time() + GRACE_SECONDS
        return self._pair(following)

    def end(self, token: str) -> None:
        with self._lock:
            self._ended.add(self._checked(token, "com.atproto.refresh")["jti"])

    def check(self, token: str) -> None:
        """`Refusal` unless *token* is an access token that is still good."""
        self._checked(token, "com.atproto.appPass")

    def _pair(self, refresh: str) -> dict[str, str]:
        now = time.time()
        access = {"scope": "com.atproto.appPass", "sub": self._did, "iat": int(now)}
        return {
            "accessJwt": _signed({**access, "exp": now + self._access_seconds}),
            "refreshJwt": _signed(
                {
                    "scope": "com.atproto.refresh",
                    "sub": self._did,
                    "jti": refresh,
                    "exp": int(now) + REFRESH_SECONDS,
                }
            ),
        }

    def _checked(self, token: str, scope: str) -> Mapping[str, Any]:
        if not token:
            raise Refusal("AuthMissing", "Authentication Required", status=401)
        said, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), _signature(said).encode()):
            raise Refusal("InvalidToken", "Token could not be verified")
        payload: dict[str, Any] = json.loads(
            base64.urlsafe_b64decode(said.partition(".")[2] + "==")
        )
        if payload["scope"] != scope or payload["sub"] != self._did:
            raise Refusal("InvalidToken", "Token could not be verified")
        if time.time() > payload["exp"]:
            raise Refusal("ExpiredToken", "Token has expired")
        return payload


def _signed(payload: Mapping[str, Any]) -> str:
    parts = ({"typ": "at+jwt", "alg": "HS256"}, payload)
    said = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    return f"{said}.{_signature(said)}"


def _signature(said: str) -> str:
    return _encoded(hmac.new(_KEY, said.encode(), hashlib.sha256).digest())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
