"""Which email addresses this channel writes to and from."""

from __future__ import annotations

import re

#: RFC 5321's dot-string and domain in ASCII: no quoted local parts, no address literals, and an
#: international domain in its xn-- form.
_ADDRESS = re.compile(
    r"(?=.{3,254}\Z)(?=[^@]{1,64}@)"
    r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?)+(?<!\.)",
    re.ASCII,
)


def is_address(text: str) -> bool:
    """Whether *text* is one plain address that needs no quoting in a header or a command."""
    return _ADDRESS.fullmatch(text) is not None


def is_domain(text: str) -> bool:
    """Whether *text* is a domain name, or a part of one, in ASCII."""
    return is_address(f"x@{text}")
