"""What stands around an entry's blocks in the HTML part and follows from them.

That is the preview, which inboxes show beside the subject, and the links to share. Both are made
anew when an editor changed the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from syndicator.channels.email.direction import direction_of
from syndicator.channels.email.sharing import share_links
from syndicator.channels.email.styles import in_elements
from syndicator.channels.fitting.sentences import sentence_ends
from syndicator.channels.templating import render_text

#: Like `rendering.BLOCK`: each stands before and behind its part.
PREVIEW = '<!--"preview"-->'
SHARE = '<!--"share"-->'

#: What inboxes show at most, by and large.
PREVIEW_LENGTH = 150
#: A shorter preview is filled up with the beginning of the next sentence.
SHORT_PREVIEW = 60

#: The mail's own elements, which say nothing that the subject does not or that makes one curious.
_NOT_PREVIEWED = re.compile(r'\s*<(?:h1|figure|p class="(?:marks|read-on)")')
_LIST_MARK = re.compile(r"(?:-|\d+\.) ")


def framed(
    html: str,
    blocks: Iterable[tuple[str, str]],
    *,
    subject: str,
    permalink: str,
    language: str,
) -> str:
    """*html* with both parts as its *blocks*, each as text and as HTML, and *subject* want them.

    *permalink* is a web address or empty: then there is nothing to share.
    """
    preview = render_text(
        __package__, "preview.html.jinja", preview=preview_of(blocks, subject, language)
    )
    links = share_links(permalink, subject, language) if permalink else ()
    share = in_elements(
        render_text(__package__, "share.html.jinja", links=links, direction=direction_of(language))
    )
    return _filled(_filled(html, PREVIEW, preview), SHARE, share)


def preview_of(blocks: Iterable[tuple[str, str]], subject: str, language: str) -> str:
    """The first sentences of the text that *subject* does not say already; empty if none are."""
    told = "\n".join(
        _without_addresses(_on_one_line(text))
        for text, html in blocks
        if not _NOT_PREVIEWED.match(html)
    )
    beginning = subject.removesuffix("…").rstrip()
    if told.replace("\n", " ").startswith(beginning):
        rest = told[len(beginning) :].lstrip()
        told = f"… {rest}" if rest and subject.endswith("…") else rest
    return _shortened(told, language)


def _without_addresses(text: str) -> str:
    return " ".join(word for word in text.split() if not word.startswith(("http://", "https://")))


def _on_one_line(text: str) -> str:
    lines = text.split("\n")
    items = [_LIST_MARK.sub("", line, count=1) for line in lines if _LIST_MARK.match(line)]
    return " · ".join(items) if len(items) == len(lines) else " ".join(lines)


def _shortened(text: str, language: str) -> str:
    """As many whole sentences of *text*, one block a line, as fit, or else its first words."""
    ends, start = [], 0
    for block in text[: PREVIEW_LENGTH * 2].split("\n"):
        ends += [start + end for end in (*sentence_ends(block, language), len(block))]
        start += len(block) + 1
    text = text.replace("\n", " ")
    if len(text) <= PREVIEW_LENGTH:
        return text
    whole = max((end for end in ends if end < PREVIEW_LENGTH), default=0)
    if whole >= SHORT_PREVIEW:
        return text[:whole]
    cut = text[:PREVIEW_LENGTH]
    words = cut if text[PREVIEW_LENGTH] == " " else cut.rpartition(" ")[0] or cut
    return f"{words.rstrip()}…"


def _filled(html: str, mark: str, part: str) -> str:
    """*html* with *part* between its two *mark*s, if it has them."""
    pieces = html.split(mark)
    return mark.join([pieces[0], part, pieces[2]]) if len(pieces) == 3 else html
