"""Recognises a message among the posts that Facebook gives back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from syndicator.channels.base import Message

#: Facebook adds it to the links it shows.
_CLICK_ID = "fbclid"


def is_post_of(post: Mapping[str, Any], message: Message) -> bool:
    """Whether *post*, of the edge ``published_posts``, is what became of *message*."""
    text = str(post.get("message", "")).split()
    if message.permalink in text:
        return True
    sought = _essence(message.permalink)
    return any(
        link == sought
        # Fragments part the entries of one page, but a platform may drop them.
        or (link[:-1] == sought[:-1] and text == message.text.split())
        for link in map(_essence, _links(post))
    )


def _links(post: Mapping[str, Any]) -> Iterator[str]:
    attachments = post.get("attachments")
    attached = attachments.get("data") if isinstance(attachments, Mapping) else None
    for link in attached if isinstance(attached, list) else []:
        if isinstance(link, Mapping) and isinstance(link.get("unshimmed_url"), str):
            yield link["unshimmed_url"]


def _essence(url: str) -> tuple[object, ...]:
    """*url* without what may change on the way; its fragment comes last.

    A post that is overlooked is posted twice, so this forgives percent-encoding, an IDN's
    spelling, a slash at the end and Facebook's own click id.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:  # UnicodeError too: not a host name
        return (url, "")
    query = sorted(pair for pair in parse_qsl(parts.query, True) if pair[0] != _CLICK_ID)
    return host, unquote(parts.path).rstrip("/"), tuple(query), unquote(parts.fragment)
