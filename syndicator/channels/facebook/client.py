"""Posts on one Facebook Page (Graph API v26.0, Pages API).

https://developers.facebook.com/docs/pages-api/posts. There is no idempotency key: an unclear
answer is looked up among the page's published posts by its link.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import requests

from syndicator.channels.base import (
    Account,
    Client,
    LookUp,
    Message,
    Receipt,
    TryLater,
    Unknown,
)
from syndicator.channels.facebook.errors import UNCLEAR, error_of
from syndicator.outbound.answers import json_object, redact
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.http import OutboundSession, did_not_act, make_session
from syndicator.wording import Wording, gettext_noop

VERSION = "v26.0"
FIELDS = "id,message,created_time,permalink_url,attachments{unshimmed_url}"
PAGE_SIZE = 25
#: Pages of a look-up; past that it is incomplete and proves nothing.
MAX_PAGES = 40

UNREACHABLE = Wording(gettext_noop("Facebook could not be reached; it will be tried again."))
NO_LOOK_UP = Wording(gettext_noop("The page's posts on Facebook could not be looked through."))


class FacebookClient(Client):
    def __init__(self, account: Account) -> None:
        self._url = f"{account.base_url.rstrip('/')}/{VERSION}"
        self._page = account.settings.get("page_id", "")
        self._token = account.settings.get("page_access_token", "")
        self._app_secret = account.settings.get("app_secret", "")
        self._allow_private_addresses = account.allow_private_addresses

    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        with Deadline(deadline) as ends:
            try:
                answer = self._session(ends).post(
                    f"{self._url}/{self._page}/feed",
                    data={"message": message.text, "link": message.link, **self._proof()},
                )
            except (requests.RequestException, DeadlinePassed) as error:
                raise self._unanswered(error) from error
        body = json_object(answer)
        remote_id = body.get("id")
        if answer.status_code == requests.codes.ok and isinstance(remote_id, str) and remote_id:
            return Receipt(
                remote_id,
                url=f"https://www.facebook.com/{remote_id}",
                answer=self._redacted(answer),
                status=answer.status_code,
            )
        raise error_of(
            _error(body),
            status=answer.status_code,
            answer=self._redacted(answer),
            wait=_asked_wait(answer, body),
        )

    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        with Deadline(deadline) as ends:
            try:
                for posts, complete in self._pages(self._session(ends), since):
                    for post in posts:
                        if _carries(post, message.permalink):
                            return LookUp(_receipt(post), complete=complete)
            except (requests.RequestException, DeadlinePassed) as error:
                raise self._unanswered(error) from error
        return LookUp(None, complete=complete)

    def _pages(
        self, session: OutboundSession, since: datetime
    ) -> Iterator[tuple[list[Mapping[str, Any]], bool]]:
        """The page's posts since *since*, page by page; and whether that one was the last."""
        after = ""
        for _ in range(MAX_PAGES):
            parameters = {
                "fields": FIELDS,
                "limit": str(PAGE_SIZE),
                "since": str(int(since.timestamp())),
                **self._proof(),
                **({"after": after} if after else {}),
            }
            answer = session.get(f"{self._url}/{self._page}/published_posts", params=parameters)
            body = json_object(answer)
            posts = body.get("data")
            if answer.status_code != requests.codes.ok or not isinstance(posts, list):
                raise error_of(
                    _error(body),
                    status=answer.status_code,
                    answer=self._redacted(answer),
                    wait=_asked_wait(answer, body),
                )
            # Only the cursor is taken from the answer, never its address of the next page.
            after = _next_cursor(body)
            yield [post for post in posts if isinstance(post, Mapping)], not after
            if not after:
                return

    def _session(self, deadline: Deadline) -> OutboundSession:
        session = make_session(deadline, allow_private_addresses=self._allow_private_addresses)
        # In a header, so that the token stands in no address that somebody logs.
        session.headers["Authorization"] = f"Bearer {self._token}"
        return session

    def _proof(self) -> dict[str, str]:
        """https://developers.facebook.com/docs/graph-api/guides/secure-requests"""
        if not self._app_secret:
            return {}
        digest = hmac.new(self._app_secret.encode(), self._token.encode(), hashlib.sha256)
        return {"appsecret_proof": digest.hexdigest()}

    def _unanswered(self, error: Exception) -> TryLater | Unknown:
        told = redact(str(error), (self._token, self._app_secret))
        if did_not_act(error):
            return TryLater(UNREACHABLE, answer=told)
        return Unknown(UNCLEAR, answer=told)

    def _redacted(self, answer: requests.Response) -> str:
        return redact(answer.text, (self._token, self._app_secret))


def _error(body: Mapping[str, Any]) -> Mapping[str, Any]:
    error = body.get("error")
    return error if isinstance(error, Mapping) else {}


def _asked_wait(answer: requests.Response, body: Mapping[str, Any]) -> timedelta | None:
    """The longest ``estimated_time_to_regain_access`` (minutes) in the usage headers."""
    try:
        usage = json.loads(answer.headers.get("X-Business-Use-Case-Usage", ""))
        minutes = [
            float(use["estimated_time_to_regain_access"])
            for uses in usage.values()
            for use in uses
            if "estimated_time_to_regain_access" in use
        ]
    except (ValueError, AttributeError, TypeError, KeyError):
        return None
    longest = max(minutes, default=0)
    return timedelta(minutes=longest) if longest > 0 else None


def _carries(post: Mapping[str, Any], permalink: str) -> bool:
    attached = post.get("attachments")
    links = attached.get("data") if isinstance(attached, Mapping) else None
    urls = [link.get("unshimmed_url") for link in links or [] if isinstance(link, Mapping)]
    return permalink in urls or permalink in str(post.get("message", "")).split()


def _receipt(post: Mapping[str, Any]) -> Receipt:
    remote_id = str(post.get("id", ""))
    return Receipt(remote_id, url=f"https://www.facebook.com/{remote_id}")


def _next_cursor(body: Mapping[str, Any]) -> str:
    paging = body.get("paging")
    if not isinstance(paging, Mapping) or "next" not in paging:
        return ""
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    return after if isinstance(after, str) else ""
