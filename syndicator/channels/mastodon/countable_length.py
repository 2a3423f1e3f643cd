"""How long Mastodon finds a text: graphemes, a link as 23, a mention without its server.

Mastodon's `StatusLengthValidator` (app/validators) takes the links and mentions that it will also
show as such, puts 23 letters or “@name” in their place, and counts graphemes. Links are found by
the gem twitter-text 3.1.0 with Mastodon's own rules for paths (config/initializers/
twitter_regex.rb). Where it is not sure what these make of a text, the larger count is taken:
Mastodon may find a text shorter than we do, never longer.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

from syndicator.channels.top_level_domains import known_to_twitter_text

#: https://docs.joinmastodon.org/entities/Instance/#characters_reserved_per_url
LINK_LENGTH = 23

_SCHEMES = r"(?:https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini)://"
_BEGINNING = rf"(?:{_SCHEMES}|xmpp:|magnet:\?)"
#: Whatever Mastodon may take for a link, or for several.
_CANDIDATE = regex.compile(rf"{_BEGINNING}[^\s<>]*", regex.IGNORECASE)
_BEGINNINGS = regex.compile(_BEGINNING, regex.IGNORECASE)
#: The part that it surely takes for one. Paths end before parentheses, though some may go on.
_SURE = regex.compile(
    r"""
    (?<![\w@＠$\#＃/=:])
    https?://
    (?P<host> (?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+ (?:xn--[a-z0-9-]+|[^\W\d_]{2,}) )
    (?![\w@＠-]|\.\w)
    (?::[0-9]{1,5}(?![0-9]))?
    (?:/(?:[^\s<>()?]*[^\s<>()?!*"'「」;:=,.$%\[\]~&|@])?)?
    (?:\?[a-z0-9!*';:&=+$/%\#\[\]_.,~|@^-]*[a-z0-9_&=\#/-])?
    """,
    regex.VERBOSE | regex.IGNORECASE,
)
_MENTION = regex.compile(
    r"(?<![=/\w])@(?P<name>[a-z0-9_]+(?:[a-z0-9_.-]+[a-z0-9_]+)?)@\w++(?:[.-]\w++)++(?![@＠:])",
    regex.IGNORECASE,
)
_GRAPHEME = regex.compile(r"\X")
#: Younger Unicode joins a consonant to the virama before it; servers with an older Ruby do not.
_CONJUNCT = regex.compile(r"\p{Ccc=9}\p{M}*\u200D?\p{L}")


def countable_length(text: str) -> int:
    """How many characters *text* counts, or one or two links' worth more where that is unsure."""
    total, done = 0, 0
    for match in _CANDIDATE.finditer(text):
        if match.start() < done:
            continue
        sure = _sure_link(text, match.start())
        total += _graphemes(_without_servers(text[done : match.start()]))
        done = match.end() if sure is None else sure
        total += LINK_LENGTH if sure is not None else _largest(match[0])
    return total + _graphemes(_without_servers(text[done:]))


def _sure_link(text: str, start: int) -> int | None:
    """Where the link ends that surely begins at *start*; None if it is not sure."""
    match = _SURE.match(text, start)
    known = (
        match is not None and match["host"].rpartition(".")[2].lower() in known_to_twitter_text()
    )
    return match.end() if match is not None and known else None


def _largest(candidate: str) -> int:
    """The most that *candidate* can count: as text, or as links with text around them."""
    links = len(_BEGINNINGS.findall(candidate))
    host = candidate.partition("//")[2].partition("/")[0]
    # Of “https://a.de.example” and “https://a.de-b” Mastodon takes the first half.
    labels = regex.split(r"[\W_]+", host)[1:-1]
    cut_off = any(label.lower() in known_to_twitter_text() for label in labels)
    return max(LINK_LENGTH, _graphemes(candidate)) + LINK_LENGTH * (links - 1 + cut_off)


def _without_servers(text: str) -> str:
    return _MENTION.sub(r"@\g<name>", text)


def _graphemes(text: str) -> int:
    return sum(1 + len(_CONJUNCT.findall(cluster)) for cluster in _clusters(text))


def _clusters(text: str) -> Iterator[str]:
    return (match[0] for match in _GRAPHEME.finditer(text))
