"""Which hubs tell of changes: WebSub (4) has the headers of an answer come before its content."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin

from requests.utils import parse_header_links

from syndicator.sources.base import SourceDocument


def with_hubs(document: SourceDocument, links: str, url: str) -> SourceDocument:
    """*document*, read at *url*, with the hubs and the topic that its ``Link`` headers name."""
    hub_urls = _targets(links, "hub", url)
    topic_urls = _targets(links, "self", url)
    return replace(
        document,
        hub_urls=hub_urls or document.hub_urls,
        topic_url=topic_urls[0] if topic_urls else document.topic_url,
    )


def _targets(links: str, relation: str, url: str) -> tuple[str, ...]:
    found = []
    for link in parse_header_links(links) if links else ():
        if relation in link.get("rel", "").lower().split():
            try:
                found.append(urljoin(url, link.get("url", "")))
            except ValueError:
                continue
    return tuple(found)
