"""How long a post may be on one server, as its settings say."""

from __future__ import annotations

from collections.abc import Mapping

from syndicator.outbound.clocks import whole_number

#: `StatusLengthValidator::MAX_CHARS`; a server may have another.
DEFAULT_LIMIT = 500
SMALLEST_LIMIT = 50
LARGEST_LIMIT = 100_000


def limit_of(settings: Mapping[str, str]) -> int:
    """The setting ``limit`` in characters, or Mastodon's own limit if it makes no sense."""
    limit = whole_number(settings.get("limit", ""))
    if limit is None or not SMALLEST_LIMIT <= limit <= LARGEST_LIMIT:
        return DEFAULT_LIMIT
    return limit
