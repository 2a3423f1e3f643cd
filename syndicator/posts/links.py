"""The link that a post carries: the entry's permalink, or what its route makes of it.

It is settled when a post is made and stays with it (`Message.permalink`): whoever looks the post
up, corrects it or tells it anew takes it from there.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from syndicator.channels.fitting.permalinks import naming
from syndicator.content import Block, BulletList, EntryContent, Image, Picture, Quote, Story
from syndicator.destinations.models import Route
from syndicator.destinations.tracking import tracked
from syndicator.entries.models import Entry, EntryRevision
from syndicator.posts.models import Post
from syndicator.share import addresses


def link_of(entry: Entry, route: Route) -> str:
    """The link to *entry* as posts on *route* carry it.

    The share page adds the route's parameters when it sends a reader on, so that nobody can make
    it add others.
    """
    if route.share_page:
        address = addresses.share_address(entry, route if route.tracking else None)
        return address or tracked_permalink(entry, route)
    return tracked_permalink(entry, route)


def leads_to_share_page(entry: Entry, route: Route) -> bool:
    return route.share_page and addresses.share_address(entry) is not None


def tracked_permalink(entry: Entry, route: Route) -> str:
    told = {
        "platform": route.destination.channel_name,
        "blog": entry.blog.slug,
        "entry": entry.external_id,
    }
    return tracked(entry.permalink, route.tracking, told)


def link_to_correct(entry: Entry, out: Post) -> str | None:
    """The link that a correction of *out* keeps: platforms let a post's text be edited, not always
    its link. None if the entry has another permalink by now."""
    carried = out.message.permalink
    if carried == entry.permalink:
        return carried
    said = EntryRevision.objects.filter(entry=entry, revision=out.revision).first()
    return carried if said and said.content.get("permalink") == entry.permalink else None


def content_for(entry: Entry, route: Route) -> EntryContent:
    """What *entry* says, with the link that posts on *route* carry."""
    return carrying(entry.story, link_of(entry, route)).entry


def carrying(story: Story, link: str) -> Story:
    """*story* with *link* for its entry's permalink, also where its text names that."""
    own = story.entry.permalink
    if link == own:
        return story
    named = partial(naming, permalink=own, other=link)
    entry = replace(
        story.entry,
        permalink=link,
        headline=named(story.entry.headline),
        blocks=tuple(_naming(block, named) for block in story.entry.blocks),
    )
    pictures = tuple(_credited(picture, named) for picture in story.pictures)
    return replace(story, entry=entry, pictures=pictures, about=own)


def _naming(block: Block, named: partial[str]) -> Block:
    match block:
        case BulletList(items):
            return replace(block, items=tuple(map(named, items)))
        case Image(text, credit, alt):
            return replace(block, text=named(text), credit=named(credit), alt=named(alt))
        case Quote(text, speaker):
            return replace(block, text=named(text), speaker=named(speaker))
    return replace(block, text=named(block.text))


def _credited(picture: Picture, named: partial[str]) -> Picture:
    return replace(picture, alt=named(picture.alt), credit=named(picture.credit))
