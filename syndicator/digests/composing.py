"""News as a mail, and which entries it tells how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from syndicator.channels.base import Message
from syndicator.channels.email.digest import Change, DigestStory, render
from syndicator.content import Picture
from syndicator.destinations.models import Route
from syndicator.digests.models import Archive, Digest, DigestItem, DigestSettings, Shown
from syndicator.digests.news import News, said
from syndicator.entries.models import Entry, LiveBlog
from syndicator.posts.links import content_for
from syndicator.posts.picturing import pictures_of

#: Of so many entries one is looked for that has a picture: the first ones are seen.
LOOKED_AT = 5


@dataclass(frozen=True, slots=True)
class Draft:
    """A digest before it is kept. The items belong to no digest yet."""

    message: Message
    items: tuple[DigestItem, ...]


def compose(route: Route, news: News, at: datetime, public_id: str) -> Draft:
    """*news*, of which there are some, as the mail that was due *at*."""
    blog = route.blog
    for entry in news.all:
        entry.blog = blog  # read once for all of them
    by_id = {entry.external_id: entry for entry in news.entries}
    story = DigestStory(
        entries=tuple(content_for(entry, route) for entry in news.entries),
        corrected=tuple(_change(entry, route) for entry in news.corrected),
        retracted=tuple(_change(entry, route) for entry in news.retracted),
        at=at,
        blog_slug=blog.slug,
        blog_title=blog.title,
        blog_url=blog.canonical_url,
        archive_url=archive_url(blog, public_id),
        language=blog.language,
        time_zone=blog.time_zone,
    )
    in_order = [by_id[content.external_id] for content in story.in_order]
    if route.with_pictures and (found := _picture(in_order)):
        story = story.with_picture(*found)
    rendered = render(story)
    shown = [(entry, Shown.RETRACTED) for entry in news.retracted]
    shown += [(entry, Shown.CORRECTED) for entry in news.corrected]
    shown += [(entry, Shown.TOLD) for entry in in_order[: rendered.told]]
    shown += [(entry, Shown.COUNTED) for entry in in_order[rendered.told :]]
    items = tuple(
        DigestItem(
            entry=entry,
            revision=entry.revision,
            said=said(entry.content),
            shown=how,
            position=position,
        )
        for position, (entry, how) in enumerate(shown)
    )
    return Draft(rendered.message, items)


def archive_url(blog: LiveBlog, public_id: str) -> str:
    """The digest's own page on the web; empty if nobody may read it there."""
    kept = DigestSettings.objects.filter(blog=blog, archive=Archive.NOBODY)
    if kept.exists():
        return ""
    return settings.BASE_URL + reverse("digests:page", args=[blog.slug, public_id])


def is_up_to_date(digest: Digest) -> bool:
    """Whether every entry still says what *digest* tells of it."""
    return all(
        item.entry.revision == item.revision
        for item in digest.items.select_related("entry").only(
            "revision", "entry__revision", "digest"
        )
    )


def _change(entry: Entry, route: Route) -> Change:
    return Change(content_for(entry, route), entry.changed_at)


def _picture(entries: Iterable[Entry]) -> tuple[str, Picture] | None:
    for entry in list(entries)[:LOOKED_AT]:
        for picture in pictures_of(entry):
            return entry.external_id, picture
    return None
