"""From an entry to its posts: one for each route, pending, approved or skipped with a reason.

A new revision voids what the older one had not sent yet. What is already out is not touched:
the change is recorded as an act of its own that a person sees.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction

from syndicator import queue
from syndicator.channels.base import Message
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.entries.models import Entry, EntryState
from syndicator.posts.models import Action, Decision, Post, PostState, Verdict
from syndicator.posts.states import move
from syndicator.wording import Wording, gettext_noop

UNSENT = (PostState.PENDING, PostState.APPROVED)
OUT = (PostState.SENDING, PostState.SENT, PostState.UNCERTAIN)

REPLACED = Wording(gettext_noop("The entry changed; a newer version takes this post's place."))
WITHDRAWN = Wording(gettext_noop("The entry was withdrawn before this was posted."))
ROUTE_OFF = Wording(gettext_noop("This live blog does not post to this destination."))
NOTHING_TO_SAY = Wording(gettext_noop("The entry has no text that could be posted here."))
CHANGED_AFTER_POSTING = Wording(
    gettext_noop("The entry changed after it was posted. Correct the post on the platform.")
)
WITHDRAWN_AFTER_POSTING = Wording(
    gettext_noop("The entry was withdrawn after it was posted. Delete the post on the platform.")
)
AUTOMATIC = Wording(gettext_noop("Goes out automatically: so the route is set."))
FOR_REVIEW = Wording(gettext_noop("Waits for an editor: so the route is set."))
REJECTED_BEFORE = Wording(
    gettext_noop("Waits for an editor: an earlier version of this entry was rejected.")
)


def render(entry_id: int) -> None:
    """Bring the posts of an entry in line with its current revision. Safe to run twice."""
    entry = Entry.objects.select_related("blog").get(pk=entry_id)
    routes = list(
        Route.objects.filter(blog=entry.blog_id)
        .select_related("destination")
        .order_by("destination_id")
    )
    messages = {
        route.pk: route.destination.channel.render(entry.story)
        for route in routes
        if entry.state == EntryState.LIVE and route.policy != Policy.OFF
    }
    with transaction.atomic():
        current = Entry.objects.select_for_update(no_key=True).get(pk=entry_id)
        if current.revision != entry.revision or current.render_due_at is None:
            return
        for route in routes:
            # The same lock that a sender takes to claim: no post is claimed while it is replaced.
            Destination.objects.select_for_update(no_key=True).get(pk=route.destination_id)
            now = database_now()
            if entry.state == EntryState.WITHDRAWN:
                _take_back(entry, route, now)
            else:
                _bring_up(entry, route, messages.get(route.pk), now)
            # Also where nothing is due: a later entry may have waited for this one.
            queue.after_commit(queue.DELIVER_TO_DESTINATION, route.destination_id)
        current.render_due_at = None
        current.save(update_fields=["render_due_at"])


def _bring_up(entry: Entry, route: Route, message: Message | None, now: datetime) -> None:
    earlier = Post.objects.filter(
        entry=entry, destination=route.destination, action=Action.PUBLISH
    ).exclude(revision=entry.revision)
    _cancel_unsent(earlier, REPLACED, now)
    if earlier.filter(state__in=OUT).exists():
        _note(entry, route, Action.EDIT, CHANGED_AFTER_POSTING, now)
    elif route.policy == Policy.OFF:
        _note(entry, route, Action.PUBLISH, ROUTE_OFF, now)
    elif message is None:
        _note(entry, route, Action.PUBLISH, NOTHING_TO_SAY, now)
    else:
        _prepare(entry, route, message, earlier.filter(state=PostState.REJECTED).exists(), now)


def _prepare(
    entry: Entry, route: Route, message: Message, rejected_before: bool, now: datetime
) -> None:
    problems = route.destination.channel.problems(message)
    automatic = route.policy == Policy.AUTOMATIC and not problems and not rejected_before
    if problems:
        reason = problems[0]
    elif rejected_before:
        reason = REJECTED_BEFORE
    else:
        reason = AUTOMATIC if automatic else FOR_REVIEW
    post, created = Post.objects.get_or_create(
        entry=entry,
        destination=route.destination,
        action=Action.PUBLISH,
        revision=entry.revision,
        defaults={
            "state": PostState.APPROVED if automatic else PostState.PENDING,
            "payload": message.to_json(),
            "payload_hash": message.fingerprint(),
            "due_at": now + route.hold if automatic else None,
            "reason": reason.to_json(),
            "created_at": now,
            "changed_at": now,
        },
    )
    if created and automatic:
        Decision.objects.create(
            post=post,
            user=None,
            verdict=Verdict.APPROVE,
            payload_hash=post.payload_hash,
            decided_at=now,
        )


def _take_back(entry: Entry, route: Route, now: datetime) -> None:
    posts = Post.objects.filter(entry=entry, destination=route.destination, action=Action.PUBLISH)
    _cancel_unsent(posts, WITHDRAWN, now)
    if posts.filter(state__in=OUT).exists():
        _note(entry, route, Action.DELETE, WITHDRAWN_AFTER_POSTING, now)
    elif not posts.exists():
        _note(entry, route, Action.PUBLISH, WITHDRAWN, now)


def _cancel_unsent(posts: models.QuerySet[Post], reason: Wording, now: datetime) -> None:
    for pk in posts.filter(state__in=UNSENT).values_list("pk", flat=True):
        move(pk, UNSENT, PostState.CANCELLED, now=now, reason=reason)


def _note(entry: Entry, route: Route, action: Action, reason: Wording, now: datetime) -> None:
    """A row for an act that does not happen, so that every entry × destination is accounted for."""
    empty = Message(text="", permalink=entry.permalink)
    Post.objects.get_or_create(
        entry=entry,
        destination=route.destination,
        action=action,
        revision=entry.revision,
        defaults={
            "state": PostState.SKIPPED,
            "payload": empty.to_json(),
            "payload_hash": empty.fingerprint(),
            "reason": reason.to_json(),
            "created_at": now,
            "changed_at": now,
        },
    )
