"""One entry as a mail: subject, text part and HTML part.

Both parts are made of the same blocks in the same order, parted by an empty line in the text and
by `BLOCK` in the HTML. That is how an editor's text finds its way back into the HTML: a block that
was not touched keeps its markup (and its picture), any other is marked up anew.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from css_inline import CSSInliner

from syndicator.channels.base import Message
from syndicator.channels.email.words import Words, words_for
from syndicator.channels.fitting.pieces import headline_of
from syndicator.channels.fitting.quotations import in_quotation_marks, is_inside, quoted_spans
from syndicator.channels.fitting.sentences import sentence_ends
from syndicator.channels.fitting.shortening import shorten
from syndicator.channels.leftovers import without_leftovers
from syndicator.channels.templating import render_text
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
#: HTML escapes its quotes in attributes and its brackets in text, so that nothing an entry says
#: can be mistaken for it.
BLOCK = '<!--"block"-->'

_FOLDER = Path(__file__).parent / "templates"
_STYLES = (_FOLDER / "mail.css").read_text(encoding="utf-8")
#: Most mail programs honour no style sheet but for dark mode, so mail.css goes into the elements.
_INLINER = CSSInliner(extra_css=_STYLES, keep_style_tags=True, load_remote_stylesheets=False)
_LIST_ITEM = re.compile(r"(?P<number>\d+\.|-) (?P<text>.+)")


def render(story: Story) -> Message | None:
    """*story* as a mail to the subscribers of its live blog; None if there is nothing to read."""
    entry = story.entry
    headline = _clean(headline_of(entry))
    told = without_leftovers(entry.blocks)
    blocks = [block for raw in told if (block := _clean_block(raw, story.language))]
    if not headline and not blocks:
        return None
    words = words_for(story.language)
    blog_title = _clean(story.blog_title)
    context = {
        "words": words,
        "language": story.language,
        "blog_title": blog_title,
        "because": words.because.format(blog=blog_title),
        "headline": headline,
        "blocks": blocks,
        "permalink": entry.permalink if is_web_address(entry.permalink) else "",
        **_marks(words, entry, story.time_zone),
    }
    return Message(
        text="\n\n".join(_text_blocks(render_text(__package__, "entry.txt.jinja", **context))),
        permalink=entry.permalink,
        subject=subject_line(
            _clean(entry.headline) or _first_words(blocks) or blog_title, story.language
        ),
        html=_INLINER.inline(render_text(__package__, "entry.html.jinja", **context)),
        audience=story.blog_slug,
        language=story.language,
    )


def revise(message: Message, text: str) -> Message:
    """*message* with an editor's *text*: the HTML says the same, and so does the subject if the
    block it was made from has changed."""
    before = message.text.split("\n\n")
    after = _text_blocks(_clean_lines(text, message.permalink))
    head, *fragments, tail = message.html.split(BLOCK)
    if len(fragments) != len(before):
        fragments = [""] * len(before)
    known = dict(zip(before, fragments, strict=True))
    marked_up = []
    for index, block in enumerate(after):
        here = fragments[index] if index < len(before) else ""
        if before[index : index + 1] == [block] and here:
            marked_up.append(here)
        else:
            heading = here.lstrip().startswith("<h1")
            marked_up.append(known.get(block) or _mark_up(block, message.permalink, heading))
    return replace(
        message,
        text="\n\n".join(after),
        html=BLOCK.join([head, *marked_up, tail]),
        subject=_revised_subject(message, before, after),
    )


def _revised_subject(message: Message, before: Sequence[str], after: Sequence[str]) -> str:
    for index, block in enumerate(before[: len(after)]):
        if subject_line(block, message.language) == message.subject and block not in after:
            return subject_line(after[index], message.language)
    return message.subject


def subject_line(text: str, language: str) -> str:
    """*text* on one line of at most `SUBJECT_LENGTH` characters: all of it, or its first sentence,
    or its first words. A quotation is closed or left out."""
    line = _clean(text)
    if len(line) <= SUBJECT_LENGTH:
        return line
    quoted = quoted_spans(line)
    end = next(end for end in sentence_ends(line, language) if not is_inside(quoted, end))
    if end <= SUBJECT_LENGTH:
        return line[:end]
    cut = line[: SUBJECT_LENGTH - 1]
    # A word that fills the whole line has no better place to be cut.
    words = (cut if line[len(cut)] == " " else cut.rpartition(" ")[0] or cut).rstrip()
    parted = next((span for span in quoted if is_inside([span], len(words))), None)
    if parted is None:
        return f"{words}…"
    start, end = parted
    room = SUBJECT_LENGTH - start - len("„“")
    said = shorten(line[start + 1 : end - 1], lambda cut: len(cut) <= room, longest=SUBJECT_LENGTH)
    if said and start < SUBJECT_LENGTH // 2:
        return line[: start + 1] + said + line[end - 1]
    return f"{line[:start].rstrip(' :,–(')}…"


def is_web_address(url: str) -> bool:
    """Whether *url* may become a link or the source of a picture."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and url == _clean(url)


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


def _clean(text: str) -> str:
    """*text* on one line, encodable: JSON may smuggle in half of a surrogate pair."""
    return clean_text(text).encode(errors="replace").decode()


def _clean_block(block: Block, language: str) -> Block | None:
    """*block* ready for both parts; None if there is nothing to read or see in it."""
    match block:
        case Paragraph():
            text = _clean(block.text)
            return Paragraph(text) if text else None
        case BulletList():
            items = tuple(filter(None, map(_clean, block.items)))
            return BulletList(items, block.ordered) if items else None
        case Quote():
            text = _clean(block.text)
            spoken = in_quotation_marks(text, language)
            return Quote(spoken, _clean(block.speaker)) if text else None
        case Image():
            caption, credit, alt = _clean(block.text), _clean(block.credit), _clean(block.alt)
            if is_web_address(block.url):
                return Image(caption, credit, alt, block.url)
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
        "author": _clean(entry.author),
        "time": words.date_and_time(published_at) if published_at else "",
    }
    return {**marks, "published_at": published_at, "marks": list(filter(None, marks.values()))}


def _mark_up(block: str, permalink: str, heading: bool) -> str:
    """HTML for one *block* of an editor's text."""
    lines = block.split("\n")
    items = [match["text"] for match in map(_LIST_ITEM.fullmatch, lines) if match]
    html = render_text(
        __package__,
        "edited.html.jinja",
        lines=lines,
        items=items if len(items) == len(lines) else [],
        ordered=block[0] != "-",
        heading=heading and len(lines) == 1,
        permalink=permalink if is_web_address(permalink) else "",
    )
    return _INLINER.inline_fragment(html, "")


def _clean_lines(text: str, permalink: str) -> str:
    """An editor's *text* line by line cleaned, except for the permalink, which stays exact."""
    return "\n".join(
        " ".join(word if word == permalink else _clean(word) for word in line.split())
        for line in text.splitlines()
    )


def _text_blocks(text: str) -> list[str]:
    """What stands between the empty lines of *text*."""
    stripped = "\n".join(line.strip() for line in text.split("\n"))
    return [block.strip("\n") for block in re.split(r"\n{2,}", stripped) if block.strip("\n")]
