"""The Graph API's `fields` parameter: `id,message,attachments{title,unshimmed_url}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Fields = Mapping[str, "Fields"]

#: A name may have modifiers, as in ``picture.width(200)``, which change nothing here.
_TOKEN = re.compile(r"\s*([a-z_0-9]+|[{},])(?:\.[a-z_]+\([^(){},]*\))*\s*")


class UnreadableFields(ValueError):
    """Not a list of fields; the message is for the caller."""


class UnknownField(ValueError):
    """A field that the object does not have. *name* is the field."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def parse_fields(asked: str) -> Fields:
    """The tree of fields in *asked*; a leaf is empty."""
    root: dict[str, Any] = {}
    open_levels = [root]
    last: dict[str, Any] | None = None
    place = 0
    while place < len(asked):
        token = _TOKEN.match(asked, place)
        if not token:
            raise UnreadableFields(f"Syntax error at character {place}")
        place = token.end()
        if token[1] == "{":
            if last is None:
                raise UnreadableFields('Syntax error "Expected a field before {"')
            open_levels.append(last)
        elif token[1] == "}":
            if len(open_levels) == 1:
                raise UnreadableFields('Syntax error "Unexpected }"')
            open_levels.pop()
        is_name = token[1] not in "{},"
        last = open_levels[-1].setdefault(token[1], {}) if is_name else None
    if len(open_levels) > 1:
        raise UnreadableFields('Syntax error "Expected }"')
    return root


def select(node: Mapping[str, Any], known: Fields, asked: Fields) -> dict[str, Any]:
    """The *asked* fields of *node*, its id always; absent ones are left out as Graph does.

    *known* is every field that the kind of node can have; `UnknownField` for any other.
    """
    chosen = {"id": node["id"]} if "id" in node else {}
    for name, below in asked.items():
        if name not in known:
            raise UnknownField(name)
        if name not in node:
            continue
        value = node[name]
        if isinstance(value, dict) and "data" in value:
            data, parts = value["data"], below or known[name]
            chosen[name] = {
                "data": [select(item, known[name], parts) for item in data]
                if isinstance(data, list)
                else select(data, known[name], parts)
            }
        else:
            chosen[name] = value
    return chosen
