"""The labels of a page's own share buttons, which end an entry and are never text to post."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NETWORK = (
    r"(?:Facebook|X(?: \((?:ehemals|vormals|früher|formerly) Twitter\))?|Twitter|WhatsApp|LinkedIn"
    r"|Telegram|Threads|Bluesky|Mastodon|Reddit|Xing|Pinterest|Flipboard|Messenger|Signal|Threema)"
)
_MAIL = r"(?:E-?Mail|Mail)"
_GERMAN = (
    r"(?:Link|URL) (?:kopieren|kopiert)!?",
    rf"(?:Auf|Bei|Über|Per|Via|Mit|In) (?:{_NETWORK}|{_MAIL}) (?:teilen|versenden|verschicken)",
    r"(?:Diesen )?(?:Beitrag|Artikel|Eintrag|Link) teilen",
    r"Teilen",
)
_ENGLISH = (
    r"Copy (?:the )?link(?: to (?:clipboard|post))?",
    r"Link copied!?",
    rf"Share (?:on|to|via|by|with|in) (?:{_NETWORK}|{_MAIL})",
    r"Share (?:this )?(?:post|article|entry|link|update)",
    rf"(?:Send|Share) (?:by|via) {_MAIL}",
    r"Share",
)
_SEPARATOR = r"[-–—•*·|,/\s]*"
_LABELS = rf"(?:{_SEPARATOR}(?:{'|'.join((*_GERMAN, *_ENGLISH))}))"
_LABEL_LINE = re.compile(rf"{_LABELS}+{_SEPARATOR}", re.IGNORECASE)
#: Buttons in a row are copied run on to the text before them when nothing but style parts them.
_RUN_ON_LABELS = re.compile(rf"(?<=[.!?…“”\"»«)])\s*{_LABELS}{{2,}}{_SEPARATOR}\Z")
_GERMAN_LINE = re.compile("|".join(_GERMAN), re.IGNORECASE)
#: These are labels only beside another one: "X" may be a paragraph elsewhere.
_BESIDE_A_LABEL = re.compile(
    rf"{_SEPARATOR}(?:{_NETWORK}|{_MAIL}|Drucken|Print|Merken|Speichern|Save|Kommentieren)",
    re.IGNORECASE,
)
_LONGEST_ROW = 300


def is_share_label(line: str) -> bool:
    """Whether *line* is nothing but one or several labels of share buttons."""
    return len(line) <= _LONGEST_ROW and bool(_LABEL_LINE.fullmatch(line))


def is_german_label(line: str) -> bool:
    """Whether the share labels in *line* are German."""
    return bool(_GERMAN_LINE.search(line))


def split_at_share_labels(lines: Sequence[str]) -> list[list[str]]:
    """The runs of *lines* between rows of share labels; the last is what follows the last row.

    Text without any label is one run. Runs may be empty.
    """
    lines = [part for line in lines for part in _without_run_on_labels(line)]
    labels = {index for index, line in enumerate(lines) if is_share_label(line)}
    for step, order in ((-1, range(len(lines))), (1, range(len(lines) - 1, -1, -1))):
        for index in order:
            if index + step in labels and _BESIDE_A_LABEL.fullmatch(lines[index]):
                labels.add(index)
    runs: list[list[str]] = [[]]
    for index, line in enumerate(lines):
        if index not in labels:
            runs[-1].append(line)
        elif index - 1 not in labels:
            runs.append([])
    return runs


def _without_run_on_labels(line: str) -> list[str]:
    start = max(0, len(line) - _LONGEST_ROW)
    if run_on := _RUN_ON_LABELS.search(line, start):
        return [line[: run_on.start()], line[run_on.start() :].strip()]
    return [line]
