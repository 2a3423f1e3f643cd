"""Comments of the sandbox Page below its posts, as the Graph API takes them and lists them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from syndicator.channels.facebook.comments import LONGEST
from syndicator.channels.facebook.sandbox_answers import invalid_parameter, no_such_object
from syndicator.channels.facebook.sandbox_fields import parse_fields
from syndicator.channels.facebook.sandbox_parameters import (
    GraphCall,
    asked_of,
    cursor,
    cursor_number,
    whole_number,
)
from syndicator.channels.facebook.sandbox_posts import LARGEST_PAGE, Posts, following
from syndicator.channels.facebook.sandbox_tokens import SANDBOX_CREDENTIALS
from syndicator.channels.sandbox.store import Accepted, Action, SandboxStore

FIELDS = parse_fields("id,message,created_time,permalink_url,from{id,name}")
DEFAULT_FIELDS = "id,message,created_time"


class Comments:
    """*page_name* is what the Page is called, which writes them all."""

    def __init__(self, store: SandboxStore, platform: str, page_name: str, posts: Posts) -> None:
        self._store = store
        self._platform = platform
        self._page_name = page_name
        self._posts = posts

    def write(self, call: GraphCall, node: str) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/object/comments#publish"""
        message = call.parameters.get("message", "")
        if not message.strip() or len(message) > LONGEST:
            raise invalid_parameter("The comment is empty or too long")
        with self._store.lock:
            self._check(call, node)
            comment = f"{node.rpartition('_')[2]}_{self._posts.next_number()}"
            sent = {**call.sent(), "comment_on": node}
            self._store.record(self._platform, Action.PUBLISH, comment, text=message, request=sent)
        return {"id": comment}

    def read(self, call: GraphCall, node: str) -> Mapping[str, Any]:
        """https://developers.facebook.com/docs/graph-api/reference/object/comments#read"""
        self._check(call, node)
        limit = min(whole_number(call.parameters, "limit", 25), LARGEST_PAGE)
        found = self._store.posts(
            self._platform,
            until=datetime.now(UTC) - call.request.index_lag,
            before=cursor_number(call.parameters.get("after", "")),
        )
        below = [one for one in found if one.request.get("comment_on") == node]
        shown = below[:limit]
        if not shown:
            return {"data": []}
        paging: dict[str, Any] = {
            "cursors": {"before": cursor(shown[0].number), "after": cursor(shown[-1].number)}
        }
        if len(below) > limit:
            paging["next"] = following(call, paging["cursors"]["after"])
        return {"data": [self._node(call, one) for one in shown], "paging": paging}

    def _check(self, call: GraphCall, node: str) -> None:
        if self._store.post(self._platform, node) is None:
            raise no_such_object(call.request.method, node)

    def _node(self, call: GraphCall, comment: Accepted) -> Mapping[str, Any]:
        node = {
            "id": comment.remote_id,
            "message": comment.text,
            "created_time": comment.accepted_at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "permalink_url": self._posts.address(call.request, comment.remote_id),
            "from": {"id": SANDBOX_CREDENTIALS["page_id"], "name": self._page_name},
        }
        return asked_of(node, FIELDS, call.parameters, DEFAULT_FIELDS)
