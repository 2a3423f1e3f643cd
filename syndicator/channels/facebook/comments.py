"""What of a page's own comments the Graph API takes and gives back.

https://developers.facebook.com/docs/graph-api/reference/object/comments. A comment on a post
answers it in public; a comment has comments of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syndicator.channels.base import Message, Rejected
from syndicator.channels.facebook.errors import PERMISSION_CODES, is_not_there
from syndicator.channels.facebook.links import is_id, is_post_of
from syndicator.wording import Wording, gettext_noop

#: What is asked of comments to recognise the page's own.
FIELDS = "id,message,from{id}"
#: All of them, the newest first: by default Facebook leaves out what it thinks little of.
ALL = {"filter": "stream", "order": "reverse_chronological"}
#: Characters. From memory.
LONGEST = 8000

ORIGINAL_GONE = Wording(
    gettext_noop(
        "The post that this answers is no longer on Facebook. Nothing is left to correct there."
    )
)
NOT_ALLOWED = Wording(
    gettext_noop(
        "The access token may not write comments. Connect the page again, and let Facebook manage "
        "its comments."
    )
)
TOO_LONG = gettext_noop("The comment is %(over)s characters too long for Facebook.")


def refusal(error: Mapping[str, Any], *, status: int, answer: str) -> Rejected | None:
    """Why Facebook did not take this comment, though it goes on taking posts; None if *error* says
    something else."""
    if is_not_there(error):
        return Rejected(ORIGINAL_GONE, status=status, answer=answer)
    if error.get("code") in PERMISSION_CODES:
        return Rejected(NOT_ALLOWED, status=status, answer=answer)
    return None


def is_understood(comment: object) -> bool:
    """Whether *comment* can be compared: if not, it could be the one that is sought."""
    if not isinstance(comment, Mapping) or not is_id(comment.get("id")):
        return False
    author = comment.get("from")
    return (
        isinstance(comment.get("message"), str)
        and isinstance(author, Mapping)
        and isinstance(author.get("id"), str)
    )


def is_of_page(comment: Mapping[str, Any], message: Message, page_id: str) -> bool:
    """Whether *comment*, which is understood, is what became of *message*: readers may write the
    same link."""
    return comment["from"]["id"] == page_id and is_post_of(comment, message)
