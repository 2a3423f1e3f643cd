"""Rows for tests, with sensible values where a test does not care."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from syndicator.accounts.models import Role, User
from syndicator.channels.sandboxes import SANDBOX_SETTINGS
from syndicator.clock import database_now
from syndicator.content import EntryContent, Paragraph
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.entries.ingest import ingest
from syndicator.entries.models import Entry, LiveBlog, Source
from syndicator.posts.models import Post
from syndicator.posts.render import render

_numbers = count(1)
BLOG_URL = "https://magazin.example.org/liveblog"
NOON = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)


def make_blog(**values: Any) -> LiveBlog:
    number = next(_numbers)
    return LiveBlog.objects.create(
        **{
            "slug": f"blog-{number}",
            "title": f"Liveblog {number}",
            "canonical_url": f"{BLOG_URL}-{number}",
            **values,
        }
    )


def make_source(blog: LiveBlog | None = None, name: str = "cms") -> Source:
    return Source.objects.get_or_create(blog=blog or make_blog(), name=name)[0]


def make_content(external_id: str = "", **values: Any) -> EntryContent:
    number = next(_numbers)
    external_id = external_id or f"entry-{number}"
    return EntryContent(
        **{
            "external_id": external_id,
            "author": "Jana Brandt",
            "headline": f"Nachricht Nummer {number}",
            "published_at": NOON + timedelta(minutes=number),
            "permalink": f"{BLOG_URL}#{external_id}",
            "blocks": (Paragraph(f"In Genf ist Satz {number} gefallen."),),
            **values,
        }
    )


def make_entry(blog: LiveBlog | None = None, **values: Any) -> Entry:
    return ingest(make_source(blog), make_content(**values)).entry


def make_destination(
    channel: str = "x", base_url: str = "http://127.0.0.1:9", **secrets: str
) -> Destination:
    number = next(_numbers)
    destination = Destination(
        name=f"{channel} account {number}", channel_name=channel, base_url=base_url
    )
    destination.configure({**SANDBOX_SETTINGS.get(channel, {}), **secrets})
    destination.save()
    return destination


def make_route(
    blog: LiveBlog,
    destination: Destination | None = None,
    policy: Policy = Policy.AUTOMATIC,
    hold_seconds: int = 0,
) -> Route:
    return Route.objects.create(
        blog=blog,
        destination=destination or make_destination(),
        policy=policy,
        hold_seconds=hold_seconds,
    )


def make_post(
    policy: Policy = Policy.AUTOMATIC, destination: Destination | None = None, **values: Any
) -> Post:
    """A new entry on a new blog with one route, rendered: its one post."""
    blog = make_blog()
    route = make_route(blog, destination, policy)
    entry = make_entry(blog, **values)
    render(entry.pk)
    return Post.objects.select_related("entry", "destination").get(
        entry=entry, destination=route.destination
    )


def make_user(role: Role = Role.EDITOR, **values: Any) -> User:
    number = next(_numbers)
    return User.objects.create_user(
        **{"username": f"user-{number}", "password": "correct horse", "role": role, **values}
    )


def make_due(post: Post) -> Post:
    """As if its waiting time were over."""
    Post.objects.filter(pk=post.pk).update(due_at=database_now() - timedelta(seconds=1))
    post.refresh_from_db()
    return post
