"""Connecting an account: the server asks its owner, and sends them back with a code.

https://docs.joinmastodon.org/client/authorized/. Each server registers applications by itself, so
one is registered for each connection. PKCE goes along always: servers since 4.3 insist on the
verifier then, older ones pass over what they do not know (RFC 6749, 3.1).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import requests

from syndicator.channels.base import Account, ChannelError, Choice, SignIn, Unauthorised
from syndicator.channels.mastodon.accounts import instance, own_account
from syndicator.channels.mastodon.errors import NO_CHECK
from syndicator.channels.mastodon.server import Server
from syndicator.outbound.answers import json_object
from syndicator.outbound.deadline import Deadline
from syndicator.outbound.pkce import challenge
from syndicator.wording import Wording, gettext_noop

CLIENT_NAME = "Syndicator"
#: What each call needs, and nothing else: https://docs.joinmastodon.org/api/oauth-scopes/
SCOPES = "read:accounts read:statuses write:statuses write:media"
REGISTRATION_TIME = timedelta(seconds=10)
LONGEST_SECRET = 1000

REFUSED = Wording(gettext_noop("The Mastodon server was told not to connect the account."))
NO_TOKEN = Wording(
    gettext_noop("The Mastodon server did not connect the account. Begin again from the start.")
)


class MastodonSignIn(SignIn):
    needs = ()

    def begin(
        self, account: Account, *, redirect_uri: str, state: str
    ) -> tuple[str, Mapping[str, str]]:
        server = _server(account)
        with Deadline(REGISTRATION_TIME) as ends:
            answer = server.call(
                ends,
                "POST",
                "/api/v1/apps",
                data={
                    "client_name": CLIENT_NAME,
                    "redirect_uris": redirect_uri,
                    "scopes": SCOPES,
                },
            )
        application = json_object(answer)
        client_id, client_secret = (
            _secret(application, name) for name in ("client_id", "client_secret")
        )
        if answer.status_code != requests.codes.ok or not client_id or not client_secret:
            raise replace(server, secrets=(client_secret,)).error(answer)
        verifier = secrets.token_urlsafe(48)
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPES,
            "state": state,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        kept = {"client_id": client_id, "client_secret": client_secret, "verifier": verifier}
        return f"{server.base_url}/oauth/authorize?{urlencode(query)}", kept

    def finish(
        self,
        account: Account,
        *,
        redirect_uri: str,
        kept: Mapping[str, str],
        answer: Mapping[str, str],
        deadline: timedelta,
    ) -> Sequence[Choice]:
        code = answer.get("code", "")
        if not code:
            raise Unauthorised(REFUSED, answer=answer.get("error", "")[:100])
        server = replace(_server(account), secrets=(code, *kept.values()))
        with Deadline(deadline) as ends:
            token = self._token(server, ends, redirect_uri, kept, code)
            server = replace(server, token=token, secrets=(*server.secrets, token))
            connected = own_account(server, ends)
            longest = instance(server, ends).longest_post
        settings = {"handle": connected.handle, "access_token": token}
        if longest is not None:
            settings["limit"] = str(longest)
        return [Choice(f"{connected.display_name} ({connected.handle})", settings)]

    def _token(
        self,
        server: Server,
        deadline: Deadline,
        redirect_uri: str,
        kept: Mapping[str, str],
        code: str,
    ) -> str:
        """https://docs.joinmastodon.org/methods/oauth/#token"""
        answer = server.call(
            deadline,
            "POST",
            "/oauth/token",
            data={
                "grant_type": "authorization_code",
                "code": code,
                "client_id": kept.get("client_id", ""),
                "client_secret": kept.get("client_secret", ""),
                "redirect_uri": redirect_uri,
                "code_verifier": kept.get("verifier", ""),
                "scope": SCOPES,
            },
        )
        said = json_object(answer)
        token = _secret(said, "access_token")
        if answer.status_code == requests.codes.ok and token:
            return token
        error: ChannelError = server.error(answer)
        if answer.status_code in (400, 401):  # RFC 6749, 5.2: the code, or the application
            raise Unauthorised(NO_TOKEN, status=error.status, answer=error.answer)
        raise error


def _server(account: Account) -> Server:
    return Server(
        account.base_url.rstrip("/"),
        allow_private_addresses=account.allow_private_addresses,
        unclear=NO_CHECK,
    )


def _secret(said: Mapping[str, Any], name: str) -> str:
    """The value called *name*, if it can stand in a header or an address."""
    value = said.get(name)
    good = isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value
    return value if isinstance(value, str) and good and len(value) <= LONGEST_SECRET else ""
