"""OAuth 2 with X: exchanging codes and refresh tokens, which X replaces at every use.

https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code, RFC 6749 and
RFC 7636. An access token lives two hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from syndicator.channels.base import TryLater, Unauthorised
from syndicator.channels.x.errors import CONNECT_AGAIN, LIMIT, LIMIT_WAIT, TOKEN, UNREACHABLE
from syndicator.channels.x.limits import wait_after_refusal
from syndicator.outbound.answers import json_object, redact
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.http import make_session

TOKEN_ROUTE = "/2/oauth2/token"  # noqa: S105 - a route
SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
#: A token that ends sooner is renewed before it is used.
RESERVE = timedelta(minutes=2)
LIFETIME = 7200


def expiry(settings: Mapping[str, str]) -> datetime | None:
    """When the access token ends; None if that is not known."""
    try:
        ends = datetime.fromisoformat(settings.get("oauth2_expires_at", ""))
    except ValueError:
        return None
    return ends if ends.tzinfo else None


def is_over(settings: Mapping[str, str]) -> bool:
    ends = expiry(settings)
    return ends is not None and ends - RESERVE <= datetime.now(UTC)


def refresh(
    base_url: str, settings: Mapping[str, str], ends: Deadline, *, allow_private_addresses: bool
) -> Mapping[str, str]:
    """New tokens for the refresh token in *settings*, which X then takes no more.

    `Unauthorised` if X refuses it; `TryLater` if there is no clear answer: nothing was posted.
    """
    form = {
        "grant_type": "refresh_token",
        "refresh_token": settings.get("oauth2_refresh_token", ""),
    }
    return request_token(
        base_url, settings, form, ends, allow_private_addresses=allow_private_addresses
    )


def request_token(
    base_url: str,
    settings: Mapping[str, str],
    form: Mapping[str, str],
    ends: Deadline,
    *,
    allow_private_addresses: bool,
) -> Mapping[str, str]:
    """The tokens that X gives for *form*, by the channel's setting names."""
    hidden = [settings.get("client_secret", ""), *form.values()]
    # A confidential client signs in with its secret, a public one only names itself.
    if settings.get("client_secret"):
        auth = (settings.get("client_id", ""), settings["client_secret"])
        fields = dict(form)
    else:
        auth, fields = None, {**form, "client_id": settings.get("client_id", "")}
    session = make_session(ends, allow_private_addresses=allow_private_addresses)
    try:
        with session:
            answer = session.request("POST", base_url + TOKEN_ROUTE, data=fields, auth=auth)
    except (requests.RequestException, DeadlinePassed, ValueError) as error:
        raise TryLater(UNREACHABLE, answer=redact(str(error), hidden)) from None
    return _tokens(answer, hidden)


def _tokens(answer: requests.Response, hidden: list[str]) -> Mapping[str, str]:
    said = json_object(answer)
    access, refreshed = said.get("access_token"), said.get("refresh_token", "")
    if answer.status_code == requests.codes.ok and _is_token(access):
        return {
            "oauth2_access_token": str(access),
            "oauth2_refresh_token": str(refreshed) if _is_token(refreshed) else "",
            "oauth2_expires_at": _expires_at(said.get("expires_in")),
            "oauth2_scopes": str(said.get("scope", "")),
        }
    status, told = answer.status_code, redact(answer.text, hidden)
    if status == requests.codes.too_many_requests:
        wait = wait_after_refusal(answer.headers, datetime.now(UTC)) or LIMIT_WAIT
        raise TryLater(LIMIT, retry_after=wait, status=status, answer=told)
    if status in (400, 401, 403) and "error" in said:
        # RFC 6749, 5.2: invalid_grant means the account, invalid_client the app.
        reason = CONNECT_AGAIN if said.get("error") != "invalid_client" else TOKEN
        raise Unauthorised(reason, status=status, answer=told)
    raise TryLater(UNREACHABLE, status=status, answer=told)


def _is_token(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) < 5000


def _expires_at(seconds: Any) -> str:
    lasts = seconds if type(seconds) is int and 0 < seconds <= 10**7 else LIFETIME
    return (datetime.now(UTC) + timedelta(seconds=lasts)).isoformat(timespec="seconds")
