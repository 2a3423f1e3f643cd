"""One call of the Graph API: address, token, proof, and what a call without an answer means."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import requests

from syndicator.channels.base import Account, ChannelError
from syndicator.channels.calling import NoAnswer, call
from syndicator.channels.facebook.errors import (
    NO_ANSWER,
    TOKEN,
    UNCLEAR,
    UNREACHABLE,
    error_of,
)
from syndicator.channels.facebook.usage import wait_after_refusal
from syndicator.outbound.answers import json_object, redact
from syndicator.outbound.deadline import Deadline

VERSION = "v26.0"

NO_ANSWER_TO_POST = NoAnswer(UNREACHABLE, UNCLEAR, TOKEN)
NO_ANSWER_TO_READ = NoAnswer(UNREACHABLE, NO_ANSWER, TOKEN)

#: A file of a multipart form: its name, its bytes, its media type.
File = tuple[str, bytes, str]

_IN_ADDRESSES = re.compile(r"\b((?:input_token|appsecret_proof|access_token)=)[^&\s\"]+")


@dataclass(frozen=True, slots=True)
class Graph:
    """The Graph API at *base_url*, called with *token* (none if empty).

    With *app_secret* every call proves that it comes from the app. *hidden* are further secrets
    that no error or record may show.
    """

    base_url: str
    token: str = field(repr=False)
    app_secret: str = field(default="", repr=False)
    allow_private_addresses: bool = False
    hidden: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, account: Account, token: str) -> Graph:
        return cls(
            account.base_url.rstrip("/"),
            token,
            account.settings.get("app_secret", ""),
            account.allow_private_addresses,
        )

    def with_token(self, token: str) -> Graph:
        return replace(self, token=token, hidden=(*self.hidden, self.token))

    def hiding(self, *secrets: str) -> Graph:
        return replace(self, hidden=(*self.hidden, *secrets))

    def call(
        self,
        deadline: Deadline,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        files: Mapping[str, File] | None = None,
        harmless: bool = False,
    ) -> requests.Response:
        """Whatever was answered; a `ChannelError` if nothing was.

        A *harmless* call cannot publish anything: without an answer it may be made again.
        """
        proof = {"appsecret_proof": self._proof(self.token)} if self._proves else {}
        return call(
            deadline,
            method,
            f"{self.base_url}/{VERSION}/{path}",
            says=NO_ANSWER_TO_READ if harmless else NO_ANSWER_TO_POST,
            redacted=self.redacted,
            allow_private_addresses=self.allow_private_addresses,
            harmless=harmless,
            params={**(params or {}), **(proof if data is None else {})},
            data=None if data is None else {**data, **proof},
            files=files,
            # In a header, so that the token stands in no address that somebody logs.
            headers={"Authorization": f"Bearer {self.token}"} if self.token else None,
        )

    def error(self, answer: requests.Response, *, harmless: bool = False) -> ChannelError:
        """What an *answer* other than success means."""
        found = json_object(answer).get("error")
        error = {
            name: self.redacted(said) if isinstance(said, str) else said
            for name, said in (found if isinstance(found, dict) else {}).items()
        }
        return error_of(
            error,
            status=answer.status_code,
            answer=self.redacted(answer.text),
            wait=wait_after_refusal(answer.headers, error, datetime.now(UTC)),
            harmless=harmless,
        )

    def pages(
        self,
        deadline: Deadline,
        path: str,
        params: Mapping[str, str],
        *,
        most: int,
        harmless: bool = False,
    ) -> Iterator[Edge]:
        """What an edge lists, page by page, at most *most* of them.

        https://developers.facebook.com/docs/graph-api/results. A page that cannot be read, or
        followed, raises a `ChannelError`.
        """
        asked = dict(params)
        for _ in range(most):
            answer = self.call(deadline, "GET", path, params=asked, harmless=harmless)
            body = json_object(answer)
            items = body.get("data")
            if answer.status_code != requests.codes.ok or "error" in body:
                raise self.error(answer, harmless=harmless)
            further, after = _next_page(body)
            if not isinstance(items, list) or (further and not after):
                raise self.error(answer, harmless=harmless)
            yield Edge(answer, items, not further)
            if not further:
                return
            # Only the cursor is taken from the answer, never its address of the next page.
            asked["after"] = after

    def redacted(self, text: str) -> str:
        hidden = [one for one in (self.token, self.app_secret, *self.hidden) if one]
        return redact(text, [*hidden, *map(self._proof, hidden)])

    @property
    def _proves(self) -> bool:
        return bool(self.token and self.app_secret)

    def _proof(self, token: str) -> str:
        """https://developers.facebook.com/docs/graph-api/guides/secure-requests"""
        return hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Edge:
    """One page of what an edge lists, and the answer it came in."""

    answer: requests.Response
    items: Sequence[Any]
    is_last: bool


def _next_page(body: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether there are further items, and the cursor behind which they begin."""
    paging = body.get("paging")
    if not isinstance(paging, Mapping):
        return False, ""
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    return "next" in paging, after if isinstance(after, str) else ""


class _HideTokens(logging.Filter):
    """What a GET needs in its address (the token that is inspected, a proof) is not logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        hidden = _IN_ADDRESSES.sub(r"\1[hidden]", said)
        if hidden != said:
            record.msg, record.args = hidden, ()
        return True


# They log addresses: one every call, the other those whose answer has malformed headers.
for _name in ("urllib3.connectionpool", "urllib3.connection"):
    logging.getLogger(_name).addFilter(_HideTokens())
