"""The picture that a mail carries in itself, so that reading it tells no server anything."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from syndicator.content import Block, Image, Picture

#: Every reader gets the bytes anew, so there is one picture, and not a large one.
MOST_PICTURES = 1
MOST_BYTES = 300_000
#: Pixels: twice the width of the mail's column, for screens that have two for each.
LONGEST_SIDE = 1200


@dataclass(frozen=True, slots=True)
class PictureFile:
    """*media_type* is ``image/jpeg`` or ``image/png``."""

    content: bytes = field(repr=False)
    media_type: str


def content_id(picture: Picture) -> str:
    """The name of *picture* within a mail (RFC 2392), without angle brackets."""
    return f"{picture.digest[:32]}@pictures.syndicator"


def source_of(picture: Picture) -> str:
    """What the HTML part shows *picture* by."""
    return f"cid:{content_id(picture)}"


def place_of(picture: Picture, blocks: Sequence[Block]) -> int | None:
    """Which of *blocks* shows *picture*."""
    for index, block in enumerate(blocks):
        if isinstance(block, Image) and (block.alt or block.text, block.credit) == (
            picture.alt,
            picture.credit,
        ):
            return index
    return None


def still_shown(pictures: Sequence[Picture], html: str) -> tuple[Picture, ...]:
    """Those of *pictures* that *html* shows."""
    return tuple(one for one in pictures if _attribute(source_of(one)) in html)


def with_files_inside(html: str, files: Mapping[str, PictureFile]) -> str:
    """*html* for a browser, which knows no other parts of a mail; *files* by content id."""
    for name, file in files.items():
        data = base64.b64encode(file.content).decode()
        html = html.replace(
            _attribute(f"cid:{name}"), _attribute(f"data:{file.media_type};base64,{data}")
        )
    return html


def _attribute(source: str) -> str:
    return f'src="{escape(source)}"'
