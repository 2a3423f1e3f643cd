"""What a broken permalink held, once its page is mended: it takes the course it would have taken.

Of what a person has decided about, or changed, nothing is touched.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from syndicator import queue
from syndicator.destinations.models import Route
from syndicator.entries.models import Entry, EntryState
from syndicator.posts import permalinks
from syndicator.posts.attempts import lock
from syndicator.posts.line import NO_LONGER_NEWS
from syndicator.posts.models import Action, Decision, Post, PostState, Verdict
from syndicator.posts.policies import ROUTE_OFF, Course, Ruling, rule
from syndicator.posts.states import move
from syndicator.probing.models import BROKEN, Permalink
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: Posts in one go; the next sweep takes the others.
LIMIT = 200

GOES_ON = gettext_noop("The permalink works by now. %(why)s")


def carry_on(now: datetime) -> int:
    """Have what waits for a broken permalink alone go on, where that is mended; the number of
    posts that do. The sweeper's: a lost ring costs a second."""
    pairs = _held().order_by("pk").values_list("pk", "destination")[:LIMIT]
    return sum(_carry_on(post, destination, now) for post, destination in list(pairs))


def _held() -> QuerySet[Post]:
    """What nobody but the probe has said anything about, and of which it says so no longer."""
    opens = Permalink.objects.filter(entry=OuterRef("entry"), page__status=200)
    opens = opens.exclude(answer__in=("", *BROKEN))
    theirs = Decision.objects.filter(post=OuterRef("pk"), user__isnull=False)
    return Post.objects.filter(
        ~Exists(theirs),
        Exists(opens),
        state=PostState.PENDING,
        action=Action.PUBLISH,
        reason__sentence=permalinks.HELD,
        held_by=None,
        entry__state=EntryState.LIVE,
        entry__render_due_at=None,
        revision=F("entry__revision"),
    )


def _carry_on(post_id: int, destination_id: int, now: datetime) -> bool:
    with transaction.atomic():
        # Whoever decides about the post, or renders another in its place, holds it meanwhile.
        lock(destination_id)
        post = _held().select_related("entry__blog").filter(pk=post_id).first()
        if post is None or not permalinks.works_by_now(post.entry):
            return False
        route = Route.objects.filter(blog=post.entry.blog_id, destination=destination_id).first()
        ruling = _ruling(route, post.entry)
        if route is None or ruling.course != Course.AUTOMATIC:
            return _leave(post, ruling.why, now)
        due_at = max(now + route.hold, post.not_before or now)
        fresh_until = route.fresh_until(_would_have_gone(post, route))
        if fresh_until and fresh_until < due_at:
            return _leave(post, NO_LONGER_NEWS, now)
        if not move(
            post.pk,
            PostState.PENDING,
            PostState.APPROVED,
            now=now,
            fence=post.epoch,
            seen_hash=post.payload_hash,
            reason=Wording(GOES_ON, {"why": ruling.why}),
            due_at=due_at,
            fresh_until=fresh_until,
        ):
            return False
        Decision.objects.create(
            post=post,
            user=None,
            verdict=Verdict.APPROVE,
            payload_hash=post.payload_hash,
            decided_at=now,
        )
        queue.after_commit(queue.DELIVER_TO_DESTINATION, destination_id)
    log.info("goes on with a permalink that was mended", post=post.pk)
    return True


def _ruling(route: Route | None, entry: Entry) -> Ruling:
    """By the settings as they are now. Nothing was wrong with the post itself, or that would have
    held it instead; and it is looked at again before it is sent."""
    if route is None:
        return Ruling(Course.LEFT_OUT, ROUTE_OFF)
    # The minor entries that it came with have gone out without it.
    return rule(route, entry.blog, entry.content, alone=True)


def _would_have_gone(post: Post, route: Route) -> datetime:
    """When it was due by itself, from which on it ages as news."""
    due_at = max(post.created_at + route.hold, post.not_before or post.created_at)
    urgent = post.breaking or post.entry.key_event
    return route.quiet_until(due_at, post.entry.blog.time_zone, urgent=urgent) or due_at


def _leave(post: Post, why: Wording, now: datetime) -> bool:
    """It waits for an editor as before, for another reason."""
    move(
        post.pk,
        PostState.PENDING,
        PostState.PENDING,
        now=now,
        fence=post.epoch,
        seen_hash=post.payload_hash,
        reason=why,
    )
    return False
