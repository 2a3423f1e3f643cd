"""Pictures of a post: https://developers.facebook.com/docs/graph-api/reference/page/photos/.

One picture is posted by the upload itself. Several are uploaded unpublished, one after another, and
then attached to one post. An unpublished upload shows nothing to anybody: whatever becomes of it,
nothing was posted, and no post is made without all its pictures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

import requests

from syndicator.channels.base import ChannelError, Rejected
from syndicator.channels.facebook.errors import (
    NO_ANSWER,
    PICTURE_REFUSED,
    words_of,
)
from syndicator.channels.facebook.graph import File, Graph
from syndicator.channels.facebook.links import is_id
from syndicator.content import Picture
from syndicator.outbound.answers import json_object
from syndicator.outbound.deadline import Deadline
from syndicator.wording import Wording, gettext_noop

#: How many pictures one post takes. From memory.
MOST_PICTURES = 10
#: Bytes: https://developers.facebook.com/docs/graph-api/reference/photo/. Its guide recommends less
#: than 4 MB.
LARGEST_PICTURE = 10_000_000

PICTURE_GONE = Wording(
    gettext_noop("A picture of this post is no longer stored. Reject it, and edit the entry.")
)

_SUFFIXES: Mapping[str, str] = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif"}


def credit_line(credit: str, language: str) -> str:
    return f"{'Foto' if language.lower().startswith('de') else 'Photo'}: {credit}"


def description(picture: Picture) -> Mapping[str, str]:
    return {"alt_text_custom": picture.alt} if picture.alt else {}


def file_of(picture: Picture, open_picture: Callable[[Picture], bytes]) -> File:
    """The picture as a file of a form; `Rejected` if its bytes are gone."""
    try:
        content = open_picture(picture)
    except LookupError:
        raise Rejected(PICTURE_GONE) from None
    suffix = _SUFFIXES.get(picture.media_type, "img")
    return f"{picture.digest[:16] or 'picture'}.{suffix}", content, picture.media_type


def upload(
    graph: Graph,
    deadline: Deadline,
    page: str,
    pictures: Sequence[Picture],
    files: Sequence[File],
    language: str,
) -> list[str]:
    """The ids of *pictures*, uploaded to *page* without showing them; all of them or an error.

    Each carries its credit as its own caption: it stays with the picture where that is seen alone.
    """
    ids = []
    for picture, file in zip(pictures, files, strict=True):
        fields = {"published": "false", **description(picture)}
        if picture.credit:
            fields["message"] = credit_line(picture.credit, language)
        answer = graph.call(
            deadline,
            "POST",
            f"{page}/photos",
            data=fields,
            files={"source": file},
            harmless=True,
        )
        photo = json_object(answer).get("id")
        if answer.status_code != requests.codes.ok or not is_id(photo):
            raise _refusal(graph, answer)
        ids.append(str(photo))
    return ids


def attached(ids: Sequence[str]) -> str:
    """The parameter ``attached_media`` of a post."""
    return json.dumps([{"media_fbid": photo} for photo in ids], separators=(",", ":"))


def _refusal(graph: Graph, answer: requests.Response) -> ChannelError:
    error = json_object(answer).get("error")
    judged = graph.error(answer, harmless=True)
    if isinstance(judged, Rejected) and isinstance(error, dict):
        # There is nothing of the post in this call but the picture.
        said = graph.redacted(words_of(error, str(NO_ANSWER)))
        reason = Wording(PICTURE_REFUSED, {"answer": said})
        return Rejected(reason, status=judged.status, answer=judged.answer)
    return judged
