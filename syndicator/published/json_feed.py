"""A live blog as a JSON Feed (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

from typing import Any

from syndicator.published.feed import Feed
from syndicator.published.plain import html_of, sayable, title_of
from syndicator.share.addresses import address_by_key, key_of, name_of


def json_feed(feed: Feed) -> dict[str, Any]:
    blog = feed.blog
    said: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": sayable(blog.title),
        "home_page_url": blog.canonical_url,
        "feed_url": feed.address("json_feed"),
        "language": blog.language,
        "items": [_item(feed, number) for number in range(len(feed.entries))],
    }
    if blog.lead:
        said["description"] = sayable(blog.lead)
    if blog.closed_at:
        said["expired"] = True
    return said


def _item(feed: Feed, number: int) -> dict[str, Any]:
    entry = feed.entries[number]
    content = entry.content
    item: dict[str, Any] = {
        "id": name_of(feed.shown, entry.pk),
        "url": entry.permalink,
        "title": title_of(content),
        "content_html": html_of(content.blocks),
        "date_published": entry.published_at.isoformat(),
        "date_modified": entry.changed_at.isoformat(),
    }
    if entry.author:
        item["authors"] = [{"name": sayable(entry.author)}]
    if content.tags:
        item["tags"] = [sayable(tag) for tag in content.tags]
    # For the newsroom's own page: which of its entries this is, and what to embed there.
    own: dict[str, Any] = {"external_id": entry.external_id, "key_event": entry.key_event}
    if feed.shown.is_on:
        own["share_url"] = address_by_key(key_of(entry.pk, feed.shown))
    return {**item, "_syndicator": own}
