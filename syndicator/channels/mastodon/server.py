"""One Mastodon server, called with one account's token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from syndicator.channels.base import Account, ChannelError, TryLater, Unauthorised, Unknown
from syndicator.channels.mastodon.errors import ADDRESS, UNCLEAR, UNREACHABLE, error_of
from syndicator.outbound.answers import json_object, redact
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.http import did_not_act, make_session
from syndicator.wording import Wording


@dataclass(frozen=True, slots=True)
class Server:
    """The server at *base_url*. *secrets* are hidden wherever an answer is kept; *unclear* is what
    to say where an answer tells nothing."""

    base_url: str
    token: str = field(default="", repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)
    allow_private_addresses: bool = False
    unclear: Wording = UNCLEAR

    @classmethod
    def of(cls, account: Account, unclear: Wording = UNCLEAR) -> Server:
        token = account.settings.get("access_token", "")
        return cls(
            account.base_url.rstrip("/"), token, (token,), account.allow_private_addresses, unclear
        )

    def call(self, deadline: Deadline, method: str, route: str, **what: Any) -> requests.Response:
        """One call (*what* as for `requests`); whatever is answered is returned, and no answer is
        a `ChannelError`."""
        headers = {**what.pop("headers", {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        session = make_session(deadline, allow_private_addresses=self.allow_private_addresses)
        try:
            with session:
                return session.request(method, self.base_url + route, headers=headers, **what)
        except (requests.RequestException, DeadlinePassed, ValueError) as error:
            told = self.redacted(str(error))
            if did_not_act(error):
                raise TryLater(UNREACHABLE, answer=told) from error
            if deadline.sent:
                raise Unknown(self.unclear, answer=told) from error
            # The base URL or the token cannot even be put into a request.
            raise Unauthorised(ADDRESS, answer=told) from error

    def error(self, answer: requests.Response) -> ChannelError:
        return error_of(
            self.redacted(error_text(answer)),
            status=answer.status_code,
            headers=answer.headers,
            answer=self.redacted(answer.text),
            now=datetime.now(UTC),
            unclear=self.unclear,
        )

    def not_understood(self, answer: requests.Response) -> Unknown:
        said = self.redacted(answer.text)
        return Unknown(self.unclear, status=answer.status_code, answer=said)

    def redacted(self, text: str) -> str:
        return redact(text, self.secrets)


def error_text(answer: requests.Response) -> str:
    """What the server says is wrong; empty if it is not Mastodon that says so."""
    error = json_object(answer).get("error")
    return error if isinstance(error, str) else ""
