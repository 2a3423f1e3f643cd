"""How X gives a post back: every URL replaced by a t.co link, the real one in the entities."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlsplit

from syndicator.channels.sandbox.links import Link, text_and_links
from syndicator.channels.sandbox.store import Accepted

#: The `tweet.fields` the sandbox knows.
TWEET_FIELDS = frozenset(
    {
        "author_id",
        "conversation_id",
        "created_at",
        "edit_history_tweet_ids",
        "entities",
        "id",
        "referenced_tweets",
        "text",
    }
)

_BASE62 = string.digits + string.ascii_letters
_LONGEST_PATH_SHOWN = 15


@dataclass(frozen=True, slots=True)
class ShortLink:
    """A *url* as X keeps it: *short* at *start* to *end* of the text, and what readers see."""

    url: str
    short: str
    start: int
    end: int

    @property
    def shown(self) -> str:
        """The host and the first 15 characters of what follows, as X's `display_url`."""
        try:
            host = urlsplit(self.url).netloc
        except ValueError:  # hosts like "[" do not parse
            return self.url
        rest = self.url.partition("://")[2][len(host) :].rstrip("/")
        cut = rest[:_LONGEST_PATH_SHOWN] + "…" if len(rest) > _LONGEST_PATH_SHOWN else rest
        return host.removeprefix("www.") + cut


@dataclass(frozen=True, slots=True)
class ShortenedText:
    """*text* is what the API answers: t.co links, and `&`, `<`, `>` as HTML entities.

    *pieces* is the same for a page: plain text (not escaped) and links, in order.
    """

    text: str
    pieces: tuple[str | ShortLink, ...]

    @property
    def links(self) -> tuple[ShortLink, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, ShortLink))

    @property
    def card(self) -> str:
        """The URL that X shows a card for: the last one; empty if there is none."""
        return self.links[-1].url if self.links else ""


def shorten(tweet_id: str, text: str) -> ShortenedText:
    """*text* with its URLs shortened; the same for the same post at every time."""
    answered = ""
    pieces: list[str | ShortLink] = []
    for piece in text_and_links(text):
        if isinstance(piece, Link):
            short = _short_url(tweet_id, piece)
            start = len(answered)
            pieces.append(ShortLink(piece.url, short, start, start + len(short)))
            answered += short
        else:
            pieces.append(piece)
            answered += escape(piece, quote=False)
    return ShortenedText(answered, tuple(pieces))


def replied_to(post: Accepted) -> str:
    """The id of the post that *post* answers; empty if it answers none."""
    return str(post.request.get("reply", {}).get("in_reply_to_tweet_id", ""))


def tweet_json(
    post: Accepted, author_id: str, conversation: str, fields: Collection[str]
) -> dict[str, Any]:
    """*post* with the default fields and those asked for."""
    shortened = shorten(post.remote_id, post.text)
    tweet: dict[str, Any] = {
        "id": post.remote_id,
        "text": shortened.text,
        "edit_history_tweet_ids": [post.remote_id],
    }
    if "author_id" in fields:
        tweet["author_id"] = author_id
    if "conversation_id" in fields:
        tweet["conversation_id"] = conversation
    if "referenced_tweets" in fields and replied_to(post):
        tweet["referenced_tweets"] = [{"type": "replied_to", "id": replied_to(post)}]
    if "created_at" in fields:
        tweet["created_at"] = post.accepted_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if "entities" in fields and shortened.links:
        tweet["entities"] = {
            "urls": [
                {
                    "start": link.start,
                    "end": link.end,
                    "url": link.short,
                    "expanded_url": link.url,
                    "display_url": link.shown,
                }
                for link in shortened.links
            ]
        }
    return tweet


def _short_url(tweet_id: str, link: Link) -> str:
    digest = hashlib.sha256(f"{tweet_id} {link.start} {link.url}".encode()).digest()
    return "https://t.co/" + "".join(_BASE62[byte % 62] for byte in digest[:10])
