"""Tells whether two spellings of a web address are the same."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

#: What platforms add to the links they show.
_CLICK_IDS = ("fbclid",)


def essence(url: str) -> tuple[object, ...]:
    """*url* without what may change on its way through a platform; its fragment comes last.

    A post that is overlooked is posted twice, so this forgives percent-encoding, an IDN's
    spelling, a slash at the end and click ids.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
    except ValueError:  # UnicodeError too: not a host name
        return (url, "")
    query = sorted(pair for pair in parse_qsl(parts.query, True) if pair[0] not in _CLICK_IDS)
    return host, unquote(parts.path).rstrip("/"), tuple(query), unquote(parts.fragment)
