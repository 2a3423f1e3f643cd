"""What a live blog's feeds tell: read in two steps, of which the first, cheap one says whether
anything has changed since a reader's program asked last."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import BooleanField, ExpressionWrapper, Max, OuterRef, QuerySet, Subquery
from django.urls import reverse

from syndicator.digests.models import DigestItem, DigestState
from syndicator.entries.models import Entry, EntryState, LiveBlog
from syndicator.posts.models import Action, Gathered, Post, PostState
from syndicator.published.reading import EVER_OUT, ever_told, told
from syndicator.share.models import SharePages

#: The newest so many entries of a live blog, those that are gone among them.
MOST = 100


@dataclass(frozen=True, slots=True)
class Gone:
    """An entry that readers could read, and no longer can since *at*."""

    pk: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Outline:
    """Which entries are told and which are gone, the newest first; *tag* is another one whenever
    anything in a feed would be."""

    shown: SharePages
    told: tuple[int, ...]
    gone: tuple[Gone, ...]
    updated: datetime
    tag: str


@dataclass(frozen=True, slots=True)
class Feed:
    shown: SharePages
    entries: tuple[Entry, ...]
    gone: tuple[Gone, ...]
    updated: datetime

    @property
    def blog(self) -> LiveBlog:
        return self.shown.blog

    def address(self, name: str) -> str:
        return feed_address(self.blog, name)


def feed_address(blog: LiveBlog, name: str) -> str:
    return settings.BASE_URL + reverse(f"published:{name}", args=[blog.slug])


def outline(shown: SharePages, now: datetime) -> Outline:
    """One query, whatever the number of entries."""
    here, gone, updated = [], [], shown.changed_at
    rows = list(_rows(shown.blog))
    for pk, _revision, state, stands, embargo, *times in rows:
        if embargo is not None and embargo > now:
            continue
        at = max(time for time in (embargo, *times) if time is not None)
        updated = max(updated, at)
        if stands and state == EntryState.LIVE:
            here.append(pk)
        else:
            gone.append(Gone(pk, times[0] if state == EntryState.WITHDRAWN else at))
    blog = shown.blog
    of_blog = (blog.title, blog.lead, blog.slug, blog.canonical_url, blog.language, blog.closed_at)
    named = (settings.BASE_URL, of_blog, shown.is_on, here, gone, [row[:6] for row in rows])
    tag = hashlib.sha256(repr(named).encode("utf-8", "backslashreplace")).hexdigest()[:32]
    return Outline(shown, tuple(here), tuple(gone), updated, tag)


def _rows(blog: LiveBlog) -> QuerySet[Entry, Any]:
    """Of each entry: its key, revision and state, whether it is out, its embargo, and when what was
    last changed: itself, its posts, the posts that tell it, too, and its digests."""
    stands = ExpressionWrapper(told((PostState.SENT,)), output_field=BooleanField())
    posts = Post.objects.filter(action=Action.PUBLISH, state__in=EVER_OUT)
    items = DigestItem.objects.filter(digest__state=DigestState.SENT)
    return (
        Entry.objects.filter(ever_told(), blog=blog)
        .annotate(
            stands=stands,
            posted=_newest(posts, "entry", "changed_at"),
            gathered=_newest(Gathered.objects.all(), "post__entry", "carrier__changed_at"),
            mailed=_newest(items, "entry", "digest__built_at"),
        )
        .order_by("-published_at", "-pk")
        .values_list(
            *("pk", "revision", "state", "stands", "embargo_until"),
            *("changed_at", "posted", "gathered", "mailed"),
        )[:MOST]
    )


def _newest(rows: QuerySet[Any], entry: str, time: str) -> Subquery:
    of_entry = rows.filter(**{entry: OuterRef("pk")}).order_by().values(entry)
    return Subquery(of_entry.annotate(newest=Max(time)).values("newest"))


def read(found: Outline) -> Feed:
    """One query more."""
    entries = Entry.objects.in_bulk(found.told)
    in_order = [entries[pk] for pk in found.told if pk in entries]
    for entry in in_order:
        entry.blog = found.shown.blog
    return Feed(found.shown, tuple(in_order), found.gone, found.updated)
