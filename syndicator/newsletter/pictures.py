"""The bytes of a mailing's pictures, small enough to be sent to every reader."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import MappingProxyType

from syndicator.channels.base import Message, TryLater
from syndicator.channels.email.pictures import (
    LONGEST_SIDE,
    MOST_BYTES,
    PictureFile,
    content_id,
    with_files_inside,
)
from syndicator.content import Picture
from syndicator.pictures.encoding import UnusablePicture, encode
from syndicator.pictures.storage import PictureAway, read
from syndicator.wording import Wording, gettext_noop

GONE = Wording(
    gettext_noop("The picture of the mail is not there any more, so the mail is not sent.")
)
AWAY = Wording(
    gettext_noop("The picture of the mail cannot be had from the picture store now; tried again.")
)


def files_of(
    message: Message, open_picture: Callable[[Picture], bytes]
) -> MappingProxyType[str, PictureFile]:
    """What *message* carries, by content id; `TryLater` if something is not to be had."""
    try:
        return MappingProxyType(
            {content_id(one): _file(open_picture(one)) for one in message.pictures}
        )
    except (LookupError, UnusablePicture) as error:
        raise TryLater(GONE) from error
    except PictureAway as error:
        raise TryLater(AWAY) from error


def seen_in_browser(message: Message) -> str:
    """The HTML part of *message* as a reader gets it; without the pictures that are gone."""
    try:
        return with_files_inside(message.html, files_of(message, read))
    except TryLater:
        return message.html


#: A mailing's tasks follow each other, and encoding takes longer than sending to several readers.
@lru_cache(maxsize=4)
def _file(stored: bytes) -> PictureFile:
    encoded = encode(stored, longest_side=LONGEST_SIDE, most_bytes=MOST_BYTES)
    return PictureFile(encoded.data, encoded.media_type)
