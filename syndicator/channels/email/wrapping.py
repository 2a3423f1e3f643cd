"""Plain text in lines short enough to be read everywhere.

Hard line ends rather than format=flowed (RFC 3676): programs that do not know it show its lines as
they are, and those that do join lines that were meant to stay apart.
"""

from __future__ import annotations

import re
import textwrap

COLUMNS = 72
#: A mark at the beginning of a line, under whose text the next lines are set.
_MARK = re.compile(r"(?:[-–•>]|\d{1,3}\.) ")


def wrapped(text: str) -> str:
    """*text* in lines of at most `COLUMNS`; a longer word, so every address, stays in one piece."""
    return "\n".join(map(_wrapped_line, text.split("\n")))


def _wrapped_line(line: str) -> str:
    found = _MARK.match(line)
    mark = found[0] if found else ""
    return textwrap.fill(
        line.removeprefix(mark),
        COLUMNS,
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )
