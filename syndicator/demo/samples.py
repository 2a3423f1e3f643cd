"""Sample entries as each installed platform would post them, as one page of Markdown to review."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from syndicator.channels.base import Channel, Message
from syndicator.channels.fitting.briefs import told_together
from syndicator.content import (
    Block,
    BulletList,
    EntryContent,
    Image,
    Paragraph,
    Picture,
    Quote,
    Story,
    blocks_from_json,
)

PAGE = "https://magazin.example.org/live"
#: What Markdown would take for markup.
_MARKUP = re.compile(r"([\\`*_\[\]<>|~&])")
_BEGINS_LIKE_MARKUP = re.compile(r"^(\d+)([.)])(?= )|^([#+=-])")

HEAD = """\
# Sample entries on every platform

Made by `syndicator samples` from `syndicator/demo/samples.json`: each post as it would go out, with
pictures and threads switched on. A test holds this page against the command's output, so that a
change to how posts are fitted shows here, line by line, before it shows anywhere else. Every post
was read as an editor would read it; what had to change was changed for all entries, never for one:

- The headline comes first, then whole sentences, then words. Behind a headline there are at least
  seven words of a sentence, or none.
- Cut text ends with an ellipsis, behind a clause where that costs less than half of the room, and
  never behind an article, an auxiliary verb, a number or half of a name if there is a better place.
- Speech is told whole, with its marks and its speaker, or gives way to what follows, if that can be
  understood alone. Where an entry has no headline and begins with speech, its first sentences stay,
  and an ellipsis stands for the others.
- A list that is cut says so by an ellipsis on a line of its own; in a thread it goes on.
- What gave way in a post is told in its thread, and nothing is told twice.
- Everybody to be credited is named once, on one line before the permalink, on every platform; a
  picture whose credit does not fit stays away.
- A link card does not repeat its title below it.
- A burst of minor entries is a line for each, its headline or else its first sentence, the oldest
  first, with the permalink of the entry that came first. An entry without room for its line is not
  there.
"""


@dataclass(frozen=True, slots=True)
class Sample:
    shows: str
    story: Story


def samples() -> Iterator[Sample]:
    text = resources.files("syndicator.demo").joinpath("samples.json").read_text(encoding="utf-8")
    for number, told in enumerate(json.loads(text), start=1):
        yield Sample(told["shows"], _story(number, told))


def page(channels: Sequence[Channel]) -> str:
    told = list(samples())
    sections = [_section(number, one, channels) for number, one in enumerate(told, start=1)]
    bursts = [_burst(language, told, channels) for language in ("de", "en")]
    return "\n".join([HEAD, *sections, *bursts])


def _story(number: int, told: dict[str, Any]) -> Story:
    entry = told["entry"]
    blocks = blocks_from_json(entry["blocks"])
    return Story(
        EntryContent(
            str(number),
            author=entry.get("author", ""),
            headline=entry["headline"],
            published_at=datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
            permalink=f"{PAGE}#eintrag-{number}",
            blocks=blocks,
            key_event=entry.get("key_event", False),
        ),
        blog_slug="der-tag",
        blog_title="Der Tag im Liveblog",
        blog_url=PAGE,
        language=told["language"],
        pictures=tuple(
            Picture(
                hashlib.sha256(f"{number}/{position}".encode()).hexdigest(),
                "image/jpeg",
                200_000,
                1200,
                800,
                block.alt or block.text,
                block.credit,
            )
            for position, block in enumerate(blocks)
            if isinstance(block, Image)
        ),
        thread=True,
    )


def _section(number: int, sample: Sample, channels: Sequence[Channel]) -> str:
    entry = sample.story.entry
    source = [f"**{_escaped(entry.headline)}**"] if entry.headline else []
    source += [_escaped(_block(block)) for block in entry.blocks]
    told: dict[str, list[str]] = {}
    for channel in channels:
        message = channel.render(sample.story)
        label, said = _said(channel, message)
        told.setdefault(said, []).append(label)
    posts = [f"{' and '.join(labels)}:\n\n{said}" for said, labels in told.items()]
    heading = f"## {number}. {sample.shows}\n\nThe entry ({sample.story.language}):"
    return "\n\n".join((heading, _quoted("\n\n".join(source)), *posts)) + "\n"


def _burst(language: str, told: Sequence[Sample], channels: Sequence[Channel]) -> str:
    """As many of *told* in *language* as one post of each platform holds, gathered."""
    minor = [
        one.story
        for one in told
        if one.story.language == language and not one.story.entry.key_event
    ]
    posts = []
    for channel in filter(lambda channel: channel.gathers, channels):
        gathered: list[Story] = []
        message = None
        for story in minor:
            if longer := told_together([*gathered, story], minor[0], channel.render):
                message = longer
                gathered.append(story)
        label, said = _said(channel, message)
        posts.append(f"{label}, {len(gathered)} entries:\n\n{said}")
    heading = f"## A burst of minor entries ({language}), as many as one post holds"
    return "\n\n".join((heading, *posts)) + "\n"


def _said(channel: Channel, message: Message | None) -> tuple[str, str]:
    """Which platform with which length, and what is posted there."""
    label = f"**{channel.label}**"
    if message is None:
        return label, "> *nothing: there are no words to post*"
    problems = [f"Not to be sent: {problem}" for problem in channel.problems(message)]
    length = channel.length(message.text)
    label += f" {length} of {channel.limit}" if channel.limit else f" {length}"
    said = [f"Subject: {_escaped(message.subject)}"] if message.subject else []
    said.append(_escaped(message.text))
    said += [f"*Answer:* {_escaped(part)}" for part in message.thread]
    beside = [f"[picture: {one.alt or 'not described'}]" for one in message.pictures]
    if message.card:
        shown = [message.card.title, message.card.description]
        beside.append(f"[card: {' – '.join(filter(None, shown))}]")
    elif message.link:
        beside.append(f"[card of {message.link}]")
    said += map(_escaped, [*beside, *problems])
    return label, _quoted("\n\n".join(said))


def _block(block: Block) -> str:
    match block:
        case Paragraph(text=text):
            return text
        case Quote(text=text, speaker=speaker):
            return f"[quote] {text} [by] {speaker or 'nobody named'}"
        case BulletList(items=items, ordered=ordered):
            marks = [f"{number}." if ordered else "-" for number in range(1, len(items) + 1)]
            return "\n".join(f"{mark} {item}" for mark, item in zip(marks, items, strict=True))
        case Image(text=text, credit=credit, alt=alt):
            return f"[image] caption “{text}”, credit “{credit}”, description “{alt}”"


def _quoted(text: str) -> str:
    """*text*, whose line ends are to be seen, as a block quote."""
    lines = text.split("\n")
    ends = [
        "\\" if line and following else ""
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
    ]
    return "\n".join(f"> {line}{end}".rstrip(" ") for line, end in zip(lines, ends, strict=True))


def _escaped(text: str) -> str:
    return "\n".join(
        _BEGINS_LIKE_MARKUP.sub(
            lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}",
            " ".join(word if "://" in word else _MARKUP.sub(r"\\\1", word) for word in words),
        )
        for words in (line.split(" ") for line in text.split("\n"))
    )
