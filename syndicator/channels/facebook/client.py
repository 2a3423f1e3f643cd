"""Posts on one Facebook Page (Graph API v26.0, Pages API).

https://developers.facebook.com/docs/pages-api/posts. There is no idempotency key: an unclear
answer is looked up among the page's published posts by its link.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from syndicator.channels.base import (
    Account,
    ChannelError,
    Client,
    LookUp,
    Message,
    Receipt,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.facebook.errors import TOKEN, UNCLEAR, error_of
from syndicator.channels.facebook.links import is_post_of
from syndicator.channels.facebook.usage import wait_after_refusal, wait_after_success
from syndicator.outbound.answers import json_object, redact
from syndicator.outbound.clocks import platform_time
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.http import did_not_act, make_session
from syndicator.wording import Wording, gettext_noop

VERSION = "v26.0"
FIELDS = "id,message,created_time,permalink_url,attachments{unshimmed_url}"
PAGE_SIZE = 25
#: Pages of a look-up; past that it is incomplete and proves nothing. More than any page posts in
#: the hours that are looked through; the deadline ends a look-up that is slow.
MAX_PAGES = 200

_ID = re.compile(r"[0-9]+(?:_[0-9]+)?")

UNREACHABLE = Wording(gettext_noop("Facebook could not be reached; it will be tried again."))
NO_LOOK_UP = Wording(gettext_noop("The page's posts on Facebook could not be looked through."))


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of the account's posts, and the time on Facebook's clock when it was given."""

    posts: list[Mapping[str, Any]]
    is_last: bool
    platform_time: datetime | None


class FacebookClient(Client):
    def __init__(self, account: Account) -> None:
        self._url = f"{account.base_url.rstrip('/')}/{VERSION}"
        self._page = account.settings.get("page_id", "")
        self._token = account.settings.get("page_access_token", "")
        self._app_secret = account.settings.get("app_secret", "")
        self._allow_private_addresses = account.allow_private_addresses

    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        parameters = {"message": message.text, "link": message.link}
        with Deadline(deadline) as ends:
            answer = self._call(ends, "POST", "feed", data=parameters)
        remote_id = json_object(answer).get("id")
        if answer.status_code != requests.codes.ok or not _is_id(remote_id):
            raise self._error(answer)
        return Receipt(
            str(remote_id),
            url=f"https://www.facebook.com/{remote_id}",
            answer=self._redacted(answer.text),
            status=answer.status_code,
            wait=wait_after_success(answer.headers),
        )

    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        told, complete = None, False
        with Deadline(deadline) as ends:
            for page in self._pages(ends, since):
                told, complete = told or page.platform_time, page.is_last
                for post in page.posts:
                    if is_post_of(post, message):
                        remote_id = str(post["id"])
                        receipt = Receipt(remote_id, url=f"https://www.facebook.com/{remote_id}")
                        return LookUp(receipt, complete=complete, platform_time=told)
        return LookUp(None, complete=complete, platform_time=told)

    def _pages(self, deadline: Deadline, since: datetime) -> Iterator[_Page]:
        """The page's posts since *since*: https://developers.facebook.com/docs/graph-api/results."""
        parameters = {
            "fields": FIELDS,
            "limit": str(PAGE_SIZE),
            "since": str(int(since.timestamp())),
        }
        for _ in range(MAX_PAGES):
            answer = self._call(deadline, "GET", "published_posts", params=parameters)
            body = json_object(answer)
            posts = body.get("data")
            if answer.status_code != requests.codes.ok or "error" in body:
                raise self._error(answer)
            if not isinstance(posts, list) or not all(map(_is_post, posts)):
                # A page that is not understood in full could hide the post.
                raise self._not_understood(answer)
            further, after = _next_page(body)
            yield _Page(posts, not further, platform_time(answer.headers))
            if not further:
                return
            # Only the cursor is taken from the answer, never its address of the next page.
            if not after:
                raise self._not_understood(answer)
            parameters["after"] = after

    def _call(
        self,
        deadline: Deadline,
        method: str,
        edge: str,
        *,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """One call of an *edge* of the page; no answer is a `ChannelError`."""
        proof = self._proof()
        session = make_session(deadline, allow_private_addresses=self._allow_private_addresses)
        try:
            with session:
                return session.request(
                    method,
                    f"{self._url}/{self._page}/{edge}",
                    params=None if params is None else {**params, **proof},
                    data=None if data is None else {**data, **proof},
                    # In a header, so that the token stands in no address that somebody logs.
                    headers={"Authorization": f"Bearer {self._token}"},
                )
        except (requests.RequestException, DeadlinePassed, ValueError) as error:
            told = self._redacted(str(error))
            if did_not_act(error):
                raise TryLater(UNREACHABLE, answer=told) from error
            if deadline.sent:
                raise Unknown(UNCLEAR, answer=told) from error
            # The base URL or the token cannot even be put into a request.
            raise Unauthorised(TOKEN, answer=told) from error

    def _proof(self) -> dict[str, str]:
        """https://developers.facebook.com/docs/graph-api/guides/secure-requests"""
        if not self._app_secret:
            return {}
        digest = hmac.new(self._app_secret.encode(), self._token.encode(), hashlib.sha256)
        return {"appsecret_proof": digest.hexdigest()}

    def _error(self, answer: requests.Response) -> ChannelError:
        error = json_object(answer).get("error")
        return error_of(
            {
                name: self._redacted(said) if isinstance(said, str) else said
                for name, said in (error if isinstance(error, dict) else {}).items()
            },
            status=answer.status_code,
            answer=self._redacted(answer.text),
            wait=wait_after_refusal(answer.headers, datetime.now(UTC)),
        )

    def _not_understood(self, answer: requests.Response) -> Unknown:
        said = self._redacted(answer.text)
        return Unknown(NO_LOOK_UP, status=answer.status_code, answer=said)

    def _redacted(self, text: str) -> str:
        return redact(text, (self._token, self._app_secret, *self._proof().values()))


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _is_post(value: object) -> bool:
    return isinstance(value, Mapping) and _is_id(value.get("id"))


def _next_page(body: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether there are further posts, and the cursor behind which they begin."""
    paging = body.get("paging")
    if not isinstance(paging, Mapping):
        return False, ""
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    return "next" in paging, after if isinstance(after, str) else ""
