"""From an entry to its posts: one for each route, pending, approved or skipped with a reason.

A new revision voids what the older one had not sent yet. What is already out is not touched:
the change is recorded as an act of its own that a person sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import models, transaction

from syndicator import queue
from syndicator.channels.base import Message
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.entries.models import Entry, EntryState
from syndicator.posts.models import Action, Decision, Post, PostState, Verdict
from syndicator.posts.states import move
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

UNSENT = (PostState.PENDING, PostState.APPROVED)
#: What a newer revision takes the place of.
REPLACEABLE = (*UNSENT, PostState.FAILED)
OUT = (PostState.SENDING, PostState.SENT, PostState.UNCERTAIN)

REPLACED = Wording(gettext_noop("The entry changed; a newer version takes this post's place."))
WITHDRAWN = Wording(gettext_noop("The entry was withdrawn before this was posted."))
ROUTE_OFF = Wording(gettext_noop("This live blog does not post to this destination."))
NOTHING_TO_SAY = Wording(gettext_noop("The entry has no text that could be posted here."))
CHANGED_AFTER_POSTING = Wording(
    gettext_noop("The entry changed after it was posted. Correct the post where that is possible.")
)
WITHDRAWN_AFTER_POSTING = Wording(
    gettext_noop(
        "The entry was withdrawn after it was posted. Delete the post where that is possible."
    )
)
AUTOMATIC = Wording(gettext_noop("Goes out automatically: so the route is set."))
FOR_REVIEW = Wording(gettext_noop("Waits for an editor: so the route is set."))
HANDLED_BEFORE = Wording(
    gettext_noop("Waits for an editor: one rejected or edited an earlier version of this entry.")
)
NOT_OUT_AFTER_ALL = Wording(gettext_noop("The earlier post did not go out after all."))
NOT_RENDERED = Wording(
    gettext_noop("The text could not be prepared for this platform. Write it by hand, or reject.")
)


def render(entry_id: int) -> None:
    """Bring the posts of an entry in line with its current revision. Safe to run twice."""
    entry = Entry.objects.select_related("blog").get(pk=entry_id)
    seen = {route.pk: route for route in _routes(entry)}
    drafts = {
        pk: _draft(entry, route)
        for pk, route in seen.items()
        if entry.state == EntryState.LIVE and route.policy != Policy.OFF
    }
    with transaction.atomic():
        current = Entry.objects.select_for_update(no_key=True).get(pk=entry_id)
        if current.revision != entry.revision or current.render_due_at is None:
            return
        routes = list(_routes(entry).select_for_update(no_key=True, of=("self",)))
        if {route.pk: route.policy for route in routes} != {
            pk: route.policy for pk, route in seen.items()
        }:
            # Somebody set the routes anew meanwhile: begin again with these.
            queue.after_commit(queue.RENDER_ENTRY, entry_id)
            return
        for route in routes:
            # The same lock that a sender takes to claim: no post is claimed while it is replaced.
            Destination.objects.select_for_update(no_key=True).get(pk=route.destination_id)
            now = database_now()
            if entry.state == EntryState.WITHDRAWN:
                _take_back(entry, route, now)
            else:
                _bring_up(entry, route, drafts.get(route.pk), now)
            # Also where nothing is due: a later entry may have waited for this one.
            queue.after_commit(queue.DELIVER_TO_DESTINATION, route.destination_id)
        _cancel_off_route(entry, routes)
        current.render_due_at = None
        current.save(update_fields=["render_due_at"])


def switch_off(route: Route) -> int:
    """Cancel what waits on a route that was set to post no more; the number of posts."""
    with transaction.atomic():
        Destination.objects.select_for_update(no_key=True).get(pk=route.destination_id)
        posts = Post.objects.filter(entry__blog=route.blog_id, destination=route.destination_id)
        return _cancel(posts.filter(state__in=UNSENT), ROUTE_OFF, database_now())


@dataclass(frozen=True, slots=True)
class _Draft:
    """What a channel made of an entry: a message, which is None if nothing is left to say."""

    message: Message | None
    problems: list[Wording]


def _draft(entry: Entry, route: Route) -> _Draft:
    """A channel that fails on an entry costs that one post a person's look, and nothing else."""
    try:
        channel = route.destination.channel
        message = channel.render(entry.story)
        return _Draft(message, channel.problems(message) if message else [])
    except Exception:
        log.exception("rendering failed", entry=entry.pk, destination=route.destination.name)
        return _Draft(Message(text="", permalink=entry.permalink), [NOT_RENDERED])


def _routes(entry: Entry) -> models.QuerySet[Route]:
    return (
        Route.objects.filter(blog=entry.blog_id)
        .select_related("destination")
        .order_by("destination_id")
    )


def _bring_up(entry: Entry, route: Route, draft: _Draft | None, now: datetime) -> None:
    published = Post.objects.filter(
        entry=entry, destination=route.destination, action=Action.PUBLISH
    )
    earlier = published.exclude(revision=entry.revision)
    _cancel(earlier.filter(state__in=REPLACEABLE), REPLACED, now)
    if earlier.filter(state__in=OUT).exists():
        _cancel(_notes(entry, route).exclude(revision=entry.revision), REPLACED, now)
        said = draft.message if draft else None
        _note(entry, route, Action.EDIT, CHANGED_AFTER_POSTING, now, said)
        return
    _cancel(_notes(entry, route), NOT_OUT_AFTER_ALL, now)
    if route.policy == Policy.OFF:
        _note(entry, route, Action.PUBLISH, ROUTE_OFF, now)
    elif draft is None or draft.message is None:
        _note(entry, route, Action.PUBLISH, NOTHING_TO_SAY, now)
    else:
        _prepare(entry, route, draft.message, draft.problems, now)


def _prepare(
    entry: Entry, route: Route, message: Message, problems: list[Wording], now: datetime
) -> None:
    handled = Decision.objects.filter(
        post__entry=entry,
        post__destination=route.destination,
        post__revision__lt=entry.revision,
        verdict__in=(Verdict.REJECT, Verdict.EDIT),
    ).exists()
    automatic = route.policy == Policy.AUTOMATIC and not problems and not handled
    if problems:
        reason = problems[0]
    elif handled:
        reason = HANDLED_BEFORE
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
    _cancel(posts.filter(state__in=REPLACEABLE), WITHDRAWN, now)
    if posts.filter(state__in=OUT).exists():
        _cancel(_notes(entry, route).exclude(revision=entry.revision), REPLACED, now)
        _note(entry, route, Action.DELETE, WITHDRAWN_AFTER_POSTING, now)
        return
    _cancel(_notes(entry, route), NOT_OUT_AFTER_ALL, now)
    if not posts.exists():
        _note(entry, route, Action.PUBLISH, WITHDRAWN, now)


def _cancel_off_route(entry: Entry, routes: list[Route]) -> None:
    """A route may be gone while a post of an older revision still waits on it."""
    stray = Post.objects.filter(entry=entry, state__in=REPLACEABLE).exclude(
        destination__in=[route.destination_id for route in routes]
    )
    if entry.state == EntryState.LIVE:
        stray = stray.exclude(revision=entry.revision)
    _cancel(stray, REPLACED, database_now())


def _notes(entry: Entry, route: Route) -> models.QuerySet[Post]:
    """What was noted for a person about this entry on this destination, and is still open."""
    return Post.objects.filter(
        entry=entry,
        destination=route.destination,
        action__in=(Action.EDIT, Action.DELETE),
        state=PostState.SKIPPED,
    )


def _cancel(posts: models.QuerySet[Post], reason: Wording, now: datetime) -> int:
    return sum(
        move(pk, PostState(state), PostState.CANCELLED, now=now, reason=reason)
        for pk, state in posts.values_list("pk", "state")
    )


def _note(
    entry: Entry,
    route: Route,
    action: Action,
    reason: Wording,
    now: datetime,
    message: Message | None = None,
) -> None:
    """A row for an act that does not happen, so that every entry × destination is accounted for.

    One about a post that is out waits for a person, and says where the post is and what it should
    say now (*message*).
    """
    message = message or Message(text="", permalink=entry.permalink)
    out = Post.objects.filter(
        entry=entry, destination=route.destination, action=Action.PUBLISH, state=PostState.SENT
    ).first()
    Post.objects.get_or_create(
        entry=entry,
        destination=route.destination,
        action=action,
        revision=entry.revision,
        defaults={
            "state": PostState.SKIPPED,
            "payload": message.to_json(),
            "payload_hash": message.fingerprint(),
            "reason": reason.to_json(),
            "remote_url": out.remote_url if out and action != Action.PUBLISH else "",
            "created_at": now,
            "changed_at": now,
        },
    )
