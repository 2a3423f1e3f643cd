"""Whose token it is, and what the server says about the account and itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from syndicator.channels.base import Unauthorised
from syndicator.channels.mastodon.ids import is_id
from syndicator.channels.mastodon.server import Server
from syndicator.outbound.answers import json_object
from syndicator.outbound.deadline import Deadline
from syndicator.wording import Wording, gettext_noop

LONGEST_NAME = 100
LONGEST_URL = 1000
#: More is no limit of a server's.
LARGEST_LIMIT = 1_000_000

OTHER_ACCOUNT = gettext_noop("The access token is of the account @%(name)s. Connect the right one.")


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """The account of a token. *handle* is as in @name@server, *avatar* where its picture is."""

    id: str
    username: str
    display_name: str
    url: str
    avatar: str

    @property
    def handle(self) -> str:
        host = urlsplit(self.url).netloc
        return f"@{self.username}@{host}" if host else f"@{self.username}"


@dataclass(frozen=True, slots=True)
class Instance:
    """What a server says of itself; None and empty for what it does not."""

    version: str = ""
    longest_post: int | None = None


def own_account(server: Server, deadline: Deadline, handle: str = "") -> OwnAccount:
    """https://docs.joinmastodon.org/methods/accounts/#verify_credentials

    A `ChannelError` if the token is not accepted or, where *handle* says whose it should be, if it
    is another's. The server refuses it for accounts that are suspended.
    """
    answer = server.call(deadline, "GET", "/api/v1/accounts/verify_credentials")
    said = json_object(answer)
    if answer.status_code != requests.codes.ok or not is_id(said.get("id")):
        raise server.error(answer)
    username = server.redacted(_text(said, "username"))[:LONGEST_NAME]
    wanted = handle.lstrip("@").partition("@")[0]
    if wanted and username.lower() != wanted.lower():
        raise Unauthorised(Wording(OTHER_ACCOUNT, {"name": username}))
    return OwnAccount(
        id=str(said["id"]),
        username=username,
        display_name=server.redacted(_text(said, "display_name"))[:LONGEST_NAME] or username,
        url=web_address(said.get("url")),
        avatar=web_address(said.get("avatar_static")) or web_address(said.get("avatar")),
    )


def instance(server: Server, deadline: Deadline) -> Instance:
    """https://docs.joinmastodon.org/methods/instance/#v2; older servers know version 1 only."""
    for version in ("v2", "v1"):
        answer = server.call(deadline, "GET", f"/api/{version}/instance")
        said = json_object(answer)
        if answer.status_code == requests.codes.ok and said:
            configuration = said.get("configuration")
            statuses = _object(configuration).get("statuses")
            # Before configuration was told, forks had a field of their own.
            limit = _object(statuses).get("max_characters", said.get("max_toot_chars"))
            known = type(limit) is int and 0 < limit <= LARGEST_LIMIT
            return Instance(_text(said, "version")[:LONGEST_NAME], limit if known else None)
    return Instance()


def web_address(url: object) -> str:
    """*url* if it is an http(s) address; empty otherwise."""
    if not isinstance(url, str) or len(url) > LONGEST_URL or set(url) & set(' \r\n\t<>"'):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
