"""Posts on one X account (API v2, OAuth 1.0a user context), through tweepy.

https://docs.x.com/x-api/posts/creation-of-a-post. There is no idempotency key: an unclear answer
is looked up in the account's own timeline by its link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
import tweepy

from syndicator.channels.base import (
    Account,
    Client,
    LookUp,
    Message,
    Receipt,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.links import essence
from syndicator.channels.x.errors import TOKEN, UNCLEAR, error_of
from syndicator.channels.x.limits import wait_after_success
from syndicator.outbound.answers import json_object, redact
from syndicator.outbound.clocks import platform_time
from syndicator.outbound.deadline import Deadline, DeadlinePassed
from syndicator.outbound.http import OutboundSession, did_not_act, make_session
from syndicator.wording import Wording, gettext_noop

PAGE_SIZE = 100
#: Pages of a look-up; past that it is incomplete and proves nothing. X keeps 3,200 posts anyway.
MAX_PAGES = 32

_ID = re.compile(r"[0-9]{1,19}")

UNREACHABLE = Wording(gettext_noop("X could not be reached; it will be tried again."))

SECRETS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of the account's posts, and the time on X's clock when it was given."""

    posts: list[Mapping[str, Any]]
    is_last: bool
    platform_time: datetime | None


class XClient(Client):
    def __init__(self, account: Account) -> None:
        self._base_url = account.base_url.rstrip("/")
        self._keys = {name: account.settings.get(name, "") for name in SECRETS}
        # An OAuth 1.0a user token begins with the user's own id.
        self._user_id = self._keys["access_token"].partition("-")[0]
        self._allow_private_addresses = account.allow_private_addresses

    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        with Deadline(deadline) as ends:
            text = message.text.replace("\r\n", "\n")
            answer = self._call(ends, "POST", "/2/tweets", json={"text": text})
        data = json_object(answer).get("data")
        remote_id = data.get("id") if isinstance(data, Mapping) else None
        if answer.status_code != requests.codes.created or not _is_id(remote_id):
            self._fail(answer)
        return Receipt(
            str(remote_id),
            url=f"https://x.com/i/web/status/{remote_id}",
            answer=self._redacted(answer.text),
            status=answer.status_code,
            wait=wait_after_success(answer.headers, datetime.now(UTC)),
        )

    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        sought, told, complete = essence(message.permalink), None, False
        with Deadline(deadline) as ends:
            for page in self._timeline(ends, since):
                told, complete = told or page.platform_time, page.is_last
                for post in page.posts:
                    if sought in map(essence, _links(post)):
                        remote_id = str(post["id"])
                        receipt = Receipt(remote_id, url=f"https://x.com/i/web/status/{remote_id}")
                        return LookUp(receipt, complete=complete, platform_time=told)
        return LookUp(None, complete=complete, platform_time=told)

    def _timeline(self, deadline: Deadline, since: datetime) -> Iterator[_Page]:
        """The account's posts since *since*: https://docs.x.com/x-api/posts/get-posts."""
        parameters = {
            "max_results": str(PAGE_SIZE),
            "start_time": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tweet.fields": "created_at,entities",
        }
        for _ in range(MAX_PAGES):
            route = f"/2/users/{self._user_id}/tweets"
            answer = self._call(deadline, "GET", route, params=parameters)
            body = json_object(answer)
            meta, posts = body.get("meta"), body.get("data", [])
            if (
                answer.status_code != requests.codes.ok
                or "errors" in body
                or not isinstance(meta, Mapping)
                or not isinstance(posts, list)
                or not all(isinstance(post, Mapping) and _is_id(post.get("id")) for post in posts)
                or (meta.get("result_count") and not posts)
            ):
                # A page that is not understood in full could hide the post.
                self._fail(answer)
            further = meta.get("next_token")
            yield _Page(posts, further is None, platform_time(answer.headers))
            if further is None:
                return
            parameters["pagination_token"] = str(further)

    def _call(self, deadline: Deadline, method: str, route: str, **what: Any) -> requests.Response:
        """One signed call; whatever X answers is returned, and no answer is a `ChannelError`."""
        client = tweepy.Client(
            **self._keys, return_type=requests.Response, wait_on_rate_limit=False
        )
        session = make_session(deadline, allow_private_addresses=self._allow_private_addresses)
        redirected = _Redirected(session, self._base_url)
        client.session = redirected
        try:
            with session:
                client.request(method, route, user_auth=True, **what)
        except (requests.RequestException, DeadlinePassed) as error:
            told = self._redacted(str(error))
            if did_not_act(error):
                raise TryLater(UNREACHABLE, answer=told) from error
            if deadline.sent:
                raise Unknown(UNCLEAR, answer=told) from error
            # The base URL or the keys cannot even be put into a request.
            raise Unauthorised(TOKEN, answer=told) from error
        except (tweepy.TweepyException, ValueError, AttributeError, TypeError) as error:
            # tweepy raises for every answer but success, and trips over bodies and headers of
            # unexpected form. The answer itself says more.
            if redirected.answer is None:
                raise Unauthorised(TOKEN, answer=self._redacted(str(error))) from error
        assert redirected.answer is not None
        return redirected.answer

    def _fail(self, answer: requests.Response) -> NoReturn:
        problem = json_object(answer)
        raise error_of(
            {name: self._redacted(said) for name, said in problem.items() if isinstance(said, str)},
            status=answer.status_code,
            headers=answer.headers,
            answer=self._redacted(answer.text),
            now=datetime.now(UTC),
        )

    def _redacted(self, text: str) -> str:
        return redact(text, self._keys.values())


class _Redirected:
    """Stands in for tweepy's session: its fixed host becomes the configured base URL.

    The swap comes before OAuth signs the request, so the signature is made over the real target.
    """

    def __init__(self, session: OutboundSession, base_url: str) -> None:
        self._session = session
        self._base_url = base_url
        self.answer: requests.Response | None = None

    def request(self, method: str, url: str, **what: Any) -> requests.Response:
        target = self._base_url + urlsplit(url).path
        self.answer = self._session.request(method, target, **what)
        return self.answer


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _links(post: Mapping[str, Any]) -> set[str]:
    """Where the post's t.co links really lead."""
    entities = post.get("entities")
    urls = entities.get("urls") if isinstance(entities, Mapping) else None
    return {
        str(url[name])
        for url in (urls if isinstance(urls, list) else [])
        if isinstance(url, Mapping)
        for name in ("expanded_url", "unwound_url")
        if name in url
    }
