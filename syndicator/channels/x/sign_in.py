"""Connecting an X account in the browser: OAuth 2 with PKCE.

https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urlencode

from syndicator.channels.base import Account, Choice, SignIn, Unauthorised, Unknown
from syndicator.channels.x.oauth2 import SCOPES, request_token
from syndicator.outbound.answers import json_object
from syndicator.outbound.deadline import Deadline
from syndicator.outbound.http import make_session
from syndicator.outbound.pkce import challenge
from syndicator.wording import Wording, gettext_noop

REFUSED = Wording(gettext_noop("X did not let us in: the sign-in was cancelled or refused there."))
NO_NAME = Wording(gettext_noop("X did not say which account that is. Sign in once more."))
#: Where the owner of an account allows it; the API itself is at another host.
AUTHORISE_AT = "https://x.com"
API = "https://api.x.com"


class XSignIn(SignIn):
    needs: ClassVar[Sequence[str]] = ("client_id", "client_secret")

    def begin(
        self, account: Account, *, redirect_uri: str, state: str
    ) -> tuple[str, Mapping[str, str]]:
        verifier = secrets.token_urlsafe(64)
        query = {
            "response_type": "code",
            "client_id": account.settings.get("client_id", ""),
            "redirect_uri": redirect_uri,
            "scope": " ".join(SCOPES),
            "state": state,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        base_url = account.base_url.rstrip("/")
        place = AUTHORISE_AT if base_url == API else base_url
        return f"{place}/i/oauth2/authorize?{urlencode(query)}", {"verifier": verifier}

    def finish(
        self,
        account: Account,
        *,
        redirect_uri: str,
        kept: Mapping[str, str],
        answer: Mapping[str, str],
        deadline: timedelta,
    ) -> Sequence[Choice]:
        code = answer.get("code")
        if not code:
            raise Unauthorised(REFUSED)
        base_url = account.base_url.rstrip("/")
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": kept.get("verifier", ""),
        }
        with Deadline(deadline) as ends:
            tokens = request_token(
                base_url,
                account.settings,
                form,
                ends,
                allow_private_addresses=account.allow_private_addresses,
            )
            session = make_session(ends, allow_private_addresses=account.allow_private_addresses)
            bearer = {"Authorization": f"Bearer {tokens['oauth2_access_token']}"}
            try:
                with session:
                    said = session.request("GET", f"{base_url}/2/users/me", headers=bearer)
            except Exception:
                raise Unknown(NO_NAME) from None
        data = json_object(said).get("data")
        if not said.ok or not isinstance(data, Mapping) or not isinstance(data.get("id"), str):
            raise Unknown(NO_NAME, status=said.status_code)
        handle = str(data.get("username", ""))
        settings = {**tokens, "user_id": data["id"], "handle": handle}
        return [Choice(f"@{handle}", settings)]
