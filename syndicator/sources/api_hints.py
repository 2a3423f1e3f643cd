"""Addresses of live-blog APIs that an HTML page names: in its scripts, frames and data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any, Literal
from urllib.parse import urldefrag

from syndicator.sources.file_kinds import MAX_BYTES
from syndicator.sources.html_blocks import absolute_url
from syndicator.sources.json_values import node, string
from syndicator.sources.text_encoding import decode_text

Kind = Literal["sourcefabric", "wordpress-liveblog", "embedded-page"]

_MOST = 10
_LONGEST_SETTINGS = 200_000
_LONGEST_BEFORE = 300
_BLOG = r"[0-9a-f]{24}"
_ESCAPED_SLASH = re.compile(r"\\/")
#: An address up to the end of the text; searched for from the known part of it backwards.
_ADDRESS_BEFORE = re.compile(r"(?:https?:)?//[^\s\"'<>\\/]{1,200}(?:/[^\s\"'<>\\]{0,300})?\Z")
_CLIENT_BLOGS = re.compile(
    rf"/api/(?:v2/)?client_blogs/{_BLOG}(?:/{_BLOG})?(?![0-9a-f])", re.IGNORECASE
)
#: The server's own frame, which has the API beside it.
_EMBED = re.compile(rf"/embed/(?P<blog>{_BLOG}(?:/{_BLOG})?)(?![0-9a-f])", re.IGNORECASE)
_LIVEBLOG_REST = re.compile(r"/liveblog/v\d{1,3}/\d{1,19}(?=[/\"'\s?&])")
#: A blog published to a storage: only its own page knows the server.
_PUBLISHED_FRAME = re.compile(
    rf"<(?:iframe|script|amp-iframe)\b[^<>]{{0,1000}}?\b(?:data-)?src\s?=\s?[\"']"
    rf"(?P<page>[^\"'<>\s]{{1,500}}/blogs/{_BLOG}/[^\"'<>\s]{{0,300}}?\.html?)",
    re.IGNORECASE,
)
_LB_SETTINGS = re.compile(r"\bwindow\.LB\s{0,5}=|\bLB\s{0,5}=\s{0,5}\{")
_API_HOST = re.compile(r"[\"']?api_host[\"']?\s{0,5}:\s{0,5}[\"'](?P<host>[^\"'<>\s]{1,300})[\"']")
_BLOG_OF_SETTINGS = re.compile(r"\bblog[\"']?\s{0,5}:\s{0,5}(?=\{)")
_WORDPRESS_SETTINGS = re.compile(r"\bliveblog_settings\s{0,5}=\s{0,5}(?=\{)")
_REST_ROOT = re.compile(
    r"<link\b[^<>]{0,300}?\brel\s?=\s?[\"']https://api\.w\.org/[\"'][^<>]{0,300}>", re.IGNORECASE
)
_HREF = re.compile(r"\bhref\s?=\s?[\"'](?P<url>[^\"'<>\s]{1,500})", re.IGNORECASE)
_LIVEBLOG_POST = re.compile(
    r"\bdata-liveblog-post-id\s?=\s?[\"'](?P<post>\d{1,19})[\"']", re.IGNORECASE
)
_CONTAINER = re.compile(r"\bid\s?=\s?[\"'](?:wpcom-)?liveblog-container[\"']", re.IGNORECASE)
_POST_OF_BODY = re.compile(
    r"<body\b[^<>]{0,1000}?\b(?:postid|page-id)-(?P<post>\d{1,19})\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ApiHint:
    """An address that a page names, and the reader for it.

    "embedded-page" is the page of a frame: what the live blog is, its own scripts tell.
    """

    url: str
    kind: Kind


def api_hints(page: bytes, url: str) -> tuple[ApiHint, ...]:
    """What *page*, fetched from *url*, names, the surest first; nothing is asked for."""
    if len(page) > MAX_BYTES:
        return ()
    text = _ESCAPED_SLASH.sub("/", decode_text(page))
    found = (*_wordpress(text), *_sourcefabric(text), *_frames(text))
    hints = (
        ApiHint(address, kind)
        for named, kind in found
        if (address := urldefrag(absolute_url(unescape(named), url)).url)
    )
    return tuple(dict.fromkeys(hints))[:_MOST]


def _wordpress(text: str) -> Iterator[tuple[str, Kind]]:
    for settings in _first(_WORDPRESS_SETTINGS, text):
        said = node(_json_at(text, settings.end()))
        endpoint, permalink = (_address(said.get(name)) for name in ("endpoint_url", "permalink"))
        if endpoint:
            yield endpoint, "wordpress-liveblog"
        elif permalink:
            yield f"{permalink}/liveblog", "wordpress-liveblog"
    for before, named in _in_addresses(_LIVEBLOG_REST, text):
        yield before + named[0], "wordpress-liveblog"
    if post := _post(text):
        for link in _first(_REST_ROOT, text):
            if root := _HREF.search(link[0]):
                base = unescape(root["url"]).rstrip("/")
                yield f"{base}/liveblog/v1/{post}", "wordpress-liveblog"


def _address(value: Any) -> str:
    return value.strip().rstrip("/") if isinstance(value, str) else ""


def _post(text: str) -> str:
    """The number of the WordPress post that is a live blog; empty if the page is none."""
    if named := _LIVEBLOG_POST.search(text):
        return named["post"]
    body = _POST_OF_BODY.search(text) if _CONTAINER.search(text) else None
    return body["post"] if body else ""


def _sourcefabric(text: str) -> Iterator[tuple[str, Kind]]:
    for before, named in _in_addresses(_CLIENT_BLOGS, text):
        yield f"{before}{named[0]}/posts", "sourcefabric"
    for settings in _first(_LB_SETTINGS, text):
        said = text[settings.end() - 1 : settings.end() + _LONGEST_SETTINGS]
        host, blog = _API_HOST.search(said), _BLOG_OF_SETTINGS.search(said)
        name = string(node(_json_at(said, blog.end())).get("_id")) if blog else ""
        if host and re.fullmatch(_BLOG, name):
            base = host["host"].rstrip("/").removesuffix("/api")
            yield f"{base}/api/client_blogs/{name}/posts", "sourcefabric"
    for before, frame in _in_addresses(_EMBED, text):
        yield f"{before}/api/client_blogs/{frame['blog']}/posts", "sourcefabric"


def _frames(text: str) -> Iterator[tuple[str, Kind]]:
    for frame in _first(_PUBLISHED_FRAME, text):
        yield frame["page"], "embedded-page"


def _first(form: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for count, found in enumerate(form.finditer(text)):
        if count == _MOST:
            return
        yield found


def _in_addresses(form: re.Pattern[str], text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """What of *form* stands in an address, each with the address before it."""
    told = 0
    for found in form.finditer(text):
        window = text[max(0, found.start() - _LONGEST_BEFORE) : found.start()]
        if before := _ADDRESS_BEFORE.search(window):
            yield before[0], found
            told += 1
        if told == _MOST:
            return


def _json_at(text: str, position: int) -> Any:
    """The JSON value that begins at *position*; None if there is none."""
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(
            text[position : position + _LONGEST_SETTINGS]
        )
    except (ValueError, RecursionError):
        return None
    return value
