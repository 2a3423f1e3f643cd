"""A live blog that shows the world what it has posted, and clicks that are written when told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syndicator.clock import database_now
from syndicator.entries.models import Entry, LiveBlog
from syndicator.posts.models import Post, PostState
from syndicator.posts.render import render
from syndicator.share import addresses, clicks
from syndicator.share.models import SharePages
from tests.factories import make_blog, make_entry, make_route


@pytest.fixture
def shown() -> SharePages:
    blog = make_blog(title="Live: Stadtrat", slug="rat", lead="Was im Rat geschieht")
    make_route(blog)
    return SharePages.objects.create(
        blog=blog, is_on=True, feeds_on=True, changed_at=database_now()
    )


@pytest.fixture
def blog(shown: SharePages) -> LiveBlog:
    return shown.blog


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> clicks.Counting:
    """Without the background thread, which does not see the test's transaction."""
    waiting: list[Callable[[], None]] = []
    made = clicks.Counting(waiting.append)
    monkeypatch.setattr(clicks, "counting", made)
    return made


def posted(blog: LiveBlog, state: PostState = PostState.SENT, **values: object) -> Entry:
    """An entry whose post is in *state*."""
    entry = make_entry(blog, **values)
    render(entry.pk)
    Post.objects.filter(entry=entry).update(state=state)
    entry.refresh_from_db()
    return entry


def path_of(entry: Entry) -> str:
    return f"/e/{addresses.key_of(entry.pk, SharePages.objects.get(blog=entry.blog_id))}/"
