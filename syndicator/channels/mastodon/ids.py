"""The names that servers give to posts, pictures and accounts."""

from __future__ import annotations

import re

#: Numbers in Mastodon; others that speak its API have ULIDs or base 62.
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
