"""Posts on one Mastodon account: https://docs.joinmastodon.org/methods/statuses/.

The idempotency key goes along, but nothing is concluded from it: see the README. An unclear answer
is looked up among the account's own posts by its link.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from syndicator.channels.base import (
    ALSO,
    Account,
    AccountCheck,
    Client,
    LookUp,
    Message,
    Receipt,
    Rejected,
    Unauthorised,
)
from syndicator.channels.mastodon.accounts import own_account, web_address
from syndicator.channels.mastodon.checking import check
from syndicator.channels.mastodon.errors import NO_CHECK, NO_LOOK_UP, ORIGINAL_GONE, POST_GONE
from syndicator.channels.mastodon.ids import is_id
from syndicator.channels.mastodon.limit import limit_of
from syndicator.channels.mastodon.limits import wait_after_success
from syndicator.channels.mastodon.links import is_post_of
from syndicator.channels.mastodon.pictures import description, upload
from syndicator.channels.mastodon.server import Server, error_text
from syndicator.content import Picture
from syndicator.outbound.answers import json_object
from syndicator.outbound.clocks import platform_time
from syndicator.outbound.deadline import Deadline
from syndicator.wording import Wording, gettext_noop

VISIBILITIES = ("public", "unlisted", "private")
#: What the API gives at most.
PAGE_SIZE = 40
#: Pages of a look-up; past that it is incomplete and proves nothing.
MAX_PAGES = 100
#: How far apart the forms of two pictures may be that are the same: servers scale, and round.
SAME_FORM = 0.02
GONE = (requests.codes.not_found, requests.codes.gone)

VISIBILITY = Wording(gettext_noop("The visibility has to be public, unlisted or private."))


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of the account's posts, and the time on the server's clock when it was given."""

    posts: list[Mapping[str, Any]]
    is_last: bool
    platform_time: datetime | None
    answer: requests.Response


class MastodonClient(Client):
    def __init__(self, account: Account) -> None:
        self._server = Server.of(account)
        self._handle = account.settings.get("handle", "")
        self._limit = limit_of(account.settings)
        self._visibility = account.settings.get("visibility", "") or VISIBILITIES[0]
        self._open_picture = account.open_picture

    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        if self._visibility not in VISIBILITIES:
            raise Unauthorised(VISIBILITY)
        if message.in_reply_to and not is_id(message.in_reply_to):
            raise Rejected(ORIGINAL_GONE)  # no server can have given that name
        with Deadline(deadline) as ends:
            media = self._upload(ends, message)
            answer = self._server.call(
                ends,
                "POST",
                "/api/v1/statuses",
                json={**_fields(message, media), "visibility": self._visibility},
                headers={"Idempotency-Key": key},
            )
        if message.in_reply_to and answer.status_code in GONE and error_text(answer):
            raise self._refused(ORIGINAL_GONE, answer)
        return self._receipt(answer)

    def edit(self, remote_id: str, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        route = f"/api/v1/statuses/{_checked(remote_id)}"
        with Deadline(deadline) as ends:
            # What a change does not name is taken away from the post.
            media = self._kept(ends, route, message) or self._upload(ends, message)
            answer = self._server.call(ends, "PUT", route, json=_fields(message, media))
        if answer.status_code in GONE and error_text(answer):
            raise self._refused(POST_GONE, answer)
        return self._receipt(answer, remote_id)

    def delete(self, remote_id: str, *, key: str, deadline: timedelta) -> Receipt:
        with Deadline(deadline) as ends:
            deleted = [self._delete(ends, name) for name in remote_id.split(ALSO)]
        return replace(deleted[-1], remote_id=remote_id)

    def _delete(self, ends: Deadline, name: str) -> Receipt:
        answer = self._server.call(ends, "DELETE", f"/api/v1/statuses/{_checked(name)}")
        if answer.status_code in GONE and error_text(answer):
            told = self._server.redacted(answer.text)
            return Receipt(name, answer=told, status=answer.status_code)
        return replace(self._receipt(answer, name), url="")

    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        told, complete = None, False
        with Deadline(deadline) as ends:
            for page in self._pages(ends, since):
                told, complete = told or page.platform_time, page.is_last
                found = [post for post in page.posts if is_post_of(post, message)]
                if message.in_reply_to:
                    found = _answering(found, message.in_reply_to, page.answer, self._server)
                if found:
                    receipt = Receipt(str(found[0]["id"]), url=web_address(found[0].get("url")))
                    return LookUp(receipt, complete=complete, platform_time=told)
        return LookUp(None, complete=complete, platform_time=told)

    def check(self, *, deadline: timedelta) -> AccountCheck:
        with Deadline(deadline) as ends:
            server = replace(self._server, unclear=NO_CHECK)
            return check(server, ends, handle=self._handle, limit=self._limit)

    def _pages(self, deadline: Deadline, since: datetime) -> Iterator[_Page]:
        """The account's posts since *since*, newest first, all that its owner can see.

        https://docs.joinmastodon.org/methods/accounts/#statuses
        """
        server = replace(self._server, unclear=NO_LOOK_UP)
        # Of a suspended account the list is empty, which would look like absence; but that one is
        # refused here already.
        account = own_account(server, deadline, self._handle)
        route = f"/api/v1/accounts/{account.id}/statuses"
        parameters = {"limit": str(PAGE_SIZE), "exclude_reblogs": "true"}
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            answer = server.call(deadline, "GET", route, params=parameters)
            posts = _list(answer)
            if answer.status_code != requests.codes.ok:
                raise server.error(answer)
            if posts is None or not all(map(_is_post, posts)):
                # A page that is not understood in full could hide the post.
                raise server.not_understood(answer)
            # Pages may have fewer posts than asked for: only an empty one is the last.
            is_last = not posts or _created(posts[-1]) < since
            yield _Page(posts, is_last, platform_time(answer.headers), answer)
            if is_last:
                return
            parameters["max_id"] = str(posts[-1]["id"])
            if parameters["max_id"] in seen:
                raise server.not_understood(answer)
            seen.add(parameters["max_id"])

    def _upload(self, deadline: Deadline, message: Message) -> list[str]:
        return upload(
            self._server,
            deadline,
            message.pictures,
            language=message.language,
            open_picture=self._open_picture,
        )

    def _kept(self, deadline: Deadline, route: str, message: Message) -> list[str]:
        """The ids of the pictures that the post has already, if they are those of *message*."""
        if not message.pictures:
            return []
        answer = self._server.call(deadline, "GET", route)
        if answer.status_code in GONE and error_text(answer):
            raise self._refused(POST_GONE, answer)
        if answer.status_code != requests.codes.ok:
            raise self._server.error(answer)
        attached = json_object(answer).get("media_attachments")
        attached = attached if isinstance(attached, list) else []
        same = len(attached) == len(message.pictures) and all(
            _is_picture(one, picture, message.language)
            for one, picture in zip(attached, message.pictures, strict=True)
        )
        return [str(one["id"]) for one in attached] if same else []

    def _refused(self, why: Wording, answer: requests.Response) -> Rejected:
        said = self._server.redacted(answer.text)
        return Rejected(why, status=answer.status_code, answer=said)

    def _receipt(self, answer: requests.Response, remote_id: str | None = None) -> Receipt:
        """What an accepted call says, about *remote_id* where that is known before."""
        status = json_object(answer)
        named = status.get("id")
        right = is_id(named) and remote_id in (None, named)
        if answer.status_code != requests.codes.ok or not right:
            raise self._server.error(answer)
        return Receipt(
            str(named),
            url=web_address(status.get("url")),
            answer=self._server.redacted(answer.text),
            status=answer.status_code,
            wait=wait_after_success(answer.headers, datetime.now(UTC)),
        )


def _fields(message: Message, media: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {"status": message.text.replace("\r\n", "\n"), "media_ids": media}
    if message.in_reply_to:
        fields["in_reply_to_id"] = message.in_reply_to
    language = message.language.partition("-")[0].lower()
    if len(language) in (2, 3) and language.isascii() and language.isalpha():
        fields["language"] = language  # ISO 639, without a region
    return fields


def _checked(remote_id: str) -> str:
    if not is_id(remote_id):
        raise Rejected(POST_GONE)  # no server can have given that name
    return remote_id


def _answering(
    posts: Sequence[Mapping[str, Any]], original: str, answer: requests.Response, server: Server
) -> list[Mapping[str, Any]]:
    """Those of *posts* that answer *original*.

    The server forgets what a post answered once that is deleted: one that answers nothing could be
    the one that is sought.
    """
    newer = [post for post in posts if _age(post["id"]) > _age(original)]
    found = [post for post in newer if post.get("in_reply_to_id") == original]
    if not found and not all(is_id(post.get("in_reply_to_id")) for post in newer):
        raise replace(server, unclear=NO_LOOK_UP).not_understood(answer)
    return found


def _age(name: str) -> tuple[int, str]:
    """Ids grow: of two posts the one with the greater is the newer."""
    return len(name), name


def _list(answer: requests.Response) -> list[Any] | None:
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _is_post(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and is_id(value.get("id"))
        and isinstance(value.get("content"), str)
        and isinstance(value.get("reblog"), Mapping | None)
        and _moment(value.get("created_at")) is not None
    )


def _created(post: Mapping[str, Any]) -> datetime:
    moment = _moment(post["created_at"])
    assert moment is not None
    return moment


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_picture(attached: object, picture: Picture, language: str) -> bool:
    """Whether *attached* is *picture* to all appearances: described alike, of the same form.

    Without a description they could be any two pictures of a photographer.
    """
    if not isinstance(attached, Mapping) or not is_id(attached.get("id")):
        return False
    said = description(picture, language)
    meta = attached.get("meta")
    form = meta.get("original") if isinstance(meta, Mapping) else None
    width, height = (
        form.get(side) if isinstance(form, Mapping) else None for side in ("width", "height")
    )
    if type(width) is not int or type(height) is not int or min(width, height) < 1:
        return False
    aspect = (width / height) / (picture.width / picture.height)
    return bool(picture.alt) and attached.get("description") == said and abs(aspect - 1) < SAME_FORM
