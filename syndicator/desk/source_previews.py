"""What a source's last entries would become on each route of a live blog. It writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from syndicator.channels.base import Message
from syndicator.content import EntryContent, Image
from syndicator.desk.cards import Card
from syndicator.destinations.models import Policy, Route
from syndicator.entries.models import Entry, LiveBlog
from syndicator.entries.revising import take_over
from syndicator.posts.models import Post, PostState
from syndicator.posts.policies import Ruling
from syndicator.posts.render import draft_of, ruling_on
from syndicator.sources.base import SourceDocument

#: A page has to carry them, once for each route.
MOST = 3


@dataclass(frozen=True, slots=True)
class PreviewedPost:
    """*card* is None where nothing is posted."""

    route: Route
    ruling: Ruling
    card: Card | None


@dataclass(frozen=True, slots=True)
class PreviewedEntry:
    """*entry* is not saved. *pictures* is how many it shows: they are fetched once it is posted."""

    entry: Entry
    pictures: int
    posts: list[PreviewedPost]


def previews(blog: LiveBlog, document: SourceDocument, now: datetime) -> list[PreviewedEntry]:
    """The last entries of *document*, the newest first, as the routes of *blog* would have them."""
    routes = [
        route
        for route in blog.routes.select_related("destination").order_by("destination__name")
        if route.policy not in (Policy.OFF, Policy.DIGEST)
    ]
    return [_previewed(blog, one, routes, now) for one in document.entries[::-1][:MOST]]


def _previewed(
    blog: LiveBlog, content: EntryContent, routes: list[Route], now: datetime
) -> PreviewedEntry:
    entry = Entry(
        blog=blog,
        external_id=content.external_id,
        published_at=content.published_at or now,
        received_at=now,
        changed_at=now,
    )
    take_over(entry, content)
    pictures = sum(isinstance(block, Image) and bool(block.url) for block in content.blocks)
    return PreviewedEntry(entry, pictures, [_post(entry, route, now) for route in routes])


def _post(entry: Entry, route: Route, now: datetime) -> PreviewedPost:
    draft = draft_of(entry, route)
    ruling = ruling_on(route, entry.blog, entry, draft)
    card = _card(entry, route, draft.message, now) if draft.message else None
    return PreviewedPost(route, ruling, card)


def _card(entry: Entry, route: Route, message: Message, now: datetime) -> Card:
    return Card(
        Post(
            entry=entry,
            destination=route.destination,
            revision=1,
            state=PostState.PENDING,
            payload=message.to_json(),
            payload_hash=message.fingerprint(),
            published_at=entry.published_at,
            created_at=now,
            changed_at=now,
        )
    )
