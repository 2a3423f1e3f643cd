"""Recognises a message among the posts that Mastodon gives back as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

from syndicator.channels.base import Message
from syndicator.channels.links import essence


def is_post_of(status: Mapping[str, Any], message: Message) -> bool:
    """Whether *status* is what became of *message*: whether it names its permalink.

    As a link, or as plain text: Mastodon makes no link of a host that it does not know.
    """
    if status.get("reblog") is not None:
        return False  # what others wrote
    reader = _Reader()
    reader.feed(str(status.get("content", "")))
    reader.close()
    sought = essence(message.permalink)
    return any(essence(link) == sought for link in reader.found())


class _Reader(HTMLParser):
    """Collects the links of a post, and the words of its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._links: list[str] = []
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "p"):
            self._text.append("\n")
        self._links += [value for name, value in attrs if name == "href" and value]

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def found(self) -> Iterator[str]:
        yield from self._links
        yield from (word for word in "".join(self._text).split() if "://" in word)
