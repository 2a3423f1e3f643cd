"""From an entry to its posts: one for each route, pending, approved or skipped with a reason.

A new revision voids what the older one had not sent yet. What is already out is not touched:
the change is recorded as an act of its own that a person sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import structlog
from django.db import models, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from syndicator import queue
from syndicator.channels.base import Message
from syndicator.clock import database_now
from syndicator.content import Picture, Story
from syndicator.destinations.models import Destination, Policy, Route
from syndicator.entries.models import Entry, EntryState, LiveBlog
from syndicator.posts import gathering, links, retraction
from syndicator.posts.attempts import lock
from syndicator.posts.models import Action, Decision, Post, PostState, Verdict
from syndicator.posts.picturing import must_wait, pictures_of
from syndicator.posts.policies import (
    HANDLED_BEFORE,
    ROUTE_OFF,
    Course,
    Ruling,
    rule,
    rule_in_digest,
)
from syndicator.posts.states import move, move_all
from syndicator.steps import Step, reached
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

UNSENT = (PostState.PENDING, PostState.APPROVED)
#: What a newer revision takes the place of.
REPLACEABLE = (*UNSENT, PostState.FAILED)
OUT = (PostState.SENDING, PostState.SENT, PostState.UNCERTAIN)

#: An editor who decided one of these wants to see the next version before it goes out.
HANDLED = (Verdict.REJECT, Verdict.EDIT, Verdict.SCHEDULE, Verdict.HOLD, Verdict.UNDO)

REPLACED = Wording(gettext_noop("The entry changed; a newer version takes this post's place."))
WITHDRAWN = Wording(gettext_noop("The entry was withdrawn before this was posted."))
NOTHING_TO_SAY = Wording(gettext_noop("The entry has no text that could be posted here."))
CHANGED_AFTER_POSTING = Wording(
    gettext_noop("The entry changed after it was posted. Correct the post where that is possible.")
)
WITHDRAWN_AFTER_POSTING = Wording(
    gettext_noop(
        "The entry was withdrawn after it was posted. Delete the post where that is possible."
    )
)
RETRACTED_BEFORE = Wording(
    gettext_noop("Waits for an editor: this entry was taken back before, and that was lifted.")
)
NOT_OUT_AFTER_ALL = Wording(gettext_noop("The earlier post did not go out after all."))
NOT_RENDERED = Wording(
    gettext_noop("The text could not be prepared for this platform. Write it by hand, or reject.")
)


def render(entry_id: int) -> None:
    """Bring the posts of an entry in line with its current revision. Safe to run twice."""
    due = Entry.objects.filter(pk=entry_id, render_due_at__isnull=False)
    # Before anything can fail: later posts wait for this entry's, but not for ever.
    due.update(
        render_tried_at=Coalesce("render_tried_at", database_now()),
        render_tries=F("render_tries") + 1,
    )
    entry = due.select_related("blog").first()
    if entry is None:
        return
    reached(Step.RENDER_STARTED)
    seen = {route.pk: route for route in _routes(entry)}
    wants_pictures = entry.state == EntryState.LIVE and any(
        _wants_pictures(entry, route) and _may_be_posted(entry, route) for route in seen.values()
    )
    if wants_pictures and must_wait(entry, database_now()):
        return
    pictures = pictures_of(entry) if wants_pictures else ()
    drafts = {
        pk: draft_of(entry, route, pictures)
        for pk, route in seen.items()
        if entry.state == EntryState.LIVE and route.policy not in (Policy.OFF, Policy.DIGEST)
    }
    reached(Step.RENDER_DRAFTED)
    with transaction.atomic():
        current = (
            Entry.objects.select_for_update(no_key=True, of=("self",))
            .select_related("blog")
            .get(pk=entry_id)
        )
        if current.revision != entry.revision or current.render_due_at is None:
            return
        routes = list(_routes(entry).select_for_update(no_key=True, of=("self",)))
        if {route.pk: _choices(route) for route in routes} != {
            pk: _choices(route) for pk, route in seen.items()
        }:
            # Somebody set the routes anew meanwhile: begin again with these.
            queue.after_commit(queue.RENDER_ENTRY, entry_id)
            return
        transaction.on_commit(partial(reached, Step.RENDER_COMMITTED))
        _lock_senders(routes)
        # With its live blog as it is set now.
        entry = current
        page = _Page(entry, database_now(), list(_posts(entry)))
        for route in routes:
            if entry.state == EntryState.WITHDRAWN:
                _take_back(page, route)
            else:
                _bring_up(page, route, drafts.get(route.pk))
            # Also where nothing is due: a later entry may have waited for this one.
            queue.after_commit(queue.DELIVER_TO_DESTINATION, route.destination_id)
        _cancel_off_route(page, routes)
        if entry.state == EntryState.WITHDRAWN:
            _take_back_off_route(page, routes)
        page.write()
        Entry.objects.filter(pk=entry_id).update(render_due_at=None)
        reached(Step.RENDER_WRITTEN)
    if entry.state == EntryState.WITHDRAWN:
        retraction.carry_on(entry_id)


def switch_off(route: Route) -> int:
    """Cancel what waits on a route that was set to post no more; the number of posts."""
    with transaction.atomic():
        lock(route.destination_id)
        posts = Post.objects.filter(entry__blog=route.blog_id, destination=route.destination_id)
        # What must go must go, also from where nothing more is posted.
        posts = posts.exclude(action=Action.DELETE)
        now = database_now()
        return sum(
            move_all(posts, state, PostState.CANCELLED, now=now, reason=ROUTE_OFF)
            for state in UNSENT
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """What a channel made of an entry: a message, which is None if nothing is left to say."""

    message: Message | None
    problems: list[Wording]
    cost: Decimal = Decimal(0)


def draft_of(entry: Entry, route: Route, pictures: tuple[Picture, ...] = ()) -> Draft:
    return draft_by(route.destination, _story(entry, route, pictures))


def draft_by(destination: Destination, story: Story) -> Draft:
    """A channel that fails on an entry costs that one post a person's look, and nothing else."""
    try:
        channel = destination.channel
        message = channel.render(story)
        if message is None:
            return Draft(None, [])
        return Draft(message, channel.problems(message), channel.cost(message))
    except Exception:
        entry = story.entry
        log.exception("rendering failed", entry=entry.external_id, destination=destination.name)
        return Draft(Message(text="", permalink=entry.permalink), [NOT_RENDERED])


def ruling_on(
    route: Route,
    blog: LiveBlog,
    entry: Entry,
    draft: Draft | None,
    *,
    handled: Wording | None = None,
) -> Ruling:
    """What becomes of *entry* on *route*, of which its channel made *draft*."""
    problems = draft.problems if draft else ()
    ruling = rule(route, blog, entry.content, problems=problems, handled=handled)
    if ruling.course == Course.LEFT_OUT:
        return ruling
    if draft is None or draft.message is None:
        return Ruling(Course.LEFT_OUT, NOTHING_TO_SAY)
    if ruling.minor and not gathering.may_join(route, draft.message):
        return rule(route, blog, entry.content, alone=True)
    return ruling


def _story(entry: Entry, route: Route, pictures: tuple[Picture, ...]) -> Story:
    """The entry as this route tells it."""
    shown = pictures if route.with_pictures and route.policy != Policy.OFF else ()
    story = replace(entry.story, pictures=shown, thread=route.as_thread)
    return links.carrying(story, links.link_of(entry, route))


def _wants_pictures(entry: Entry, route: Route) -> bool:
    """Whether they go out with the post, or stand on the page that it leads to."""
    shows = route.with_pictures or links.leads_to_share_page(entry, route)
    return shows and route.policy != Policy.OFF


def _may_be_posted(entry: Entry, route: Route) -> bool:
    """Whether anything of *entry* may come to stand there: a filter may leave it out, but not what
    an earlier version of it became."""
    if route.policy == Policy.DIGEST:
        return rule_in_digest(route, entry.blog, entry.content).course != Course.LEFT_OUT
    return entry.revision > 1 or rule(route, entry.blog, entry.content).course != Course.LEFT_OUT


def _choices(route: Route) -> tuple[object, ...]:
    """What somebody may set anew while the entry is rendered, and what the drafts depend on."""
    filters = (
        route.only_tags,
        route.not_tags,
        route.only_authors,
        route.not_authors,
        route.key_events,
        route.otherwise,
    )
    shown = route.with_pictures, route.as_thread, route.tracking, route.share_page
    return route.policy, shown, filters


def _routes(entry: Entry) -> models.QuerySet[Route]:
    return (
        Route.objects.filter(blog=entry.blog_id)
        .select_related("destination")
        .order_by("destination_id")
    )


def _lock_senders(routes: list[Route]) -> None:
    """Take the locks that senders take to claim: no post is claimed while it is replaced."""
    pks = [route.destination_id for route in routes]
    locked = Destination.objects.filter(pk__in=pks).order_by("pk")
    list(locked.select_for_update(no_key=True).values_list("pk"))


def _posts(entry: Entry) -> models.QuerySet[Post]:
    return Post.objects.filter(entry=entry).order_by("pk").defer("payload")


@dataclass(slots=True)
class _Page:
    """All posts of one entry, as they are and as they will be once `write` has been called."""

    entry: Entry
    now: datetime
    posts: list[Post]
    _new: list[Post] = field(default_factory=list)
    _approved: list[Post] = field(default_factory=list)
    _gathered: list[tuple[Post, Post]] = field(default_factory=list)

    def on(self, route: Route, *actions: Action) -> list[Post]:
        return [
            post
            for post in self.posts
            if post.destination_id == route.destination_id and post.action in actions
        ]

    def has(self, route: Route, action: Action) -> bool:
        """Whether there is a row for this revision."""
        return any(post.revision == self.entry.revision for post in self.on(route, action))

    def add(self, route: Route, action: Action, **values: Any) -> Post | None:
        """A new row for this revision; None if it has one."""
        if self.has(route, action):
            return None
        post = Post(
            entry=self.entry,
            destination=route.destination,
            action=action,
            revision=self.entry.revision,
            published_at=self.entry.published_at,
            created_at=self.now,
            changed_at=self.now,
            **values,
        )
        self._new.append(post)
        return post

    def approve(self, post: Post) -> None:
        self._approved.append(post)

    def gather(self, post: Post, carrier: Post) -> None:
        self._gathered.append((post, carrier))

    def cancel(self, posts: Iterable[Post], reason: Wording) -> None:
        for post in posts:
            source = PostState(post.state)
            if source == PostState.GATHERED:
                gathering.leave(post, PostState.CANCELLED, reason, self.now)
                continue
            if not move(post.pk, source, PostState.CANCELLED, now=self.now, reason=reason):
                # All who could have moved it hold the lock that is held here.
                raise RuntimeError(f"post {post.pk} was moved while it was replaced")
            gathering.dissolve(post, self.now)

    def write(self) -> None:
        Post.objects.bulk_create(self._new)
        for post, carrier in self._gathered:
            gathering.gather(carrier, [post], self.now)
        Decision.objects.bulk_create(
            Decision(
                post=post,
                user=None,
                verdict=Verdict.APPROVE,
                payload_hash=post.payload_hash,
                decided_at=self.now,
            )
            for post in self._approved
        )


def _bring_up(page: _Page, route: Route, draft: Draft | None) -> None:
    earlier = [
        post for post in page.on(route, Action.PUBLISH) if post.revision != page.entry.revision
    ]
    out = next(_out(earlier), None)
    page.cancel(filter(_is_replaceable, earlier), REPLACED)
    if out is not None:
        page.cancel(_notes(page, route, of_earlier=True), REPLACED)
        message = gathering.correction(out, page.entry, page.now)
        message = message or _corrected(page, route, out, draft)
        _note(page, route, Action.EDIT, CHANGED_AFTER_POSTING, message)
        return
    page.cancel(_notes(page, route), NOT_OUT_AFTER_ALL)
    ruling = ruling_on(route, page.entry.blog, page.entry, draft, handled=_handled(page, earlier))
    if ruling.course == Course.LEFT_OUT or draft is None or draft.message is None:
        _note(page, route, Action.PUBLISH, ruling.why)
    else:
        _prepare(page, route, draft, draft.message, ruling)


def _corrected(page: _Page, route: Route, out: Post, draft: Draft | None) -> Message | None:
    """What *out* should say now, with the link that it carries."""
    message = draft.message if draft else None
    if message is None or message.permalink == out.message.permalink:
        return message
    link = links.link_to_correct(page.entry, out)
    if link is None:
        return message
    pictures = pictures_of(page.entry) if route.with_pictures else ()
    story = replace(page.entry.story, pictures=pictures, thread=route.as_thread)
    return draft_by(route.destination, links.carrying(story, link)).message


def _handled(page: _Page, earlier: list[Post]) -> Wording | None:
    """Why an editor is asked whatever the route says: one had something to say about it before."""
    if page.entry.revision == 1:
        return None
    if page.entry.retractions.exists():
        return RETRACTED_BEFORE
    about = [*earlier, *map(gathering.bearer, earlier)]
    said = Decision.objects.filter(post__in=about, user__isnull=False, verdict__in=HANDLED)
    return HANDLED_BEFORE if earlier and said.exists() else None


def _prepare(page: _Page, route: Route, draft: Draft, message: Message, ruling: Ruling) -> None:
    if page.has(route, Action.PUBLISH):
        return
    said: dict[str, Any] = {
        "payload": message.to_json(),
        "payload_hash": message.fingerprint(),
        "cost": draft.cost,
        "reason": ruling.why.to_json(),
        "ruling": ruling.why.to_json(),
    }
    carrier = None
    if ruling.minor:
        carrier = gathering.join(route, page.entry, ruling.course, page.now)
    if carrier is not None:
        post = page.add(route, Action.PUBLISH, state=PostState.GATHERED, **said)
        if post is not None:
            page.gather(post, carrier)
        return
    automatic = ruling.course == Course.AUTOMATIC
    embargo = page.entry.embargo_until
    gathers_until = page.now + route.gathers if ruling.minor else None
    due_at = max(page.now + route.hold, embargo or page.now, gathers_until or page.now)
    post = page.add(
        route,
        Action.PUBLISH,
        state=PostState.APPROVED if automatic else PostState.PENDING,
        breaking=page.entry.blog.is_breaking(page.entry.tags),
        due_at=due_at if automatic else None,
        not_before=embargo,
        fresh_until=route.fresh_until(due_at) if automatic else None,
        gathers_until=gathers_until,
        **said,
    )
    if post is not None and automatic:
        page.approve(post)


def _out(posts: Iterable[Post]) -> Iterator[Post]:
    """What of *posts* is out, or may be: the rows that tell, where it was gathered."""
    return (one for one in map(gathering.bearer, posts) if one.state in OUT)


def _is_replaceable(post: Post) -> bool:
    """Whether nothing of *post* is out, so that it may be taken out of the line."""
    gathered = post.state == PostState.GATHERED and gathering.bearer(post).state not in OUT
    return gathered or post.state in REPLACEABLE


def _take_back(page: _Page, route: Route) -> None:
    posts = page.on(route, Action.PUBLISH)
    out = next(_out(posts), None)
    page.cancel(filter(_is_replaceable, posts), WITHDRAWN)
    if out is not None:
        gathering.correction(out, page.entry, page.now)
        page.cancel(_notes(page, route, of_earlier=True), REPLACED)
        _note(page, route, Action.DELETE, WITHDRAWN_AFTER_POSTING)
        return
    page.cancel(_notes(page, route), NOT_OUT_AFTER_ALL)
    if not posts:
        _note(page, route, Action.PUBLISH, WITHDRAWN)


def _cancel_off_route(page: _Page, routes: list[Route]) -> None:
    """A route may be gone while a post of an older revision still waits on it."""
    kept = {route.destination_id for route in routes}
    live = page.entry.state == EntryState.LIVE
    page.cancel(
        (
            post
            for post in page.posts
            if post.destination_id not in kept
            and _is_replaceable(post)
            and not (live and post.revision == page.entry.revision)
        ),
        REPLACED,
    )


def _take_back_off_route(page: _Page, routes: list[Route]) -> None:
    """What is out has to go also where the live blog has no route any more."""
    gone = {post.destination_id for post in _out(page.posts)} - {
        route.destination_id for route in routes
    }
    for destination in Destination.objects.filter(pk__in=gone).order_by("pk"):
        _take_back(page, Route(blog=page.entry.blog, destination=destination))


def _notes(page: _Page, route: Route, *, of_earlier: bool = False) -> Iterator[Post]:
    """What is to be done to this entry's post on this destination, and is still open."""
    return (
        post
        for post in page.on(route, Action.EDIT, Action.DELETE, Action.CORRECT)
        if post.state in (PostState.SKIPPED, *REPLACEABLE)
        and not (of_earlier and post.revision == page.entry.revision)
    )


def _note(
    page: _Page,
    route: Route,
    action: Action,
    reason: Wording,
    message: Message | None = None,
) -> None:
    """A row for an act that does not happen, so that every entry × destination is accounted for.

    One about a post that is out waits for a person, and says where the post is and what it should
    say now (*message*).
    """
    message = message or Message(text="", permalink=page.entry.permalink)
    here = _out(page.on(route, Action.PUBLISH))
    out = [post for post in here if post.state == PostState.SENT]
    page.add(
        route,
        action,
        state=PostState.SKIPPED,
        payload=message.to_json(),
        payload_hash=message.fingerprint(),
        reason=reason.to_json(),
        ruling=reason.to_json(),
        remote_id=out[0].remote_id if out and action != Action.PUBLISH else "",
        remote_url=out[0].remote_url if out and action != Action.PUBLISH else "",
    )
