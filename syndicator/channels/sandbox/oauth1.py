"""Whether a request is signed with OAuth 1.0a (RFC 5849), HMAC-SHA1, for one account."""

from __future__ import annotations

import threading
import time

from oauthlib.oauth1 import (
    SIGNATURE_HMAC_SHA1,
    RequestValidator,
    ResourceEndpoint,
)

from syndicator.channels.sandbox.base import Request


class SignatureCheck:
    """Checks signatures of one app (*consumer*) for one account (*token*)."""

    def __init__(
        self, *, consumer_key: str, consumer_secret: str, token: str, token_secret: str
    ) -> None:
        self._endpoint = ResourceEndpoint(
            _OneAccount(consumer_key, consumer_secret, token, token_secret)
        )

    def is_signed(self, request: Request) -> bool:
        """True for a fresh signature over the method, the address and its query.

        A body takes no part: RFC 5849 signs only form bodies, and these APIs take JSON.
        """
        try:
            valid, _ = self._endpoint.validate_protected_resource_request(
                request.address, request.method, headers=dict(request.headers)
            )
        except ValueError:  # oauthlib's answer to a query or a header it cannot take apart
            return False
        return bool(valid)


class _OneAccount(RequestValidator):  # type: ignore[misc]
    enforce_ssl = False
    timestamp_lifetime = 300
    allowed_signature_methods = (SIGNATURE_HMAC_SHA1,)
    dummy_client = dummy_access_token = "nobody"  # noqa: S105 - stands for an unknown one

    def __init__(
        self, consumer_key: str, consumer_secret: str, token: str, token_secret: str
    ) -> None:
        super().__init__()
        self._consumer_key = consumer_key
        self._consumer_secret = consumer_secret
        self._token = token
        self._token_secret = token_secret
        self._lock = threading.Lock()
        self._used: dict[tuple[str, str], float] = {}

    # oauthlib's own formats are narrower than what platforms hand out.
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
            forgotten = now - 2 * self.timestamp_lifetime
            self._used = {pair: at for pair, at in self._used.items() if at > forgotten}
            if (timestamp, nonce) in self._used:
                return False
            self._used[timestamp, nonce] = now
            return True

    def validate_client_key(self, client_key: str, request: object) -> bool:
        return client_key == self._consumer_key

    def validate_access_token(self, client_key: str, token: str, request: object) -> bool:
        return token == self._token

    def validate_realms(self, *args: object, **kwargs: object) -> bool:
        return True

    def get_client_secret(self, client_key: str, request: object) -> str:
        return self._consumer_secret

    def get_access_token_secret(self, client_key: str, token: str, request: object) -> str:
        return self._token_secret
