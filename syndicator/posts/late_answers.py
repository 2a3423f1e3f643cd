"""What senders were told after their lease was over, and could only note with their attempt.

Such an answer changes no post, which is somebody else's by then. But it is evidence: the same post
is not sent again, and where the post was taken back meanwhile, a person is told that it is out.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from syndicator.channels.base import Receipt
from syndicator.entries.models import EntryState
from syndicator.posts import gathering, notes
from syndicator.posts.models import (
    Action,
    Attempt,
    AttemptKind,
    AttemptOutcome,
    Post,
    PostState,
)
from syndicator.wording import Wording, gettext_noop

SENDING = (AttemptKind.SEND, AttemptKind.REPEAT)
#: Where nobody expects the post to be out.
TAKEN_BACK = (PostState.CANCELLED, PostState.REJECTED, PostState.FAILED, PostState.PENDING)

OUT_AFTER_ALL = Wording(
    gettext_noop(
        "It is out after all: its sender got the answer too late. "
        "Correct or delete it on the platform."
    )
)


def told_late(post: Post) -> Receipt | None:
    """What a sender of *post* was told, unless it became the post's own record."""
    return _noted(Attempt.objects.filter(post=post))


def earlier_version_is_out(post: Post) -> Receipt | None:
    """What the sender of an earlier version of the entry noted after that version was replaced, or
    of a post that the entry had been gathered into.

    None if an editor has decided about *post* since: they were told.
    """
    if post.revision == 1 and post.gathers_until is None:
        return None
    if post.decisions.filter(user__isnull=False).exists():
        return None
    earlier = Attempt.objects.filter(
        post__entry=post.entry_id,
        post__destination=post.destination_id,
        post__action=Action.PUBLISH,
        post__revision__lt=post.revision,
    ).exclude(post__state=PostState.DELETED)
    return _noted(earlier) or (_noted(gathering.tries_with(post)) if post.gathers_until else None)


def tell_if_taken_back(post_id: int, receipt: Receipt, now: datetime) -> None:
    """Leave a note for a person where the post of a late *receipt* was given up meanwhile.

    A reply that corrects an entry which is still live does no harm: its own row tells that it is
    out, and it goes with the post that it answers.
    """
    post = Post.objects.select_related("entry").get(pk=post_id)
    if sent := post.attempts.filter(remote_id=receipt.remote_id, kind__in=SENDING).last():
        gathering.tell_who_left(post, sent, now)
    if post.state not in TAKEN_BACK:
        return
    withdrawn = post.entry.state == EntryState.WITHDRAWN
    if post.action == Action.CORRECT and not withdrawn:
        return
    withdrawn = withdrawn or post.state == PostState.REJECTED
    notes.leave(
        post,
        (receipt.remote_id, receipt.url),
        goes=withdrawn,
        permalink=post.entry.permalink,
        reason=OUT_AFTER_ALL,
        now=now,
    )


def _noted(attempts: QuerySet[Attempt]) -> Receipt | None:
    accepted = attempts.filter(kind__in=SENDING, outcome=AttemptOutcome.ACCEPTED)
    deleted = Post.objects.filter(
        destination=OuterRef("post__destination"),
        action=Action.DELETE,
        state=PostState.SENT,
        remote_id=OuterRef("remote_id"),
    )
    told = accepted.exclude(remote_id="").exclude(Exists(deleted)).first()
    return Receipt(told.remote_id, told.remote_url, told.answer, told.status) if told else None
