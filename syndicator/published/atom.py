"""A live blog as an Atom feed (RFC 4287), which says of retracted entries that they are gone
(RFC 6721)."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from syndicator.published.feed import Feed
from syndicator.published.plain import html_of, sayable, title_of
from syndicator.share.addresses import name_of

ATOM = "http://www.w3.org/2005/Atom"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

register_namespace("", ATOM)
register_namespace("at", TOMBSTONES)


def atom(feed: Feed) -> bytes:
    blog = feed.blog
    root = Element(f"{{{ATOM}}}feed", {_LANGUAGE: blog.language})
    _say(root, "id", name_of(feed.shown))
    _say(root, "title", blog.title)
    if blog.lead:
        _say(root, "subtitle", blog.lead)
    _say(root, "updated", _time(feed.updated))
    _link(root, "self", feed.address("atom_feed"), "application/atom+xml")
    _link(root, "alternate", blog.canonical_url, "text/html")
    # Each entry needs an author, its own or the feed's (4.1.2).
    _say(SubElement(root, f"{{{ATOM}}}author"), "name", blog.title)
    for entry in feed.entries:
        content = entry.content
        one = SubElement(root, f"{{{ATOM}}}entry")
        _say(one, "id", name_of(feed.shown, entry.pk))
        _say(one, "title", title_of(content))
        _say(one, "published", _time(entry.published_at))
        _say(one, "updated", _time(entry.changed_at))
        _link(one, "alternate", entry.permalink, "text/html")
        if entry.author:
            _say(SubElement(one, f"{{{ATOM}}}author"), "name", entry.author)
        for tag in content.tags:
            SubElement(one, f"{{{ATOM}}}category", term=sayable(tag))
        _say(one, "content", html_of(content.blocks), type="html")
    for gone in feed.gone:
        when = {"ref": name_of(feed.shown, gone.pk), "when": _time(gone.at)}
        SubElement(root, f"{{{TOMBSTONES}}}deleted-entry", when)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _say(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, f"{{{ATOM}}}{name}", attributes).text = sayable(text)


def _link(parent: Element, rel: str, address: str, media_type: str) -> None:
    SubElement(parent, f"{{{ATOM}}}link", rel=rel, href=sayable(address), type=media_type)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
