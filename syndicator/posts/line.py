"""Whose turn it is on a destination.

The rule (docs/adr/0009-order-and-pace.md): one post at a time, in the entries' order, which is by
time of publication. Breaking news goes before everything else that waits, and waits for nothing but
the post that is being sent and the platform's own limits. A post that waits for its next try, or is
being looked up, holds up those behind it; one whose hold time still runs, that is not to go out yet
or waits for a person, does not. What is no longer news goes to an editor instead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from syndicator import statements
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState, Route, Stop
from syndicator.entries.models import Entry
from syndicator.posts import gathering
from syndicator.posts.attempts import lock
from syndicator.posts.models import Action, Post, PostState
from syndicator.posts.states import move, move_all
from syndicator.statements import Gap, Prepared
from syndicator.wording import Wording, gettext_noop

#: How long later posts wait for an older entry once rendering it was begun. One that nobody has
#: begun with is waited for: after an outage all of them are old, and their order counts the same.
PATIENCE = timedelta(minutes=2)
#: And how often it must have been begun by then: a clock that is set forward is no two minutes.
RENDER_TRIES = 5

#: Stale posts put aside in one go; databases take only so many keys in one statement.
LIMIT = 500

#: Posts that one claim puts to rest at most: it holds the destination's lock meanwhile.
RESTED_AT_ONCE = 100

NO_LONGER_NEWS = Wording(
    gettext_noop("It could not go out in time. Approve it if it is still news, or reject it.")
)


def next_in_line(destination: Destination, now: datetime) -> Post | None:
    """The approved post that goes next, if it may go *now*. The destination's row is locked."""
    if destination.state != DestinationState.ACTIVE:
        return None
    if destination.next_post_at and destination.next_post_at > now:
        return None
    for _ in range(RESTED_AT_ONCE):
        turn = TURN.first(
            destination=destination.pk, channel_name=destination.channel_name, now=now
        )
        if turn is None:
            return None
        post_id, entry_id, breaking, is_stopped, is_sending, older_entry_comes, has_quiet = turn
        if is_stopped or is_sending or (older_entry_comes and not breaking):
            return None
        post = statements.get(Post, post_id)
        if post.state != PostState.APPROVED or post.due_at is None or post.due_at > now:
            return None
        post.entry = statements.get(Entry, entry_id)
        if post.differs_from(post.entry):
            return None
        if post.gathers_until and gathering.let_go(post, now):
            continue
        if not has_quiet or not _put_to_rest(post, now):
            return post
    # The sweeper rings for the others.
    return None


def _put_to_rest(post: Post, now: datetime) -> bool:
    """Have *post*, whose turn it is, wait for the end of its route's quiet hours, if it must.

    Those behind it, of live blogs that are not quiet, do not wait for it. It is as much news then
    as it is now, unless an editor said otherwise. What is done to a post that is out somebody has
    asked for, and waits for nothing.
    """
    route = (
        Route.objects.select_related("blog")
        .filter(blog=post.entry.blog_id, destination=post.destination_id)
        .first()
    )
    if route is None or post.action != Action.PUBLISH:
        return False
    urgent = post.breaking or post.entry.key_event
    until = route.quiet_until(now, route.blog.time_zone, urgent=urgent)
    return until is not None and _reset(post, route, now, due_at=until, quiet_until=until)


def wake(route: Route) -> int:
    """Have what rests on *route* look at its quiet hours again, which were set anew; the number of
    posts."""
    with transaction.atomic():
        lock(route.destination_id)
        now = database_now()
        resting = Post.objects.filter(
            entry__blog=route.blog_id,
            destination=route.destination_id,
            state=PostState.APPROVED,
            quiet_until__gt=now,
        )
        woken = 0
        for post in resting.defer("payload"):
            due_at = max(now, post.not_before or now)
            woken += _reset(post, route, now, due_at=due_at, quiet_until=None)
        return woken


def _reset(
    post: Post, route: Route, now: datetime, *, due_at: datetime, quiet_until: datetime | None
) -> bool:
    """Have the approved *post* go out at *due_at*, and be news as long after that as before."""
    return move(
        post.pk,
        PostState.APPROVED,
        PostState.APPROVED,
        now=now,
        fence=post.epoch,
        reason=post.wording,
        due_at=due_at,
        quiet_until=quiet_until,
        fresh_until=post.not_after or route.fresh_until(due_at),
    )


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


def in_line(destination: OuterRef | Gap, now: datetime | Gap) -> QuerySet[Post]:
    """The posts of *destination* that stand in its line, the first of them first."""
    stopped_blogs = Stop.objects.filter(lifted_at=None, blog__isnull=False).values("blog")
    return (
        Post.objects.filter(destination=destination, due_at__isnull=False)
        # A hold time: due later than when it was approved. Where the clock was set back, a post
        # without one seems to be due later, too, and must not be overtaken.
        .exclude(
            Q(due_at__gt=now) & Q(due_at__gt=F("changed_at")), state=PostState.APPROVED, tries=0
        )
        # An embargo, a time that an editor set, or quiet hours.
        .exclude(state=PostState.APPROVED, not_before__gt=now)
        .exclude(state=PostState.APPROVED, quiet_until__gt=now)
        .exclude(state=PostState.APPROVED, fresh_until__lt=now)
        # Its entry changed, and the new version cannot be rendered.
        .exclude(
            state=PostState.APPROVED,
            entry__render_due_at__isnull=False,
            entry__render_tried_at__lte=now - PATIENCE,
            entry__render_tries__gte=RENDER_TRIES,
        )
        # What is being looked up still holds the line up, whatever it is of.
        .exclude(entry__blog__in=stopped_blogs, state=PostState.APPROVED)
        .order_by(F("breaking").desc(), "published_at", "entry_id", "id")
    )


def unrendered(destination_id: OuterRef, now: datetime | Gap) -> QuerySet[Entry]:
    """Entries for a destination that are here but not rendered, and still waited for."""
    return Entry.objects.filter(
        Q(render_tries__lt=RENDER_TRIES) | Q(render_tried_at__gt=now - PATIENCE),
        render_due_at__isnull=False,
        blog__routes__destination=destination_id,
    )


def _turn() -> QuerySet[Any, Any]:
    """The first post in line and its entry, and whether it must wait all the same: for a stop, for
    the post being sent, for an older entry that is here but not rendered yet, or perhaps for the
    end of quiet hours, if its route has any."""
    destination = Gap("destination", models.BigIntegerField())
    channel_name = Gap("channel_name", models.CharField())
    now = Gap("now", models.DateTimeField())
    stops = Stop.objects.filter(
        Q(channel_name="") | Q(channel_name=channel_name), lifted_at=None, blog=None
    )
    sending = Post.objects.filter(destination=destination, state=PostState.SENDING)
    older = unrendered(OuterRef("destination"), now).filter(
        Q(published_at__lt=OuterRef("published_at"))
        | Q(published_at=OuterRef("published_at"), pk__lt=OuterRef("entry"))
    )
    quiet = Route.objects.filter(
        blog=OuterRef("entry__blog"),
        destination=OuterRef("destination"),
        quiet_from__isnull=False,
    )
    facts = (Exists(stops), Exists(sending), Exists(older), Exists(quiet))
    return in_line(destination, now).values_list("pk", "entry", "breaking", *facts)[:1]


TURN = Prepared(_turn)
