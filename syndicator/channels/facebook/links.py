"""Recognises a message among the posts that Facebook gives back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from syndicator.channels.base import Message
from syndicator.channels.links import essence


def is_post_of(post: Mapping[str, Any], message: Message) -> bool:
    """Whether *post*, of the edge ``published_posts``, is what became of *message*."""
    text = str(post.get("message", "")).split()
    if message.permalink in text:
        return True
    sought = essence(message.permalink)
    return any(
        link == sought
        # Fragments part the entries of one page, but a platform may drop them.
        or (link[:-1] == sought[:-1] and text == message.text.split())
        for link in map(essence, _links(post))
    )


def _links(post: Mapping[str, Any]) -> Iterator[str]:
    attachments = post.get("attachments")
    attached = attachments.get("data") if isinstance(attachments, Mapping) else None
    for link in attached if isinstance(attached, list) else []:
        if isinstance(link, Mapping) and isinstance(link.get("unshimmed_url"), str):
            yield link["unshimmed_url"]
