"""JSON from outside, read without a crash whatever it is."""

from __future__ import annotations

import json
import re
from typing import Any

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def load_json(text: str) -> Any:
    """The value of *text*; `ValueError` where it is broken or nested too deeply.

    Line breaks inside strings, which pages contain, are accepted. Halves of surrogate pairs, which
    no database takes, become question marks.
    """
    try:
        value = json.loads(text, strict=False)
        if _SURROGATE.search(text):
            whole = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
            value = json.loads(whole, strict=False)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value
