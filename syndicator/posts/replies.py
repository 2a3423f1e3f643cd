"""The replies that correct an entry's post on one destination: which are out, and which may be."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from syndicator.channels.base import ALSO
from syndicator.posts.models import Action, Attempt, Post, PostState

#: Of these it is not known what has to be deleted with the post they answer.
UNCLEAR = Q(state__in=(PostState.SENDING, PostState.UNCERTAIN)) | Q(
    state=PostState.SENT, remote_id=""
)


def names_of_replies(act: Post) -> list[str]:
    """The platform's names of all replies that were made, in their order, and not deleted since:
    also of those that were given up, and came to light later."""
    made = Attempt.objects.filter(
        post__entry=act.entry_id,
        post__destination=act.destination_id,
        post__action=Action.CORRECT,
    ).exclude(post__state=PostState.DELETED)
    found = made.exclude(remote_id="").order_by("id").values_list("remote_id", flat=True)
    return list(dict.fromkeys(name for one in found for name in one.split(ALSO)))


def unclear_replies(act: Post) -> QuerySet[Post]:
    return Post.objects.filter(
        UNCLEAR, entry=act.entry_id, destination=act.destination_id, action=Action.CORRECT
    )


def has_unclear_replies() -> Exists:
    """The same within a query for posts."""
    return Exists(
        Post.objects.filter(
            UNCLEAR,
            entry=OuterRef("entry"),
            destination=OuterRef("destination"),
            action=Action.CORRECT,
        )
    )
