"""Posts on one Facebook Page (Graph API v26.0, Pages API).

https://developers.facebook.com/docs/pages-api/posts. There is no idempotency key: an unclear
answer is looked up among the page's published posts by its permalink.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote

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
    Unauthorised,
    Unknown,
)
from syndicator.channels.facebook import checking, comments, photos
from syndicator.channels.facebook.errors import is_not_there
from syndicator.channels.facebook.graph import VERSION, Graph
from syndicator.channels.facebook.links import (
    FIELDS,
    FIELDS_TO_EDIT,
    is_id,
    is_post_of,
    is_understood,
    shows_link,
    shows_pictures,
)
from syndicator.channels.facebook.usage import wait_after_success
from syndicator.outbound.answers import json_object
from syndicator.outbound.clocks import platform_time
from syndicator.outbound.deadline import Deadline
from syndicator.wording import Wording, gettext_noop

__all__ = ["MAX_PAGES", "PAGE_SIZE", "VERSION", "FacebookClient"]

PAGE_SIZE = 25
#: Pages of a look-up; past that it is incomplete and proves nothing. More than any page posts in
#: the hours that are looked through; the deadline ends a look-up that is slow.
MAX_PAGES = 200

NO_LOOK_UP = Wording(gettext_noop("The page's posts on Facebook could not be looked through."))
CARD_OR_PICTURES = Wording(
    gettext_noop(
        "A Facebook post has either a link card or pictures. Put the permalink into the text."
    )
)
GONE = Wording(
    gettext_noop("Facebook does not find the post any more. It may have been deleted there.")
)
LINK_STAYS = Wording(
    gettext_noop("Facebook does not change the link of a post. Delete the post and post it anew.")
)
NO_PAGE = Wording(gettext_noop("The Facebook page's id is missing. Connect the page again."))
PICTURES_STAY = Wording(
    gettext_noop(
        "Facebook does not change the pictures of a post. Delete the post and post it anew."
    )
)


class FacebookClient(Client):
    def __init__(self, account: Account) -> None:
        self._account = account
        self._page_id = account.settings.get("page_id", "")
        self._graph = Graph.of(account, account.settings.get("page_access_token", ""))

    def send(self, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        if message.in_reply_to:
            return self._comment(message, deadline)
        if message.pictures and message.link:
            raise Rejected(CARD_OR_PICTURES)
        files = [photos.file_of(one, self._account.open_picture) for one in message.pictures]
        with Deadline(deadline) as ends:
            if len(files) == 1:
                fields = {"message": message.text, **photos.description(message.pictures[0])}
                answer = self._graph.call(
                    ends, "POST", f"{self._page}/photos", data=fields, files={"source": files[0]}
                )
                return self._receipt(answer, _id(answer, "post_id"))
            fields = {"message": message.text}
            if message.link:
                fields["link"] = message.link
            if files:
                ids = photos.upload(
                    self._graph, ends, self._page, message.pictures, files, message.language
                )
                fields["attached_media"] = photos.attached(ids)
            answer = self._graph.call(ends, "POST", f"{self._page}/feed", data=fields)
            return self._receipt(answer, _id(answer, "id"))

    def edit(self, remote_id: str, message: Message, *, key: str, deadline: timedelta) -> Receipt:
        """https://developers.facebook.com/docs/graph-api/reference/page-post#updating

        Only the text can be changed, and only of posts that the same app made.
        """
        path = quote(remote_id, safe="")
        with Deadline(deadline) as ends:
            self._check_that_it_stays(ends, path, message)
            answer = self._graph.call(ends, "POST", path, data={"message": message.text})
        body = json_object(answer)
        if _refused(answer) and is_not_there(_error(body)):
            raise self._gone(answer)
        return self._receipt(answer, remote_id if body.get("success") is True else None)

    def delete(self, remote_id: str, *, key: str, deadline: timedelta) -> Receipt:
        """https://developers.facebook.com/docs/graph-api/reference/page-post#deleting"""
        with Deadline(deadline) as ends:
            deleted = [self._delete(ends, name) for name in remote_id.split(ALSO)]
        return replace(deleted[-1], remote_id=remote_id)

    def _delete(self, ends: Deadline, name: str) -> Receipt:
        answer = self._graph.call(ends, "DELETE", quote(name, safe=""))
        body = json_object(answer)
        if _refused(answer) and is_not_there(_error(body)):
            told = self._graph.redacted(answer.text)
            return Receipt(name, answer=told, status=answer.status_code)
        return self._receipt(answer, name if body.get("success") is True else None)

    def check(self, *, deadline: timedelta) -> AccountCheck:
        with Deadline(deadline) as ends:
            return checking.check(
                self._graph, ends, self._page, self._account.settings.get("app_id", "")
            )

    def look_up(
        self, message: Message, *, key: str, since: datetime, deadline: timedelta
    ) -> LookUp:
        if message.in_reply_to:
            return self._look_comment_up(message, deadline)
        asked = {"fields": FIELDS, "limit": str(PAGE_SIZE), "since": str(int(since.timestamp()))}
        told, complete = None, False
        with Deadline(deadline) as ends:
            path = f"{self._page}/published_posts"
            for page in self._graph.pages(ends, path, asked, most=MAX_PAGES):
                told, complete = told or platform_time(page.answer.headers), page.is_last
                understood = [post for post in page.items if is_understood(post)]
                for post in understood:
                    if is_post_of(post, message):
                        remote_id = str(post["id"])
                        receipt = Receipt(remote_id, url=_address(remote_id))
                        return LookUp(receipt, complete=complete, platform_time=told)
                if len(understood) < len(page.items):
                    # What is not understood could be the post.
                    said = self._graph.redacted(page.answer.text)
                    raise Unknown(NO_LOOK_UP, status=page.answer.status_code, answer=said)
        return LookUp(None, complete=complete, platform_time=told)

    def _comment(self, message: Message, deadline: timedelta) -> Receipt:
        path = f"{quote(message.in_reply_to, safe='')}/comments"
        with Deadline(deadline) as ends:
            answer = self._graph.call(ends, "POST", path, data={"message": message.text})
        if refused := self._comment_refused(answer):
            raise refused
        return self._receipt(answer, _id(answer, "id"))

    def _look_comment_up(self, message: Message, deadline: timedelta) -> LookUp:
        """Among all comments on the post, which are not many: Facebook lists none by time."""
        path = f"{quote(message.in_reply_to, safe='')}/comments"
        asked = {"fields": comments.FIELDS, "limit": str(PAGE_SIZE), **comments.ALL}
        told, complete = None, False
        with Deadline(deadline) as ends:
            for page in self._graph.pages(ends, path, asked, most=MAX_PAGES):
                told, complete = told or platform_time(page.answer.headers), page.is_last
                understood = [one for one in page.items if comments.is_understood(one)]
                for one in understood:
                    if comments.is_of_page(one, message, self._page_id):
                        receipt = Receipt(str(one["id"]), url=_address(str(one["id"])))
                        return LookUp(receipt, complete=complete, platform_time=told)
                if len(understood) < len(page.items):
                    said = self._graph.redacted(page.answer.text)
                    raise Unknown(NO_LOOK_UP, status=page.answer.status_code, answer=said)
        return LookUp(None, complete=complete, platform_time=told)

    def _comment_refused(self, answer: requests.Response) -> Rejected | None:
        if not _refused(answer):
            return None
        said = self._graph.redacted(answer.text)
        return comments.refusal(_error(json_object(answer)), status=answer.status_code, answer=said)

    @property
    def _page(self) -> str:
        if not self._page_id:
            raise Unauthorised(NO_PAGE)
        return quote(self._page_id, safe="")

    def _check_that_it_stays(self, ends: Deadline, path: str, message: Message) -> None:
        """Refuse an edit that would leave the post without the permalink or the pictures."""
        asked = {"fields": FIELDS_TO_EDIT}
        answer = self._graph.call(ends, "GET", path, params=asked, harmless=True)
        post = json_object(answer)
        if _refused(answer) and is_not_there(_error(post)):
            raise self._gone(answer)
        if answer.status_code != requests.codes.ok or not is_understood(post):
            raise self._graph.error(answer, harmless=True)
        if message.link and not shows_link(post, message.link):
            raise Rejected(LINK_STAYS, status=answer.status_code)
        if message.pictures and not shows_pictures(post):
            raise Rejected(PICTURES_STAY, status=answer.status_code)

    def _receipt(self, answer: requests.Response, remote_id: str | None) -> Receipt:
        """That *answer* accepted *remote_id*; its error if there is none, or no success."""
        if answer.status_code != requests.codes.ok or remote_id is None:
            raise self._graph.error(answer)
        return Receipt(
            remote_id,
            url=_address(remote_id),
            answer=self._graph.redacted(answer.text),
            status=answer.status_code,
            wait=wait_after_success(answer.headers),
        )

    def _gone(self, answer: requests.Response) -> ChannelError:
        said = self._graph.redacted(answer.text)
        return Rejected(GONE, status=answer.status_code, answer=said)


def _address(remote_id: str) -> str:
    return f"https://www.facebook.com/{remote_id}"


def _id(answer: requests.Response, name: str) -> str | None:
    told = json_object(answer).get(name)
    return told if isinstance(told, str) and is_id(told) else None


def _refused(answer: requests.Response) -> bool:
    return 400 <= answer.status_code < 500


def _error(body: dict[str, object]) -> dict[str, object]:
    error = body.get("error")
    return error if isinstance(error, dict) else {}
