"""The few tags of an HTML page that speak to machines.

They are cut out of the page before they are parsed: a whole page may be megabytes, and the time
`html.parser` takes for unfinished tags and comments grows with the square of their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup

_START = re.compile(r"<!--|<(?P<name>script|link|meta|base|html)\b[^<>]{0,2000}>", re.IGNORECASE)
_SCRIPT_END = re.compile(r"</script\b", re.IGNORECASE)
_OF_INTEREST = re.compile(r"ld\+json|canonical|og:url|<html", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PageHead:
    """What a page says to machines: its JSON-LD scripts, its address and language."""

    json_ld: tuple[str, ...]
    canonical: str
    open_graph_url: str
    language: str


def read_page_head(page: str) -> PageHead:
    """The machine-readable tags of *page*, wherever they stand in it; linear in its length."""
    scripts: list[str] = []
    found = {"canonical": "", "og:url": "", "html": ""}
    for start_tag, content in start_tags(page, _OF_INTEREST):
        tag = BeautifulSoup(start_tag, "html.parser").find()
        if tag is None:
            continue
        if tag.name == "script" and "ld+json" in str(tag.get("type", "")).lower():
            scripts.append(content)
        elif tag.name == "link" and "canonical" in (tag.get("rel") or ()):
            found["canonical"] = found["canonical"] or str(tag.get("href", ""))
        elif tag.name == "meta" and tag.get("property") == "og:url":
            found["og:url"] = found["og:url"] or str(tag.get("content", ""))
        elif tag.name == "html":
            found["html"] = found["html"] or str(tag.get("lang", ""))
    return PageHead(tuple(scripts), found["canonical"], found["og:url"], found["html"])


def start_tags(page: str, of_interest: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """The start tags in which *of_interest* is found, each with its script if it is one.

    Only tags that tell machines something are looked at, outside comments and scripts.
    """
    position = 0
    last_comment_end = page.rfind("-->")
    while start := _START.search(page, position):
        position = start.end()
        if start["name"] is None:
            if position <= last_comment_end:
                position = page.index("-->", position) + 3
            continue
        content = ""
        if start["name"].lower() == "script":
            if not (end := _SCRIPT_END.search(page, position)):
                return
            content = page[position : end.start()]
            position = end.end()
        if of_interest.search(start[0]):
            yield start[0], content
