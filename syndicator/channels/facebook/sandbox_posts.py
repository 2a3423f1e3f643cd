"""Posts of the sandbox Page, as the Graph API takes them, lists them and changes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from syndicator.channels.facebook.sandbox_answers import invalid_parameter, no_such_object
from syndicator.channels.facebook.sandbox_fields import parse_fields
from syndicator.channels.facebook.sandbox_parameters import (
    GraphCall,
    asked_of,
    attached_photos,
    check_link,
    check_message,
    cursor,
    cursor_number,
    is_published,
    moment,
    whole_number,
)
from syndicator.channels.facebook.sandbox_photos import Photo, Photos
from syndicator.channels.facebook.sandbox_tokens import SANDBOX_CREDENTIALS, USER_ID, Kind
from syndicator.channels.sandbox.base import Request
from syndicator.channels.sandbox.links import LinkCard
from syndicator.channels.sandbox.store import Accepted, Action, SandboxStore

LARGEST_PAGE = 100
FIRST_NUMBER = 122_100_000_000_000_000

PAGE_FIELDS = parse_fields("id,name,link,picture{url,width,height,is_silhouette}")
PHOTO_FIELDS = parse_fields("id,name,alt_text_custom,link")
_ATTACHMENT = "title,type,media_type,unshimmed_url,url"
POST_FIELDS = parse_fields(
    "id,message,created_time,permalink_url,is_published,from,"
    f"attachments{{{_ATTACHMENT},subattachments{{{_ATTACHMENT}}}}}"
)
DEFAULT_POST_FIELDS = "id,message,created_time"
DEFAULT_PHOTO_FIELDS = "id,name"


def is_comment(act: Accepted) -> bool:
    """Whether *act* wrote a comment, and no post of the Page's own."""
    return "comment_on" in act.request


def following(call: GraphCall, after: str) -> str:
    """Where the next page of what *call* asked for is."""
    return f"{call.request.base_url}?{urlencode({**call.parameters, 'after': after})}"


class Posts:
    """*prefix* is where the platform is served, *page_name* what the Page is called."""

    def __init__(
        self, store: SandboxStore, platform: str, prefix: str, page_name: str, photos: Photos
    ) -> None:
        self._store = store
        self._platform = platform
        self._prefix = prefix
        self._page_id = SANDBOX_CREDENTIALS["page_id"]
        self._page_name = page_name
        self._photos = photos

    def publish(self, call: GraphCall, page: str) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/page/feed#publish"""
        self._check_page(call, page)
        message, link = call.parameters.get("message", ""), call.parameters.get("link", "")
        attached = attached_photos(call.parameters)
        if not message and not link and not attached:
            raise invalid_parameter("Missing message or attachment")
        if link and attached:
            # What Facebook does with both is not documented; nothing may depend on it.
            raise invalid_parameter("A post has a link or attached media, not both")
        check_message(message)
        check_link(link)
        published = is_published(call.parameters)
        with self._store.lock:
            if attached:
                self._photos.check_attachable(attached)
            post = f"{page}_{self.next_number()}"
            self._record(post, message, link, call.sent(), published=published)
        return {"id": post}

    def upload_photo(self, call: GraphCall, page: str) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/page/photos/#upload"""
        self._check_page(call, page)
        message = call.parameters.get("message") or call.parameters.get("caption", "")
        check_message(message)
        published = is_published(call.parameters)
        with self._store.lock:
            photo = str(self.next_number())
            self._photos.add(call, photo)
            if not published:
                return {"id": photo}
            post = f"{page}_{int(photo) + 1}"
            attached = json.dumps([{"media_fbid": photo}])
            sent = {**call.sent(), "attached_media": attached}
            self._record(post, message, "", sent, published=True)
        return {"id": photo, "post_id": post}

    def published_posts(self, call: GraphCall, page: str) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/page/published_posts"""
        self._check_page(call, page)
        parameters, request = call.parameters, call.request
        limit = min(whole_number(parameters, "limit", 25), LARGEST_PAGE)
        if limit < 1:
            raise invalid_parameter("Param limit must be a positive number")
        indexed = datetime.now(UTC) - request.index_lag
        found = self._store.posts(
            self._platform,
            since=moment(parameters, "since"),
            until=min(moment(parameters, "until") or indexed, indexed),
            before=cursor_number(parameters.get("after", "")),
        )
        posts = [one for one in found if not is_comment(one)][: limit + 1]
        shown = posts[:limit]
        data = [self._post_node(call, post) for post in shown]
        if not data:
            return {"data": []}
        paging: dict[str, Any] = {
            "cursors": {"before": cursor(shown[0].number), "after": cursor(shown[-1].number)}
        }
        if len(posts) > limit:
            paging["next"] = following(call, paging["cursors"]["after"])
        return {"data": data, "paging": paging}

    def read(self, call: GraphCall, node: str) -> Mapping[str, Any]:
        """A page, a post or a photo: https://developers.facebook.com/docs/graph-api/reference/page"""
        if node == "me" and call.holder is Kind.USER:
            person = {"id": USER_ID, "name": "Sandbox Person"}
            return asked_of(person, PAGE_FIELDS, call.parameters, "id,name")
        if node in ("me", self._page_id):
            return asked_of(self._page_node(call), PAGE_FIELDS, call.parameters, "id,name")
        photo = self._photos.get(node)
        if photo:
            told = self._photo_node(call.request, photo)
            return asked_of(told, PHOTO_FIELDS, call.parameters, DEFAULT_PHOTO_FIELDS)
        return self._post_node(call, self._post(call, node))

    def edit(self, call: GraphCall, node: str) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/page-post#updating"""
        with self._store.lock:
            post = self._post(call, node)
            if "link" in call.parameters or "attached_media" in call.parameters:
                raise invalid_parameter("The link and the media of a post cannot be changed")
            message = call.parameters.get("message", "")
            if not message and not post.link and not self._photos.of(post):
                raise invalid_parameter("Missing message or attachment")
            check_message(message)
            self._store.record(
                self._platform, Action.EDIT, node, text=message, link=post.link, request=call.sent()
            )
        return {"success": True}

    def delete(self, call: GraphCall, node: str) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/page-post#deleting"""
        with self._store.lock:
            self._post(call, node)
            self._store.record(self._platform, Action.DELETE, node)
        return {"success": True}

    def next_number(self) -> int:
        last = self._store.last_remote_id(self._platform).rpartition("_")[2]
        return int(last or FIRST_NUMBER) + 1

    def _record(
        self, post: str, text: str, link: str, sent: Mapping[str, str], *, published: bool
    ) -> None:
        action = Action.PUBLISH if published else Action.DRAFT
        self._store.record(self._platform, action, post, text=text, link=link, request=sent)

    def _check_page(self, call: GraphCall, page: str) -> None:
        if page not in ("me", self._page_id):
            raise no_such_object(call.request.method, page)

    def _post(self, call: GraphCall, post_id: str) -> Accepted:
        post = self._store.post(self._platform, post_id)
        if post is None:
            raise no_such_object(call.request.method, post_id)
        return post

    def address(self, request: Request, post: str) -> str:
        return f"{self._root(request)}/{post}"

    def _root(self, request: Request) -> str:
        return f"{request.host_url.rstrip('/')}{self._prefix}"

    def _page_node(self, call: GraphCall) -> Mapping[str, Any]:
        root = self._root(call.request)
        picture = {"url": f"{root}/picture.png", "width": 100, "height": 100}
        return {
            "id": self._page_id,
            "name": self._page_name,
            "link": f"{root}/",
            "picture": {"data": {**picture, "is_silhouette": False}},
        }

    def _photo_node(self, request: Request, photo: Photo) -> Mapping[str, Any]:
        node = {"id": photo.photo_id, "link": self._photo_address(request, photo)}
        return node | {
            name: said
            for name, said in (("name", photo.caption), ("alt_text_custom", photo.alt))
            if said
        }

    def _photo_address(self, request: Request, photo: Photo) -> str:
        return f"{self._root(request)}/photos/{photo.photo_id}"

    def _post_node(self, call: GraphCall, post: Accepted) -> Mapping[str, Any]:
        node: dict[str, Any] = {
            "id": post.remote_id,
            "created_time": post.accepted_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "permalink_url": self.address(call.request, post.remote_id),
            "is_published": post.action is Action.PUBLISH,
            "from": {"id": self._page_id, "name": self._page_name},
        }
        if post.text:
            node["message"] = post.text
        if attachment := self._attachment(call.request, post, node["permalink_url"]):
            node["attachments"] = {"data": [attachment]}
        return asked_of(node, POST_FIELDS, call.parameters, DEFAULT_POST_FIELDS)

    def _attachment(self, request: Request, post: Accepted, address: str) -> Mapping[str, Any]:
        if post.link:
            return {
                "title": LinkCard.of(post.link).title,
                "type": "share",
                "media_type": "link",
                "unshimmed_url": post.link,
                "url": "https://l.facebook.com/l.php?" + urlencode({"u": post.link}),
            }
        photos: Sequence[Mapping[str, Any]] = [
            {
                "type": "photo",
                "media_type": "photo",
                "unshimmed_url": self._photo_address(request, photo),
                "url": self._photo_address(request, photo),
            }
            for photo in self._photos.of(post)
        ]
        if len(photos) < 2:
            return photos[0] if photos else {}
        return {
            "title": f"Photos from {self._page_name}'s post",
            "type": "album",
            "media_type": "album",
            "unshimmed_url": address,
            "url": address,
            "subattachments": {"data": photos},
        }
