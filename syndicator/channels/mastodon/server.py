"""One Mastodon server, called with one account's token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from syndicator.channels.base import Account, ChannelError, Unknown
from syndicator.channels.calling import NoAnswer, call
from syndicator.channels.mastodon.errors import ADDRESS, UNCLEAR, UNREACHABLE, error_of
from syndicator.outbound.answers import json_object, redact
from syndicator.outbound.deadline import Deadline
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
        return call(
            deadline,
            method,
            self.base_url + route,
            says=NoAnswer(UNREACHABLE, self.unclear, ADDRESS),
            redacted=self.redacted,
            allow_private_addresses=self.allow_private_addresses,
            headers=headers,
            **what,
        )

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
