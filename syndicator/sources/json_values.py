"""Values of JSON from outside, taken as what they should be whatever they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from syndicator.sources.html_blocks import text_of_html

#: One JSON object.
Node = Mapping[str, Any]

_LONGEST_NUMBER = 20


def listed(value: Any) -> list[Any]:
    """*value* as a list: none, one or several."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def nodes(value: Any) -> list[Node]:
    """The objects in *value*, which may be one or a list."""
    return [one for one in listed(value) if isinstance(one, dict)]


def node(value: Any) -> Node:
    """*value* if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def string(value: Any) -> str:
    """*value* as text if it is text or a number, or a list that begins with either."""
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def line(value: Any) -> str:
    """*value* as one line of text without markup; empty if it is no text."""
    return text_of_html(string(value))


def first_line(*values: Any) -> str:
    """The first of *values* that is a line of text."""
    return next(filter(None, map(line, values)), "")


def lines(values: Iterable[Any]) -> tuple[str, ...]:
    """The different lines of text among *values*, in their order."""
    return tuple(dict.fromkeys(filter(None, map(line, values))))


def identifier(value: Any) -> str:
    """*value* as a name that stays the same: text or a whole number; else empty."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return "".join(str(value).split()) if isinstance(value, int) else line(value)


def whole_number(value: Any) -> int | None:
    """*value* if it is a whole number, or text that writes one; None if not."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    text = value.strip() if isinstance(value, str) else ""
    is_number = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
    return int(text) if is_number else None
