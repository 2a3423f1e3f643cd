"""What can still be read of XML that is not well-formed."""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator

from syndicator.sources.xml_tree import Element, MalformedXml, parse_beginning, parse_xml

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_AMPERSAND = re.compile(
    r"&(?:(?P<name>[a-zA-Z][a-zA-Z0-9]{1,30});|(?P<code>#(?:\d{1,7}|x[\da-fA-F]{1,6});)?)"
)
#: More are no feed, and would take long to look at.
_MOST_AMPERSANDS = 2_000_000
_XML_ENTITIES = frozenset({"lt", "gt", "amp", "quot", "apos"})
_ITEM_TAG = re.compile(r"<(?P<closing>/?)(?:[\w.-]{1,40}:)?(?:item|entry)(?=[\s>])[^<>]*(?<!/)>")


def mended(text: str) -> str:
    """*text* without what breaks XML most often: HTML's entities, bare ampersands, controls."""
    if text.count("&") > _MOST_AMPERSANDS:
        return text
    text = _FORBIDDEN.sub("", text)
    parts = []
    position = 0
    while (start := text.find("<![CDATA[", position)) >= 0:
        if (end := text.find("]]>", start)) < 0:
            break
        parts += [_AMPERSAND.sub(_as_xml, text[position:start]), text[start : end + 3]]
        position = end + 3
    return "".join((*parts, _AMPERSAND.sub(_as_xml, text[position:])))


def _as_xml(found: re.Match[str]) -> str:
    if code := found["code"]:
        number = int(code[2:-1], 16) if code[1] == "x" else int(code[1:-1])
        # Halves of surrogate pairs and numbers beyond Unicode are no characters.
        is_one = number <= sys.maxunicode and not _FORBIDDEN.match(chr(number))
        return found[0] if is_one else ""
    if found["name"] in _XML_ENTITIES:
        return found[0]
    meant = html.unescape(found[0]) if found["name"] else found[0]
    return meant if meant != found[0] else "&amp;" + found[0][1:]


def salvage(text: str) -> tuple[Element, int]:
    """The items of *text* as the last children of its root, and how many could not be read.

    `MalformedXml` if not even the root can be read.
    """
    chunks = list(_chunks(text))
    root, scope = parse_beginning(text[: chunks[0][0]] if chunks else text)
    lost = 0
    for start, end in chunks:
        try:
            root.children.append(parse_xml(text[start:end], inside=root, scope=scope))
        except MalformedXml:
            lost += 1
    return root, lost


def _chunks(text: str) -> Iterator[tuple[int, int]]:
    """From where to where each item of *text* goes; to its own start where its end is missing."""
    opened: int | None = None
    for tag in _ITEM_TAG.finditer(text):
        if opened is not None:
            yield opened, (tag.end() if tag["closing"] else opened)
        opened = None if tag["closing"] else tag.start()
    if opened is not None:
        yield opened, opened
