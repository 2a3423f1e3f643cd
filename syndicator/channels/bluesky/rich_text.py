"""What a text becomes in a record: short links, and facets that say where they lead.

https://docs.bsky.app/docs/advanced-guides/post-richtext. Facets are ranges of UTF-8 bytes; what
they say of the text is ours to get right, because no server checks it.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import regex

#: https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
MOST_GRAPHEMES = 300
MOST_BYTES = 3000
LONGEST_TAG = 64
LONGEST_TAG_BYTES = 640

#: As the platform's own app shows links: this much of what stands behind the host.
_SHOWN_WHOLE = 15
_SHOWN_CUT = 13

#: Hangul syllables, which may be made of several letters.
_HANGUL = regex.compile(r"[\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff]")
_WORD = regex.compile(r"\S+")
_GRAPHEME = regex.compile(r"\X")
_URL = regex.compile(r"https?://\w[^\s<>\"“”„»«]*", regex.IGNORECASE)
_CLOSING = ".,;:!?…'’‘"
#: What a hashtag may begin behind, in its word.
_OPENING = "([{„“\"'‚‘«»¿¡"
#: Zero-width and soft characters, which end a hashtag.
_ENDS_TAG = regex.compile("[\u00ad\u2060\u200a-\u200d\u20e2]")
_TAG_SIGNS = "#＃"
_KEYCAP = "\ufe0f"


@dataclass(slots=True)
class RichText:
    """A record's text and its facets, in the order of the text."""

    text: str = ""
    facets: list[Mapping[str, Any]] = field(default_factory=list)
    _bytes: int = 0

    def write(self, text: str, feature: Mapping[str, str] | None = None) -> None:
        """Add *text*, with a facet of one *feature* if it is given."""
        start = self._bytes
        self.text += text
        self._bytes += _byte_length(text)
        if feature:
            index = {"byteStart": start, "byteEnd": self._bytes}
            self.facets.append({"index": index, "features": [feature]})

    @property
    def graphemes(self) -> int:
        """Never less than a server counts, whichever version of Unicode it knows."""
        return sum(map(_at_most, _GRAPHEME.findall(self.text)))

    @property
    def length(self) -> int:
        """In graphemes, or in tenths of its bytes if that is more: both limits are then 300."""
        return max(self.graphemes, math.ceil(self._bytes * MOST_GRAPHEMES / MOST_BYTES))


def rich_text(text: str, permalink: str = "") -> RichText:
    """*text* as it is posted: *permalink*, other links and hashtags get their facets.

    A mention stays plain: it would need the account's DID. A word that is the permalink is one
    link whatever it ends in.
    """
    rich, written = RichText(), 0
    text = text.replace("\r\n", "\n")
    for found in _WORD.finditer(text):
        rich.write(text[written : found.start()])
        _write_word(rich, found[0], permalink)
        written = found.end()
    rich.write(text[written:])
    return rich


def _write_word(rich: RichText, word: str, permalink: str) -> None:
    if word == permalink:
        _write_link(rich, word)
        return
    if tag := _tag(word):
        begin = word.index(tag) - 1
        rich.write(word[:begin])
        rich.write(
            word[begin : begin + 1 + len(tag)],
            {"$type": "app.bsky.richtext.facet#tag", "tag": tag},
        )
        rich.write(word[begin + 1 + len(tag) :])
        return
    written = 0
    for start, url in _links(word):
        rich.write(word[written:start])
        _write_link(rich, url)
        written = start + len(url)
    rich.write(word[written:])


def _write_link(rich: RichText, url: str) -> None:
    rich.write(short(url), {"$type": "app.bsky.richtext.facet#link", "uri": url})


def short(url: str) -> str:
    """*url* as the platform's own app shows it: host, and the beginning of the rest."""
    _, _, behind = url.partition("://")
    host = regex.split(r"[/?#]", behind, maxsplit=1)[0]
    rest = behind[len(host) :]
    if not host:
        return url
    shown = [cluster[0] for cluster in _GRAPHEME.finditer(rest)]
    if len(shown) > _SHOWN_WHOLE:
        rest = "".join(shown[:_SHOWN_CUT]) + "…"
    return host + rest.removesuffix("/")


def _links(word: str) -> Iterator[tuple[int, str]]:
    for found in _URL.finditer(word):
        url = found[0].rstrip(_CLOSING)
        if url.endswith(")") and "(" not in url:
            url = url.rstrip(")" + _CLOSING)
        yield found.start(), url


def _tag(word: str) -> str:
    """The hashtag that *word* is, without its sign; empty if it is none."""
    bare = word.lstrip(_OPENING)
    if bare[:1] not in _TAG_SIGNS or bare[1:2] == _KEYCAP or not bare:
        return ""
    tag = _ENDS_TAG.split(bare[1:], maxsplit=1)[0]
    while tag and unicodedata.category(tag[-1]).startswith("P"):
        tag = tag[:-1]
    says_something = any(unicodedata.category(char)[0] not in "PN" for char in tag)
    if not says_something or _TAG_SIGNS[0] in tag or _TAG_SIGNS[1] in tag:
        return ""
    # UTF-16 is what the platform's app counts a tag's length in; it is never less than graphemes.
    short_enough = len(tag.encode("utf-16-le", "surrogatepass")) // 2 <= LONGEST_TAG
    return tag if short_enough and _byte_length(tag) <= LONGEST_TAG_BYTES else ""


def _at_most(cluster: str) -> int:
    """How many graphemes *cluster* is at most: versions differ on what joins letters, and on
    characters that the older one does not know."""
    return 1 + sum(
        1
        for char in cluster[1:]
        if unicodedata.category(char) == "Cn" or (char.isalpha() and not _HANGUL.match(char))
    )


def _byte_length(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
