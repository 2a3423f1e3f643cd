"""Whose turn it is on a destination.

The rule (docs/adr/0009-order-and-pace.md): one post at a time, in the entries' order, which is by
time of publication. Breaking news goes before everything else that waits, and waits for nothing but
the post that is being sent and the platform's own limits. A post that waits for its next try, or is
being looked up, holds up those behind it; one whose hold time still runs, or that waits for a
person, does not. What is no longer news goes to an editor instead.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet

from syndicator.destinations.models import Destination, DestinationState
from syndicator.destinations.stops import held
from syndicator.entries.models import Entry
from syndicator.posts.models import Post, PostState
from syndicator.posts.states import move_all
from syndicator.wording import Wording, gettext_noop

#: How long later posts wait for an older entry once rendering it was begun. One that nobody has
#: begun with is waited for: after an outage all of them are old, and their order counts the same.
PATIENCE = timedelta(minutes=2)
#: And how often it must have been begun by then: a clock that is set forward is no two minutes.
RENDER_TRIES = 5

#: Stale posts put aside in one go; databases take only so many keys in one statement.
LIMIT = 500

NO_LONGER_NEWS = Wording(
    gettext_noop("It could not go out in time. Approve it if it is still news, or reject it.")
)


def next_in_line(destination: Destination, now: datetime) -> Post | None:
    """The approved post that goes next, if it may go *now*. The destination's row is locked."""
    if destination.state != DestinationState.ACTIVE:
        return None
    stops = held()
    if stops.covers(destination):
        return None
    if destination.next_post_at and destination.next_post_at > now:
        return None
    if Post.objects.filter(destination=destination, state=PostState.SENDING).exists():
        return None
    post = in_line(destination, now, stops.blogs).first()
    if post is None or post.state != PostState.APPROVED or post.due_at is None:
        return None
    if post.due_at > now or post.differs_from(post.entry):
        return None
    return None if _older_entry_comes(post, now) else post


def put_stale_aside(now: datetime) -> int:
    """Hand what waited too long to an editor; the number of posts. The sweeper does it."""
    stale = Post.objects.filter(state=PostState.APPROVED, fresh_until__lt=now)
    with transaction.atomic():
        # Not those that somebody is deciding about at this moment: the next sweep sees them.
        free = stale.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True)
        return move_all(
            Post.objects.filter(pk__in=list(free[:LIMIT])),
            PostState.APPROVED,
            PostState.PENDING,
            now=now,
            reason=NO_LONGER_NEWS,
        )


def in_line(
    destination: Destination | OuterRef, now: datetime, stopped_blogs: Collection[int]
) -> QuerySet[Post]:
    """The posts of *destination* that stand in its line, the first of them first."""
    line = (
        Post.objects.filter(destination=destination, due_at__isnull=False)
        # A hold time: due later than when it was approved. Where the clock was set back, a post
        # without one seems to be due later, too, and must not be overtaken.
        .exclude(
            Q(due_at__gt=now) & Q(due_at__gt=F("changed_at")), state=PostState.APPROVED, tries=0
        )
        .exclude(state=PostState.APPROVED, fresh_until__lt=now)
        # Its entry changed, and the new version cannot be rendered.
        .exclude(
            state=PostState.APPROVED,
            entry__render_due_at__isnull=False,
            entry__render_tried_at__lte=now - PATIENCE,
            entry__render_tries__gte=RENDER_TRIES,
        )
        .order_by(F("breaking").desc(), "published_at", "entry_id", "id")
        .select_related("entry")
    )
    if stopped_blogs:
        # What is being looked up still holds the line up, whatever it is of.
        line = line.exclude(entry__blog__in=stopped_blogs, state=PostState.APPROVED)
    return line


def unrendered(destination_id: int | OuterRef, now: datetime) -> QuerySet[Entry]:
    """Entries for a destination that are here but not rendered, and still waited for."""
    return Entry.objects.filter(
        Q(render_tries__lt=RENDER_TRIES) | Q(render_tried_at__gt=now - PATIENCE),
        render_due_at__isnull=False,
        blog__routes__destination=destination_id,
    )


def _older_entry_comes(post: Post, now: datetime) -> bool:
    """Whether an entry that belongs before this post's is here, but not rendered yet."""
    if post.breaking:
        return False
    earlier = Q(published_at__lt=post.published_at) | Q(
        published_at=post.published_at, pk__lt=post.entry_id
    )
    return unrendered(post.destination_id, now).filter(earlier).exists()
