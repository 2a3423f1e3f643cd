"""A digest as a mail: the news since the last one, and what is not so any more of what it said.

Key events come first, then the rest, the newest on top, by the hour or by the day where there are
many. Each has its author, time and permalink, and as much of its text as its place allows; what
does not fit into a mail that is shown whole is counted. Nothing of what was taken back is repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from syndicator.channels.base import Message
from syndicator.channels.email.direction import direction_of
from syndicator.channels.email.excerpts import excerpt, title_of
from syndicator.channels.email.frame import framed
from syndicator.channels.email.pictures import place_of, source_of
from syndicator.channels.email.rendering import (
    LARGEST_HTML,
    SUBJECT_LENGTH,
    is_web_address,
    subject_line,
    text_blocks,
    tidied,
    tidied_block,
)
from syndicator.channels.email.styles import in_whole_page
from syndicator.channels.email.words import words_for
from syndicator.channels.fitting.pieces import headline_of
from syndicator.channels.leftovers import without_leftovers
from syndicator.channels.templating import OutputTooLong, render_text
from syndicator.content import Block, EntryContent, Image, Picture

#: Characters of text: of a key event and of any other entry, and of each where there are many.
KEY_EVENT_ROOM, ROOM, ROOM_AMONG_MANY = 700, 320, 160
#: More entries than these are many, and stand under the hour or the day they are of.
MANY = 8
#: The others are counted: nobody reads a mail that long.
MOST_TOLD = 60
#: Corrections are told at this length, so that what is right now can be understood.
CORRECTION_ROOM = 500
#: What the inbox shows beside the subject names so many more.
PREVIEWED = 3


@dataclass(frozen=True, slots=True)
class Change:
    """An entry that readers were told of, and when (aware) it was corrected or taken back.

    Of one that was taken back only time and author are used.
    """

    entry: EntryContent
    at: datetime


@dataclass(frozen=True, slots=True)
class DigestStory:
    """All that a digest is made of. *entries* have times, the newest first; *at* (aware) is when it
    was due. *archive_url* is its own page, or empty. *picture* belongs to the entry whose external
    id is *pictured*."""

    entries: tuple[EntryContent, ...]
    corrected: tuple[Change, ...]
    retracted: tuple[Change, ...]
    at: datetime
    blog_slug: str
    blog_title: str
    blog_url: str
    archive_url: str = ""
    language: str = "de"
    time_zone: str = "Europe/Berlin"
    picture: Picture | None = None
    pictured: str = ""

    @property
    def in_order(self) -> tuple[EntryContent, ...]:
        """As readers find them."""
        return tuple(sorted(self.entries, key=lambda entry: not entry.key_event))

    def with_picture(self, external_id: str, picture: Picture) -> DigestStory:
        """The same, with *picture* of the entry called *external_id*."""
        return replace(self, picture=picture, pictured=external_id)


@dataclass(frozen=True, slots=True)
class Rendered:
    """*message*, in which the first *told* entries of `DigestStory.in_order` are told, the others
    counted."""

    message: Message
    told: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """One entry as the templates tell it."""

    headline: str
    marks: Sequence[str]
    is_key_event: bool
    blocks: Sequence[Block]
    permalink: str
    iso_time: str


@dataclass(frozen=True, slots=True)
class _Group:
    title: str
    pieces: Sequence[_Piece]


def render(story: DigestStory) -> Rendered:
    """*story* as a mail to the readers of its live blog. `ValueError` if it tells nothing."""
    if not (story.entries or story.corrected or story.retracted):
        raise ValueError("a digest without news")
    told = min(len(story.entries), MOST_TOLD)
    while True:
        written = _written(story, told)
        if written is not None or told == 0:
            break
        told = min(told - 1, told * 9 // 10)
    if written is None:
        raise OutputTooLong("the corrections alone are longer than a mail")
    text, html = written
    subject = subject_of(story)
    titles = [title_of(entry, story.language) for entry in story.in_order]
    html = framed(
        html,
        [(title, "") for title in titles[: PREVIEWED + 1]],
        subject=titles[0] if titles and subject.startswith(titles[0]) else subject,
        permalink="",
        language=story.language,
    )
    shown = story.picture if story.picture and source_of(story.picture) in html else None
    message = Message(
        text=text,
        permalink=story.archive_url or story.blog_url,
        subject=subject,
        html=html,
        audience=story.blog_slug,
        language=story.language,
        pictures=(shown,) if shown else (),
    )
    return Rendered(message, told)


def subject_of(story: DigestStory) -> str:
    """The news, of at most `SUBJECT_LENGTH` characters: the newest key event, or else the newest
    entry, and how many more there are."""
    words, entries = words_for(story.language), story.in_order
    if not entries:
        if not story.corrected:
            return words.digest_retractions(len(story.retracted))
        title = title_of(story.corrected[0].entry, story.language)
        room = SUBJECT_LENGTH - len(words.correction_of.format(title=""))
        return words.correction_of.format(title=subject_line(title, story.language, room))
    more = words.and_more(len(entries) - 1)
    title = title_of(entries[0], story.language) or tidied(story.blog_title)
    return subject_line(title.rstrip("."), story.language, SUBJECT_LENGTH - len(more)) + more


def _written(story: DigestStory, told: int) -> tuple[str, str] | None:
    """Text and HTML with the first *told* entries; None if that is too large to be shown whole."""
    words, zone = words_for(story.language), ZoneInfo(story.time_zone)
    entries = story.in_order[:told]
    key_events = [entry for entry in entries if entry.key_event]
    others = [entry for entry in entries if not entry.key_event]
    room = ROOM if len(others) <= MANY else ROOM_AMONG_MANY
    several = len({_local(entry, zone).date() for entry in story.entries}) > 1
    more = len(story.entries) - told
    blog_title = tidied(story.blog_title)
    groups = [
        _Group(
            words.key_events if others else "",
            [_piece(story, entry, KEY_EVENT_ROOM, dated=several) for entry in key_events],
        ),
        *_grouped(story, others, room, words.also if key_events else "", dated=several),
    ]
    context = {
        "words": words,
        "language": story.language,
        "direction": direction_of(story.language),
        "blog_title": blog_title,
        "blog_url": story.blog_url if is_web_address(story.blog_url) else "",
        "because": words.because.format(blog=blog_title),
        "archive_url": story.archive_url,
        "dated": words.date_and_time(story.at.astimezone(zone)),
        "groups": [group for group in groups if group.pieces],
        "corrected": [
            (
                words.corrected_at.format(at=_moment(story, change.at)),
                replace(_corrected(story, change.entry), is_key_event=False),
            )
            for change in story.corrected
        ],
        "retracted": [
            words.retracted(
                at=_moment(story, change.at),
                of=_moment(story, change.entry.published_at or change.at),
                author=tidied(change.entry.author),
            )
            for change in story.retracted
        ],
        "more": words.more_entries(more) if more else "",
    }
    try:
        text = "\n\n".join(text_blocks(render_text(__package__, "digest.txt.jinja", **context)))
        html = in_whole_page(render_text(__package__, "digest.html.jinja", **context))
    except OutputTooLong:
        return None
    return (text, html) if len(html.encode()) <= LARGEST_HTML else None


def _grouped(
    story: DigestStory, entries: Sequence[EntryContent], room: int, title: str, *, dated: bool
) -> list[_Group]:
    """*entries* under the day or the hour they are of, or all under *title* if they are few."""
    words, zone = words_for(story.language), ZoneInfo(story.time_zone)
    if len(entries) <= MANY:
        return [_Group(title, [_piece(story, one, room, dated=dated) for one in entries])]

    def heading(entry: EntryContent) -> str:
        local = _local(entry, zone)
        return words.day(local) if dated else words.hour(local)

    return [
        _Group(head, [_piece(story, one, room, dated=False) for one in of_it])
        for head, of_it in groupby(entries, key=heading)
    ]


def _piece(story: DigestStory, entry: EntryContent, room: int, *, dated: bool) -> _Piece:
    words, zone = words_for(story.language), ZoneInfo(story.time_zone)
    local = _local(entry, zone)
    headline = tidied(headline_of(entry))
    raw = without_leftovers(entry.blocks)
    shown = story.picture if entry.external_id == story.pictured else None
    place = place_of(shown, raw) if shown else None
    blocks = [
        block
        for index, one in enumerate(raw)
        if (source := source_of(shown) if shown and index == place else "") or not _is_image(one)
        if (block := tidied_block(one, story.language, source))
    ]
    time = words.short_moment(local) if dated else words.clock(local)
    return _Piece(
        headline=headline,
        marks=[part for part in (time, tidied(entry.author)) if part],
        is_key_event=entry.key_event,
        blocks=excerpt(blocks, room, story.language),
        permalink=entry.permalink if is_web_address(entry.permalink) else "",
        iso_time=local.isoformat(),
    )


def _corrected(story: DigestStory, entry: EntryContent) -> _Piece:
    zone = ZoneInfo(story.time_zone)
    dated = _local(entry, zone).date() != story.at.astimezone(zone).date()
    return _piece(story, entry, CORRECTION_ROOM, dated=dated)


def _is_image(block: Block) -> bool:
    return isinstance(block, Image)


def _local(entry: EntryContent, zone: ZoneInfo) -> datetime:
    if entry.published_at is None:
        raise ValueError(f"entry {entry.external_id} has no time")
    return entry.published_at.astimezone(zone)


def _moment(story: DigestStory, moment: datetime) -> str:
    """*moment* in the blog's zone; on another day than the digest's with its date."""
    words, zone = words_for(story.language), ZoneInfo(story.time_zone)
    local = moment.astimezone(zone)
    same_day = local.date() == story.at.astimezone(zone).date()
    return words.clock(local) if same_day else words.short_moment(local)
