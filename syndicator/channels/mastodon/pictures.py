"""Pictures on their way to a post: https://docs.joinmastodon.org/methods/media/#v2.

Uploading publishes nothing. So whatever goes wrong here, the post is certainly not out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import regex
import requests

from syndicator.channels.base import ChannelError, Rejected, TryLater, Unauthorised, Unknown
from syndicator.channels.mastodon.ids import is_id
from syndicator.channels.mastodon.server import Server, error_text
from syndicator.content import Picture
from syndicator.outbound.answers import json_object
from syndicator.outbound.deadline import Deadline
from syndicator.wording import Wording, gettext_noop

#: `MediaAttachment::MAX_DESCRIPTION_LENGTH`; newer servers tell their own as `description_limit`.
LONGEST_DESCRIPTION = 1500
#: Between two questions whether a picture is ready.
PAUSE = timedelta(milliseconds=500)
#: What the post itself is left of the deadline.
LEFT_FOR_POST = timedelta(seconds=5)

GONE = Wording(gettext_noop("A picture of this post is no longer stored. Post it without."))
NOT_UPLOADED = Wording(
    gettext_noop("The pictures could not be handed over to Mastodon; it will be tried again.")
)
STILL_PROCESSED = Wording(
    gettext_noop("Mastodon is still working on the pictures; it will be tried again.")
)
PICTURE_REFUSED = gettext_noop("Mastodon refused a picture: %(answer)s")

_GRAPHEME = regex.compile(r"\X")
_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif"}
_READY, _PROCESSED = (requests.codes.ok,), (requests.codes.accepted, requests.codes.partial)


def description(picture: Picture, language: str) -> str:
    """What people who cannot see *picture* are told, and whom it is by; never cut off."""
    label = "Foto" if language.partition("-")[0] == "de" else "Photo"
    credit = f"({label}: {picture.credit})" if picture.credit else ""
    left = LONGEST_DESCRIPTION - len(credit) - bool(credit)
    said = picture.alt
    if len(said) > left:
        kept, length = [], 1  # the ellipsis
        for cluster in _GRAPHEME.findall(said):
            length += len(cluster)
            if length > left:
                break
            kept.append(cluster)
        said = "".join(kept).rstrip() + "…"
    return " ".join(filter(None, (said, credit)))


def upload(
    server: Server,
    deadline: Deadline,
    pictures: Sequence[Picture],
    *,
    language: str,
    open_picture: Callable[[Picture], bytes],
) -> list[str]:
    """Hand *pictures* over; their ids, once all can be attached to a post.

    A `ChannelError` otherwise, never `Unknown`: `TryLater` for all that is unclear.
    """
    try:
        handed = [_hand_over(server, deadline, one, language, open_picture) for one in pictures]
        for media, ready in handed:
            if not ready:
                _wait_for(server, deadline, media)
    except Unknown as error:
        raise TryLater(NOT_UPLOADED, status=error.status, answer=error.answer) from error
    return [media for media, _ in handed]


def _hand_over(
    server: Server,
    deadline: Deadline,
    picture: Picture,
    language: str,
    open_picture: Callable[[Picture], bytes],
) -> tuple[str, bool]:
    """The id of *picture* on *server*, and whether it can be attached already."""
    try:
        content = open_picture(picture)
    except LookupError as error:
        raise Rejected(GONE) from error
    name = f"{picture.digest[:16]}.{_EXTENSIONS.get(picture.media_type, 'bin')}"
    answer = server.call(
        deadline,
        "POST",
        "/api/v2/media",
        files={"file": (name, content, picture.media_type)},
        data={"description": description(picture, language)},
    )
    media = json_object(answer).get("id")
    if answer.status_code not in (*_READY, *_PROCESSED) or not is_id(media):
        raise _error(server, answer)
    return str(media), answer.status_code in _READY


def _wait_for(server: Server, deadline: Deadline, media: str) -> None:
    """https://docs.joinmastodon.org/methods/media/#get: 206 as long as it is worked on."""
    while deadline.remaining > (PAUSE + LEFT_FOR_POST).total_seconds():
        # The one pause in this channel: a post cannot be made before its pictures are ready, and
        # to come again later means to hand them all over again.
        time.sleep(PAUSE.total_seconds())
        answer = server.call(deadline, "GET", f"/api/v1/media/{media}")
        if answer.status_code in _READY:
            return
        if answer.status_code not in _PROCESSED:
            raise _error(server, answer)
    raise TryLater(STILL_PROCESSED)


def _error(server: Server, answer: requests.Response) -> ChannelError:
    error, said = server.error(answer), server.redacted(error_text(answer))
    too_large = answer.status_code == requests.codes.request_entity_too_large  # in a proxy's words
    if too_large or not isinstance(error, TryLater | Unauthorised | Unknown):
        reason = Wording(PICTURE_REFUSED, {"answer": said[:300] or str(answer.status_code)})
        return Rejected(reason, status=error.status, answer=error.answer)
    return error
