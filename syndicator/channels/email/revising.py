"""A mail again after an editor changed its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from syndicator.channels.base import Message
from syndicator.channels.email.direction import direction_of
from syndicator.channels.email.pictures import still_shown
from syndicator.channels.email.rendering import (
    BLOCK,
    clean_lines,
    is_web_address,
    subject_line,
    text_blocks,
    with_frame,
)
from syndicator.channels.email.styles import in_elements
from syndicator.channels.email.words import words_for
from syndicator.channels.templating import render_text

#: An attribute's value may have a bracket in it.
_PICTURE = re.compile(r'<img(?:[^>"]|"[^"]*")*>')
_LIST_ITEM = re.compile(r"(?P<number>\d+\.|-) (?P<text>.+)")


def revise(message: Message, text: str) -> Message:
    """*message* with an editor's *text*: the HTML says the same, and so does the subject if the
    block it was made from has changed."""
    before = message.text.split("\n\n")
    after = text_blocks(clean_lines(text, message.permalink))
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
            marked_up.append(known.get(block) or _mark_up(block, here, message))
    html = BLOCK.join([head, *marked_up, tail])
    return with_frame(
        replace(
            message,
            text="\n\n".join(after),
            html=html,
            subject=_revised_subject(message, before, after),
            pictures=still_shown(message.pictures, html),
        )
    )


def _revised_subject(message: Message, before: Sequence[str], after: Sequence[str]) -> str:
    for index, block in enumerate(before[: len(after)]):
        if subject_line(block, message.language) == message.subject and block not in after:
            return subject_line(after[index], message.language)
    return message.subject


def _mark_up(block: str, here: str, message: Message) -> str:
    """HTML for one *block* of an editor's text, which takes the place of the HTML *here*."""
    words = words_for(message.language)
    image, key_event = f"[{words.image}] ", f"{words.key_event} · "
    picture = _PICTURE.search(here) if block.startswith(image) else None
    lines = (block.removeprefix(image) if picture else block).split("\n")
    items = [match["text"] for match in map(_LIST_ITEM.fullmatch, lines) if match]
    beginning = here.lstrip()
    is_marks = beginning.startswith('<p class="marks"')
    has_key_event = is_marks and block.startswith(key_event)
    html = render_text(
        __package__,
        "edited.html.jinja",
        lines=[block.removeprefix(key_event)] if has_key_event else lines,
        items=items if len(items) == len(lines) else [],
        ordered=block[0] != "-",
        is_heading=beginning.startswith("<h1") and len(lines) == 1,
        is_marks=is_marks,
        key_event=words.key_event if has_key_event else "",
        is_quote=beginning.startswith("<blockquote"),
        picture=Markup(picture[0]) if picture else "",  # noqa: S704 - escaped when it was made
        direction=direction_of(message.language),
        permalink=message.permalink if is_web_address(message.permalink) else "",
    )
    return in_elements(html)
