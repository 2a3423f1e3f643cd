"""Several entries told in one post: a line for each, and the permalink of one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from syndicator.channels.base import Message
from syndicator.channels.fitting.drafts import Draft, fit
from syndicator.content import BulletList, EntryContent, Story

#: The longest line, in characters: as much as one takes in at a glance.
LONGEST_LINE = 140
#: More lines in one post nobody reads to the end.
MOST = 10


def line_of(story: Story) -> str | None:
    """What one line says of an entry: its headline, or else its first sentences, on one line.

    None if nothing can be said of it.
    """
    return fit(story, _on_one_line, limit=LONGEST_LINE) or None


def told_together(
    stories: Sequence[Story], bearer: Story, render: Callable[[Story], Message | None]
) -> Message | None:
    """One message that tells all of *stories*, the oldest first, with *bearer*'s permalink.

    *render* is the channel's. None if there are too many, or if the platform has no room for every
    line: an entry is told whole, or in another post.
    """
    if len(stories) > MOST:
        return None
    lines = [line_of(story) for story in sorted(stories, key=_age)]
    if not all(lines):
        return None
    listed = BulletList(tuple(line for line in lines if line))
    for headline in _headlines(bearer):
        content = EntryContent(
            external_id=bearer.entry.external_id,
            headline=headline,
            published_at=bearer.entry.published_at,
            permalink=bearer.entry.permalink,
            blocks=(listed,),
        )
        message = render(replace(bearer, entry=content, pictures=(), thread=False))
        if message is not None and _tells(message.text, (headline, *listed.items)):
            return message
    return None


def _headlines(bearer: Story) -> tuple[str, str, str]:
    """From the one that says most to none at all, which leaves most room."""
    brief = "Kurz gemeldet" if bearer.language.lower().startswith("de") else "In brief"
    return f"{brief}: {bearer.blog_title}", brief, ""


def _tells(text: str, lines: Iterable[str]) -> bool:
    """Whether each of *lines* is all there, one after the other."""
    begin = 0
    for line in lines:
        found = text.find(line, begin)
        if found < 0:
            return False
        begin = found + len(line)
    return True


def _on_one_line(draft: Draft) -> str:
    return " ".join((draft.headline or draft.body).split())


def _age(story: Story) -> float:
    at = story.entry.published_at
    return at.timestamp() if at else 0.0
