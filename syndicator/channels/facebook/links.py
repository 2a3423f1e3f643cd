"""What the posts that Facebook gives back carry: links, pictures, a message of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from syndicator.channels.base import Message
from syndicator.channels.links import essence

#: What is asked of posts to recognise one: a link card's address is in its attachment, a photo
#: post's permalink in its message.
FIELDS = "id,message,created_time,permalink_url,attachments{unshimmed_url}"
#: What is asked of a post that is to be edited.
FIELDS_TO_EDIT = "id,message,attachments{media_type,unshimmed_url}"
#: Kinds of attachments that are pictures. From memory.
PICTURES = frozenset({"photo", "album"})

_ID = re.compile(r"[0-9]+(?:_[0-9]+)?")


def is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def is_understood(post: object) -> bool:
    """Whether *post* is one that can be compared: if not, it could be the one that is sought."""
    if not isinstance(post, Mapping) or not is_id(post.get("id")):
        return False
    attachments = post.get("attachments", {"data": []})
    attached = attachments.get("data") if isinstance(attachments, Mapping) else None
    return (
        isinstance(post.get("message", ""), str)
        and isinstance(attached, list)
        and all(
            isinstance(one, Mapping) and isinstance(one.get("unshimmed_url", ""), str)
            for one in attached
        )
    )


def is_post_of(post: Mapping[str, Any], message: Message) -> bool:
    """Whether *post*, which is understood, is what became of *message*."""
    text = post.get("message", "").split()
    sought = essence(message.permalink)
    if any(word == message.permalink or _is_spelling(word, sought) for word in text):
        return True
    return any(
        link == sought
        # Fragments part the entries of one page, but a platform may drop them.
        or (link[:-1] == sought[:-1] and text == message.text.split())
        for link in map(essence, _links(post))
    )


def shows_link(post: Mapping[str, Any], link: str) -> bool:
    """Whether *link*, perhaps without its fragment, is the link card of *post*."""
    sought = essence(link)
    return any(
        one[:-1] == sought[:-1] and one[-1] in (sought[-1], "")
        for one in map(essence, _links(post))
    )


def shows_pictures(post: Mapping[str, Any]) -> bool:
    return any(one.get("media_type") in PICTURES for one in _attached(post))


def _is_spelling(word: str, sought: tuple[object, ...]) -> bool:
    return word.lower().startswith(("http://", "https://")) and essence(word) == sought


def _links(post: Mapping[str, Any]) -> list[str]:
    return [one["unshimmed_url"] for one in _attached(post) if "unshimmed_url" in one]


def _attached(post: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    attached: Sequence[Mapping[str, Any]] = post.get("attachments", {}).get("data", ())
    return attached
