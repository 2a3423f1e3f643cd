"""Posts on one X account (API v2): https://docs.x.com/x-api/posts/creation-of-a-post.

There is no idempotency key: an unclear answer is looked up in the account's own timeline by its
link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import requests

from syndicator.channels.base import (
    ALSO,
    Account,
    AccountCheck,
    ChannelError,
    Client,
    LookUp,
    Message,
    Receipt,
    Rejected,
)
from syndicator.channels.links import essence
from syndicator.channels.x import media, prices
from syndicator.channels.x.connection import XConnection
from syndicator.channels.x.errors import ORIGINAL_GONE, PERMISSION, Problem
from syndicator.channels.x.limits import wait_after_success
from syndicator.channels.x.threads import MOST_PARTS
from syndicator.outbound.account_pictures import picture_at
from syndicator.outbound.answers import json_object
from syndicator.outbound.clocks import platform_time
from syndicator.outbound.deadline import Deadline
from syndicator.wording import Wording, gettext_noop

PAGE_SIZE = 100
#: Pages of a look-up; past that it is incomplete and proves nothing. X keeps 3,200 posts anyway.
MAX_PAGES = 32
#: What X makes of every link in a text.
SHORTENED = "https://t.co/"
#: How a post of a person may refer to another one and yet carry the link.
ANSWERS = ("replied_to", "quoted")
#: Of the account's own picture.
LARGEST_AVATAR = 2 * 1024 * 1024

THREAD_BROKE = gettext_noop(
    "The post is out, but its thread broke off: %(out)s of %(all)s answers are out. "
    "Add the rest by hand, or leave it. %(why)s"
)
THREAD_UNKNOWN = Wording(
    gettext_noop("It was found on X. Whether its thread is complete is not known: look there.")
)
NO_MEDIA_SCOPE = Wording(
    gettext_noop("The account may not upload pictures. Sign in at X again and allow it.")
)

_ID = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of the account's posts, and the time on X's clock when it was given."""

    posts: list[Mapping[str, Any]]
    is_last: bool
    platform_time: datetime | None
    answer: requests.Response


class XClient(Client):
    def __init__(self, account: Account) -> None:
        self._x = XConnection(account)
        self._open_picture = account.open_picture
        self._allow_private_addresses = account.allow_private_addresses

    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        if message.in_reply_to and not _is_id(message.in_reply_to):
            raise Rejected(ORIGINAL_GONE)  # X can have given no post that name
        with Deadline(deadline) as ends:
            uploaded = [
                media.upload(self._x, ends, picture, self._open_picture(picture))
                for picture in message.pictures
            ]
            body: dict[str, Any] = {"text": _as_sent(message.text)}
            if uploaded:
                body["media"] = {"media_ids": uploaded}
            if message.in_reply_to:
                body["reply"] = {"in_reply_to_tweet_id": message.in_reply_to}
            remote_id, answer = self._publish(ends, body)
            answers, note = self._go_on(ends, remote_id, message.thread)
        return Receipt(
            _names(remote_id, answers),
            url=_url(remote_id),
            answer=self._x.redacted(answer.text),
            status=answer.status_code,
            wait=wait_after_success(answer.headers, datetime.now(UTC)),
            note=note,
        )

    def delete(self, remote_id: str, *, key: str, deadline: timedelta) -> Receipt:
        """https://docs.x.com/x-api/posts/delete-post. Of a thread the first post goes first: it is
        what readers come by."""
        with Deadline(deadline) as ends:
            for name in remote_id.split(ALSO):
                answer = self._x.call(ends, "DELETE", f"/2/tweets/{name}")
                if not _is_gone(answer):
                    self._x.fail(answer)
        return Receipt(remote_id, answer=self._x.redacted(answer.text), status=answer.status_code)

    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        if message.in_reply_to:
            return self._look_reply_up(message, since, deadline)
        sought, told, complete = essence(message.permalink), None, False
        seen: list[Mapping[str, Any]] = []
        found: Mapping[str, Any] | None = None
        answering: Mapping[str, Any] | None = None
        with Deadline(deadline) as ends:
            for page in self._timeline(ends, since):
                told, complete = told or page.platform_time, page.is_last
                seen += page.posts
                linking = [
                    post
                    for post in page.posts
                    if not _refers(post, "retweeted") and sought in map(essence, _links(post))
                ]
                # The newest come first: an answer may say the link before its post does.
                found = next((post for post in linking if not _refers(post, *ANSWERS)), None)
                answering = answering or next(iter(linking), None)
                if found:
                    break
        found = found or answering
        receipt = _receipt(found, seen, len(message.thread)) if found else None
        return LookUp(receipt, complete, told, len(seen) * prices.READ_OWN_POST)

    def _look_reply_up(self, message: Message, since: datetime, deadline: timedelta) -> LookUp:
        """The post with the link of *message* that answers the same one."""
        if not _is_id(message.in_reply_to):
            raise Rejected(ORIGINAL_GONE)
        sought, told, complete = essence(message.permalink), None, False
        found: Mapping[str, Any] | None = None
        seen = 0
        with Deadline(deadline) as ends:
            for page in self._timeline(ends, since):
                told, complete = told or page.platform_time, page.is_last
                seen += len(page.posts)
                linking = [
                    post
                    for post in page.posts
                    # An answer is newer than what it answers.
                    if int(post["id"]) > int(message.in_reply_to)
                    and not _refers(post, "retweeted")
                    and sought in map(essence, _links(post))
                ]
                answered = [(post, _answered_by(post)) for post in linking]
                found = next((post for post, to in answered if to == message.in_reply_to), None)
                if found:
                    break
                if any(to is None for _, to in answered):
                    # What does not say what it answers could be the reply.
                    self._x.fail(page.answer)
        receipt = Receipt(str(found["id"]), url=_url(str(found["id"]))) if found else None
        return LookUp(receipt, complete, told, seen * prices.READ_OWN_POST)

    def check(self, *, deadline: timedelta) -> AccountCheck:
        """https://docs.x.com/x-api/users/get-my-user"""
        with Deadline(deadline) as ends:
            query = {"user.fields": "profile_image_url"}
            answer = self._x.call(ends, "GET", "/2/users/me", params=query)
            data = json_object(answer).get("data")
            if not answer.ok or not isinstance(data, Mapping) or not _is_id(data.get("id")):
                self._x.fail(answer)
            handle = str(data.get("username", ""))
            picture = picture_at(
                data.get("profile_image_url"),
                ends,
                allow_private_addresses=self._allow_private_addresses,
                largest=LARGEST_AVATAR,
            )
            return AccountCheck(
                name=f"{data.get('name', '')} (@{handle})",
                url=f"https://x.com/{handle}" if re.fullmatch(r"\w{1,50}", handle) else "",
                picture=picture.content if picture else b"",
                missing=self._missing(answer),
                ends_at=self._x.ends_at,
            )

    def _publish(self, ends: Deadline, body: Mapping[str, Any]) -> tuple[str, requests.Response]:
        """The id of the new post, and the answer that names it."""
        answer = self._x.call(ends, "POST", "/2/tweets", json=body)
        data = json_object(answer).get("data")
        remote_id = data.get("id") if isinstance(data, Mapping) else None
        if answer.status_code != requests.codes.created or not _is_id(remote_id):
            self._x.fail(answer)
        return str(remote_id), answer

    def _go_on(
        self, ends: Deadline, before: str, parts: Sequence[str]
    ) -> tuple[list[str], Wording | None]:
        """Answer the post with each of *parts* in turn: the ids, and why it broke off, if it did.

        The first post is out and has its receipt: nothing of the thread is ever sent again.
        """
        answers: list[str] = []
        for part in parts:
            reply = {"in_reply_to_tweet_id": before}
            try:
                before, _ = self._publish(ends, {"text": _as_sent(part), "reply": reply})
            except ChannelError as error:
                return answers, Wording(
                    THREAD_BROKE,
                    {"out": len(answers), "all": len(parts), "why": error.reason},
                )
            answers.append(before)
        return answers, None

    def _timeline(self, ends: Deadline, since: datetime) -> Iterator[_Page]:
        """The account's posts since *since*: https://docs.x.com/x-api/users/get-posts."""
        parameters = {
            "max_results": str(PAGE_SIZE),
            "start_time": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "tweet.fields": "conversation_id,created_at,entities,referenced_tweets",
        }
        for _ in range(MAX_PAGES):
            route = f"/2/users/{self._x.user_id}/tweets"
            answer = self._x.call(ends, "GET", route, params=parameters)
            body = json_object(answer)
            meta, posts = body.get("meta"), body.get("data", [])
            if (
                answer.status_code != requests.codes.ok
                or "errors" in body
                or not isinstance(meta, Mapping)
                or not isinstance(posts, list)
                or not all(map(_is_understood, posts))
                or (meta.get("result_count") and not posts)
            ):
                # A page that is not understood in full could hide the post.
                self._x.fail(answer)
            further = meta.get("next_token")
            yield _Page(posts, further is None, platform_time(answer.headers), answer)
            if further is None:
                return
            parameters["pagination_token"] = str(further)

    def _missing(self, answer: requests.Response) -> tuple[Wording, ...]:
        scopes = self._x.scopes
        if scopes is None:
            # From memory: OAuth 1.0a tells with every answer what the token may do.
            may_write = answer.headers.get("x-access-level", "read-write") != "read"
            return () if may_write else (PERMISSION,)
        missing = []
        if not {"tweet.read", "tweet.write", "users.read"} <= scopes:
            missing.append(PERMISSION)
        if "media.write" not in scopes:
            missing.append(NO_MEDIA_SCOPE)
        return tuple(missing)


def _names(remote_id: str, answers: Sequence[str]) -> str:
    return ALSO.join([remote_id, *answers[:MOST_PARTS]])


def _receipt(found: Mapping[str, Any], seen: Sequence[Mapping[str, Any]], parts: int) -> Receipt:
    """What was *found*, with the first *parts* answers to it among the posts *seen*."""
    remote_id = str(found["id"])
    answers = [
        str(post["id"])
        for post in seen
        if _refers(post, "replied_to") and post.get("conversation_id") == remote_id
    ]
    thread = sorted(answers, key=int)[:parts]
    note = THREAD_UNKNOWN if len(thread) < parts else None
    return Receipt(_names(remote_id, thread), url=_url(remote_id), note=note)


def _as_sent(text: str) -> str:
    return text.replace("\r\n", "\n")


def _url(remote_id: str) -> str:
    return f"https://x.com/i/web/status/{remote_id}"


def _is_gone(answer: requests.Response) -> bool:
    """Whether the post that was to be deleted is not there any more, or was not before.

    What X does not find it also names in an answer that is a success otherwise.
    """
    body = json_object(answer)
    data = body.get("data")
    is_deleted = isinstance(data, Mapping) and data.get("deleted") is True
    is_missing = Problem.of(body).is_about_something_missing
    return answer.status_code == requests.codes.not_found or (
        answer.ok and (is_deleted or is_missing)
    )


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _is_understood(post: object) -> bool:
    """Whether *post* can be compared: if not, it could be the one that is sought.

    A repost cannot; its text is cut, within a link too, and it has the entities that are left. X
    leaves ``entities`` out of posts without links; a link in the text always has one.
    """
    if not isinstance(post, Mapping) or not _is_id(post.get("id")):
        return False
    if _refers(post, "retweeted"):
        return True
    text, entities = post.get("text"), post.get("entities") or {}
    urls = (entities.get("urls") or []) if isinstance(entities, Mapping) else None
    return (
        isinstance(text, str)
        and isinstance(urls, list)
        and all(isinstance(url, Mapping) and _says_where_it_leads(url) for url in urls)
        and (bool(urls) or SHORTENED not in text)
    )


def _says_where_it_leads(url: Mapping[str, Any]) -> bool:
    expanded, as_posted = url.get("expanded_url"), url.get("url")
    if expanded:
        return isinstance(expanded, str)
    return isinstance(as_posted, str) and not as_posted.startswith(SHORTENED)


def _refers(post: Mapping[str, Any], *ways: str) -> bool:
    """Whether *post* refers to another one in one of these *ways*; what is sought never does."""
    referenced = post.get("referenced_tweets")
    return isinstance(referenced, list) and any(
        isinstance(other, Mapping) and other.get("type") in ways for other in referenced
    )


def _answered_by(post: Mapping[str, Any]) -> str | None:
    """The id of the post that *post* answers; None if it does not say that it answers one."""
    referenced = post.get("referenced_tweets")
    for other in referenced if isinstance(referenced, list) else ():
        if isinstance(other, Mapping) and other.get("type") == "replied_to":
            return other["id"] if _is_id(other.get("id")) else None
    return None


def _links(post: Mapping[str, Any]) -> set[str]:
    """Where the t.co links of *post*, which is understood, really lead; and links left as they are.

    X leaves none, but what stands in for it may: a post that is overlooked is posted twice.
    """
    shortened = {
        str(url[name])
        for url in (post.get("entities") or {}).get("urls") or []
        for name in ("expanded_url", "unwound_url")
        if url.get(name)
    }
    return shortened | {word for word in unescape(post["text"]).split() if "://" in word}
