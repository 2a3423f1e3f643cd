"""One entry as a mail: subject, text part and HTML part.

Both parts are made of the same blocks in the same order, parted by an empty line in the text and
by `BLOCK` in the HTML. That is how an editor's text finds its way back into the HTML: a block that
was not touched keeps its markup, any other is marked up anew; a picture stays with its caption.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from syndicator.channels.base import Message
from syndicator.channels.email.direction import direction_of
from syndicator.channels.email.frame import framed
from syndicator.channels.email.pictures import MOST_PICTURES, place_of, source_of, still_shown
from syndicator.channels.email.styles import in_whole_page
from syndicator.channels.email.words import Words, words_for
from syndicator.channels.fitting.pieces import headline_of
from syndicator.channels.fitting.quotations import in_quotation_marks, is_inside, quoted_spans
from syndicator.channels.fitting.sentences import sentence_ends
from syndicator.channels.fitting.shortening import shorten
from syndicator.channels.leftovers import without_leftovers
from syndicator.channels.templating import OutputTooLong, render_text
from syndicator.content import (
    Block,
    BulletList,
    EntryContent,
    Image,
    Paragraph,
    Quote,
    Story,
    clean_text,
)

SUBJECT_LENGTH = 78
#: Bytes. Gmail shows 102 KB of a mail and hides the rest, with the link to unsubscribe; the frame
#: needs some of them.
LARGEST_HTML = 90_000
#: Characters: the most of one paragraph that is left out as a whole.
LONGEST_PIECE = 2_000
#: HTML escapes its quotes in attributes and its brackets in text, so that nothing an entry says
#: can be mistaken for it.
BLOCK = '<!--"block"-->'


def render(story: Story) -> Message | None:
    """*story* as a mail to the subscribers of its live blog; None if there is nothing to read."""
    entry = story.entry
    told = without_leftovers(entry.blocks)
    pictures = story.pictures[:MOST_PICTURES]
    sources = {place_of(one, told): source_of(one) for one in pictures}
    blocks = [
        block
        for index, raw in enumerate(told)
        if (block := tidied_block(raw, story.language, sources.get(index, "")))
    ]
    if not tidied(headline_of(entry)) and not blocks:
        return None
    text, html = _fitted(story, blocks)
    subject = subject_line(
        tidied(entry.headline) or _first_words(blocks) or tidied(story.blog_title),
        story.language,
    )
    message = Message(
        text=text,
        permalink=entry.permalink,
        subject=subject,
        html=html,
        audience=story.blog_slug,
        language=story.language,
        pictures=still_shown(pictures, html),
        urgent=entry.key_event or story.breaking,
    )
    return with_frame(message)


def with_frame(message: Message) -> Message:
    """*message* with what stands around its blocks in the HTML part as they want it."""
    html = framed(
        message.html,
        zip(message.text.split("\n\n"), message.html.split(BLOCK)[1:-1], strict=False),
        subject=message.subject,
        permalink=message.permalink if is_web_address(message.permalink) else "",
        language=message.language,
    )
    return replace(message, html=html)


def _fitted(story: Story, blocks: Sequence[Block]) -> tuple[str, str]:
    """Text and HTML of *blocks*, or of as many as make a mail that is shown whole."""
    if whole := _if_shown_whole(story, blocks):
        return whole
    pieces = [piece for block in blocks for piece in _in_pieces(block, story.language)]

    def is_too_large(number: int) -> bool:
        return _if_shown_whole(story, pieces[:number], goes_on=True) is None

    most = bisect_left(range(len(pieces) + 1), True, lo=1, key=is_too_large) - 1
    return _written(story, pieces[:most], goes_on=True)


def _if_shown_whole(
    story: Story, blocks: Sequence[Block], *, goes_on: bool = False
) -> tuple[str, str] | None:
    try:
        text, html = _written(story, blocks, goes_on=goes_on)
    except OutputTooLong:
        return None
    return (text, html) if len(html.encode()) <= LARGEST_HTML else None


def _in_pieces(block: Block, language: str) -> Iterator[Block]:
    """*block*, a very long paragraph in several."""
    if not isinstance(block, Paragraph):
        yield block
        return
    begin = end = 0
    for following in sentence_ends(block.text, language):
        if following - begin > LONGEST_PIECE and end > begin:
            yield Paragraph(block.text[begin:end].strip())
            begin = end
        end = following
    yield Paragraph(block.text[begin:].strip())


def _written(story: Story, blocks: Sequence[Block], *, goes_on: bool = False) -> tuple[str, str]:
    """Text and HTML of *blocks* under the entry's headline, the frame still empty."""
    entry, words = story.entry, words_for(story.language)
    blog_title = tidied(story.blog_title)
    context = {
        "words": words,
        "language": story.language,
        "direction": direction_of(story.language),
        "blog_title": blog_title,
        "because": words.because.format(blog=blog_title),
        "read_on": words.read_on_in.format(blog=blog_title),
        "goes_on": words.goes_on if goes_on else "",
        "headline": tidied(headline_of(entry)),
        "blocks": blocks,
        "permalink": entry.permalink if is_web_address(entry.permalink) else "",
        **_marks(words, entry, story.time_zone),
    }
    text = "\n\n".join(text_blocks(render_text(__package__, "entry.txt.jinja", **context)))
    return text, in_whole_page(render_text(__package__, "entry.html.jinja", **context))


def subject_line(text: str, language: str, longest: int = SUBJECT_LENGTH) -> str:
    """*text* on one line of at most *longest* characters: all of it, or its first sentence, or its
    first words. A quotation is closed or left out."""
    line = tidied(text)
    if len(line) <= longest:
        return line
    quoted = quoted_spans(line)
    end = next(end for end in sentence_ends(line, language) if not is_inside(quoted, end))
    if end <= longest:
        return line[:end]
    cut = line[: longest - 1]
    # A word that fills the whole line has no better place to be cut.
    words = (cut if line[len(cut)] == " " else cut.rpartition(" ")[0] or cut).rstrip()
    parted = next((span for span in quoted if is_inside([span], len(words))), None)
    if parted is None:
        return f"{words}…"
    start, end = parted
    room = longest - start - len("„“")
    said = shorten(line[start + 1 : end - 1], lambda cut: len(cut) <= room, longest=longest)
    if said and start < longest // 2:
        return line[: start + 1] + said + line[end - 1]
    return f"{line[:start].rstrip(' :,–(')}…"


def is_web_address(url: str) -> bool:
    """Whether *url* may become a link or the source of a picture."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and url == tidied(url)


def link_targets(html: str) -> set[str]:
    """Where the links of *html* lead."""
    links = _Links()
    links.feed(html)
    links.close()
    return links.targets


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.targets.update(value for name, value in attrs if name == "href" and value)


def tidied(text: str) -> str:
    """*text* on one line, encodable: JSON may smuggle in half of a surrogate pair."""
    return clean_text(text).encode(errors="replace").decode()


def tidied_block(block: Block, language: str, source: str) -> Block | None:
    """*block* ready for both parts, a picture from *source*; None if there is nothing to read or
    see in it."""
    match block:
        case Paragraph():
            text = tidied(block.text)
            return Paragraph(text) if text else None
        case BulletList():
            items = tuple(filter(None, map(tidied, block.items)))
            return BulletList(items, block.ordered) if items else None
        case Quote():
            text = tidied(block.text)
            spoken = in_quotation_marks(text, language)
            return Quote(spoken, tidied(block.speaker)) if text else None
        case Image():
            caption, credit, alt = tidied(block.text), tidied(block.credit), tidied(block.alt)
            if source:
                return Image(caption, credit, alt, source)
            return Image(caption or alt, credit) if caption or alt else None


def _first_words(blocks: Sequence[Block]) -> str:
    match blocks[0]:
        case BulletList(items=items):
            return items[0]
        case Image(text=caption, alt=alt):
            return caption or alt
        case Paragraph(text=text) | Quote(text=text):
            return text


def _marks(words: Words, entry: EntryContent, time_zone: str) -> dict[str, Any]:
    """What stands below the headline: whether it is a key event, the author, the local time."""
    published_at = entry.published_at and entry.published_at.astimezone(ZoneInfo(time_zone))
    marks = {
        "key_event": words.key_event if entry.key_event else "",
        "author": tidied(entry.author),
        "time": words.date_and_time(published_at) if published_at else "",
    }
    return {**marks, "published_at": published_at, "marks": list(filter(None, marks.values()))}


def text_blocks(text: str) -> list[str]:
    """What stands between the empty lines of *text*."""
    stripped = "\n".join(line.strip() for line in text.split("\n"))
    return [block.strip("\n") for block in re.split(r"\n{2,}", stripped) if block.strip("\n")]


def clean_lines(text: str, permalink: str) -> str:
    """An editor's *text* line by line cleaned, except for the permalink, which stays exact."""
    return "\n".join(
        " ".join(word if word == permalink else tidied(word) for word in line.split())
        for line in text.splitlines()
    )
