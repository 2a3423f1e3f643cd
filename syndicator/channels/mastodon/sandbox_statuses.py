"""How Mastodon gives a post back: as HTML in JSON, its pictures and its link card beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from syndicator.channels.sandbox.links import Link, LinkCard, text_and_links
from syndicator.channels.sandbox.store import Accepted

#: Mastodon shows so much of an address, without its scheme and “www.”.
SHOWN_OF_LINK = 30


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link in a post: *hidden* is what is kept from readers, *shown* what they see of *url*."""

    url: str
    hidden: str
    shown: str
    rest: str

    @classmethod
    def of(cls, url: str) -> ShownLink:
        bare = url.partition("://")[2]
        bare = bare.removeprefix("www.")
        hidden = url[: len(url) - len(bare)]
        return cls(url, hidden, bare[:SHOWN_OF_LINK], bare[SHOWN_OF_LINK:])


@dataclass(frozen=True, slots=True)
class Media:
    """A picture that was handed over; *ready* once it can be attached."""

    id: str
    media_type: str
    width: int
    height: int
    description: str
    ready: bool = True


@dataclass(frozen=True, slots=True)
class Status:
    """A post as it is now: its latest edit, and when that was made."""

    post: Accepted
    text: str
    media: Sequence[Media]
    edited_at: datetime | None
    fields: Mapping[str, Any]

    @property
    def in_reply_to(self) -> str:
        """The id of the post that it answers; empty if it answers none."""
        return str(self.post.request.get("in_reply_to_id") or "")

    @property
    def visibility(self) -> str:
        """As it was published: no edit changes it."""
        return str(self.post.request.get("visibility") or "public")

    @property
    def card(self) -> LinkCard | None:
        """The card of the first link; a post with pictures shows none."""
        first = first_link(self.text)
        return LinkCard.of(first) if first and not self.media else None


def first_link(text: str) -> str:
    """The address that Mastodon reads for the card; empty if there is none."""
    return next((one.url for one in text_and_links(text) if isinstance(one, Link)), "")


def pieces(text: str) -> Iterator[str | ShownLink]:
    """*text* for a page: plain text (not escaped) and links, in order."""
    for piece in text_and_links(text):
        yield ShownLink.of(piece.url) if isinstance(piece, Link) else piece


def content(text: str) -> str:
    """*text* as `TextFormatter` makes HTML of it: paragraphs, line breaks, links in three parts."""
    paragraphs = (one.strip("\n") for one in text.strip().split("\n\n"))
    return "".join(f"<p>{_line_breaks(one)}</p>" for one in paragraphs if one)


def status_json(status: Status, account: Mapping[str, Any], root: str) -> dict[str, Any]:
    """https://docs.joinmastodon.org/entities/Status/; *root* is the server's address."""
    post, card = status.post, status.card
    return {
        "id": post.remote_id,
        "created_at": moment(post.accepted_at),
        "in_reply_to_id": status.in_reply_to or None,
        "in_reply_to_account_id": account["id"] if status.in_reply_to else None,
        "sensitive": bool(status.fields.get("sensitive", False)),
        "spoiler_text": str(status.fields.get("spoiler_text") or ""),
        "visibility": status.visibility,
        "language": status.fields.get("language"),
        "uri": f"{root}/users/{account['username']}/statuses/{post.remote_id}",
        "url": f"{root}/@{account['username']}/{post.remote_id}",
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
        "edited_at": moment(status.edited_at) if status.edited_at else None,
        "favourited": False,
        "reblogged": False,
        "muted": False,
        "bookmarked": False,
        "pinned": False,
        "content": content(status.text),
        "filtered": [],
        "reblog": None,
        "application": {"name": "Sandbox", "website": None},
        "account": account,
        "media_attachments": [media_json(one, root) for one in status.media],
        "mentions": [],
        "tags": [],
        "emojis": [],
        "card": card and {"url": card.url, "title": card.title, "type": "link", "image": None},
        "poll": None,
    }


def media_json(media: Media, root: str) -> dict[str, Any]:
    """https://docs.joinmastodon.org/entities/MediaAttachment/"""
    address = f"{root}/media/{media.id}"
    size = {
        "width": media.width,
        "height": media.height,
        "size": f"{media.width}x{media.height}",
        "aspect": media.width / media.height,
    }
    return {
        "id": media.id,
        "type": "image",
        "url": address if media.ready else None,
        "preview_url": address,
        "remote_url": None,
        "preview_remote_url": None,
        "text_url": None,
        "meta": {"original": size, "small": size},
        "description": media.description or None,
        "blurhash": None,
    }


def moment(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _line_breaks(paragraph: str) -> str:
    return "".join(map(_html, pieces(paragraph))).replace("\n", "<br />")


def _html(piece: str | ShownLink) -> str:
    if isinstance(piece, str):
        return escape(piece)
    kind = "ellipsis" if piece.rest else ""
    return (
        f'<a href="{escape(piece.url)}" target="_blank" rel="nofollow noopener noreferrer"'
        f' translate="no"><span class="invisible">{escape(piece.hidden)}</span>'
        f'<span class="{kind}">{escape(piece.shown)}</span>'
        f'<span class="invisible">{escape(piece.rest)}</span></a>'
    )
