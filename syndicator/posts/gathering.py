"""Minor entries that come in a burst, gathered into one post: docs/adr/0018-gathering.md.

The first one's own post is the *carrier*: it waits until its window ends, and tells all that joined
it. The others' rows are *gathered*, which is no state of their own: what becomes of them is what
becomes of their carrier (`bearer`). Each keeps what it says by itself, and goes on by itself, or
with those that are left, when the carrier no longer carries it.

Whoever calls these functions holds the destination's lock (`attempts.lock`), so that no carrier is
claimed while its text changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from syndicator import queue
from syndicator.channels.base import Act, Message
from syndicator.channels.fitting.briefs import told_together
from syndicator.content import Story
from syndicator.destinations.models import Policy, Route
from syndicator.entries.models import Entry, EntryRevision, EntryState, content_from_json
from syndicator.posts import notes
from syndicator.posts.attempts import lock, rerender_if_outdated
from syndicator.posts.links import carrying
from syndicator.posts.models import Action, Attempt, Decision, Gathered, Post, PostState, Verdict
from syndicator.posts.policies import ROUTE_OFF, Course
from syndicator.posts.states import move
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: Nothing of a carrier in one of these is out, and its text may still change.
OPEN = (PostState.PENDING, PostState.APPROVED, PostState.FAILED, PostState.REJECTED)
#: A carrier in one of these carries nobody any more.
OVER = (PostState.CANCELLED, PostState.DELETED)
#: Carriers put right in one go.
LIMIT = 200

MOVED_ON = Wording(gettext_noop("The entry changed; a newer version takes this post's place."))
TOLD_ANEW = Wording(
    gettext_noop(
        "An entry that was gathered into this post changed, was withdrawn or taken out. "
        "The text was made anew: read it again."
    )
)
CARRIER_ENDED = Wording(
    gettext_noop(
        "The post that this was gathered into was closed without being posted. Approve this to "
        "post it by itself, or reject it."
    )
)
DELETED_ALONG = Wording(
    gettext_noop(
        "It was deleted on the platform, because another entry in the same post was taken back or "
        "corrected. Approve this to post it by itself, or reject it."
    )
)
TAKEN_BACK = Wording(gettext_noop("It was deleted on the platform."))
TAKEN_OUT_BY = gettext_noop("%(who)s took it out of a gathered post. It waits for an editor.")
LEFT_BEFORE = Wording(
    gettext_noop(
        "It is out after all, in a post of several entries whose sender got the answer too late. "
        "Correct or delete that post on the platform."
    )
)


# --- Who carries whom -----------------------------------------------------------------------------


def bearer(post: Post) -> Post:
    """The row whose state tells what became of *post*: its carrier's, or its own."""
    if post.state != PostState.GATHERED:
        return post
    stay = Gathered.objects.select_related("carrier").filter(post=post.pk, left_at=None).first()
    return stay.carrier if stay else post


def members(carrier: Post) -> list[Post]:
    """What *carrier* tells besides its own entry, in the order it came."""
    if carrier.gathers_until is None:
        return []
    return list(
        Post.objects.filter(gatherings__carrier=carrier.pk, gatherings__left_at=None)
        .select_related("entry__blog")
        .order_by("gatherings__pk")
    )


def carried(entry_id: OuterRef, destination_id: OuterRef) -> QuerySet[Gathered]:
    """Where an entry is out, and known, in another one's post."""
    return Gathered.objects.filter(
        left_at=None,
        post__entry=entry_id,
        post__destination=destination_id,
        carrier__state=PostState.SENT,
    ).exclude(carrier__remote_id="")


def carrier_that_is_out(note: Post) -> Post | None:
    """The post that *note* is about, if its entry went out in another one's."""
    stays = Gathered.objects.select_related("carrier").filter(
        left_at=None,
        post__entry=note.entry_id,
        post__destination=note.destination_id,
        carrier__state=PostState.SENT,
    )
    stay = stays.exclude(carrier__remote_id="").last()
    return stay.carrier if stay else None


def told_with(note: Post) -> list[Entry]:
    """The other entries in the post that *note* is about, if that is out and tells several."""
    out = Post.objects.select_related("entry").filter(
        destination=note.destination_id,
        action=Action.PUBLISH,
        state=PostState.SENT,
        gathers_until__isnull=False,
        remote_id=note.remote_id,
    )
    carrier = carrier_that_is_out(note) or (out.first() if note.remote_id else None)
    if carrier is None:
        return []
    entries = [carrier.entry, *(post.entry for post in members(carrier))]
    return [entry for entry in entries if entry.pk != note.entry_id]


# --- Joining --------------------------------------------------------------------------------------


def may_join(route: Route, message: Message) -> bool:
    """Whether a post of *message* may be told in one line: no pictures would be lost by that, and
    no thread."""
    told_by_itself = message.pictures or message.thread
    return route.destination.channel.gathers and not told_by_itself


def join(route: Route, entry: Entry, course: Course, now: datetime) -> Post | None:
    """Take *entry*, as it reads now, into the post that gathers on *route*; that post.

    None if there is none, or if it has no room left. What a person has decided about is theirs.
    """
    automatic = course == Course.AUTOMATIC
    carrier = (
        _to_be_told()
        .filter(
            entry__blog=route.blog_id,
            destination=route.destination_id,
            action=Action.PUBLISH,
            state=PostState.APPROVED if automatic else PostState.PENDING,
            gathers_until__gt=now,
            epoch=0,
        )
        .exclude(Exists(Decision.objects.filter(post=OuterRef("pk"), user__isnull=False)))
        .order_by("-pk")
        .first()
    )
    if carrier is None or _moved_on(carrier):
        return None
    told = [story_of(carrier), *map(story_of, members(carrier)), entry.story]
    message = _told(carrier, told)
    return carrier if message and _tell(carrier, message, now) else None


# --- Leaving --------------------------------------------------------------------------------------


def leave(post: Post, target: PostState, reason: Wording, now: datetime) -> bool:
    """End *post*'s being gathered, while nothing of its carrier is out, and tell that one anew."""
    carrier = bearer(post)
    if carrier.pk == post.pk or carrier.state in _OUT:
        return False
    _part([post], now)
    move(post.pk, PostState.GATHERED, target, now=now, reason=reason)
    if carrier.state in OPEN:
        _shrink(carrier, now)
    return True


def let_go(carrier: Post, now: datetime) -> bool:
    """Part with what has changed or was withdrawn since it joined *carrier*; whether any has."""
    gone = [post for post in members(carrier) if _moved_on(post)]
    if not gone:
        return False
    _part(gone, now)
    for post in gone:
        move(post.pk, PostState.GATHERED, PostState.CANCELLED, now=now, reason=MOVED_ON)
        rerender_if_outdated(post, now)
    _shrink(carrier, now)
    return True


def dissolve(carrier: Post, now: datetime) -> None:
    """*carrier* was cancelled: what it told goes on without it.

    The first of them takes its place, with the others. If a person closed it, each of them waits
    for an editor; and where nothing is posted any more, they end with it.
    """
    left = members(carrier)
    if not left:
        return
    _part(left, now)
    verdicts = list(carrier.decisions.values_list("verdict", "user"))
    closed = bool(verdicts) and verdicts[-1][0] == Verdict.DISMISS
    route = _route(carrier)
    standing = []
    for post in left:
        if _moved_on(post):
            move(post.pk, PostState.GATHERED, PostState.CANCELLED, now=now, reason=MOVED_ON)
            rerender_if_outdated(post, now)
        elif route is None or route.policy == Policy.OFF:
            move(post.pk, PostState.GATHERED, PostState.CANCELLED, now=now, reason=ROUTE_OFF)
        elif closed:
            move(post.pk, PostState.GATHERED, PostState.PENDING, now=now, reason=CARRIER_ENDED)
        else:
            standing.append(post)
    if standing and route is not None:
        _pass_on(carrier, standing, route, now, [user is not None for _, user in verdicts])


def put_right(now: datetime) -> int:
    """Go on with what carriers no longer carry, or tell as it reads no longer; how many carriers.

    The sweeper's: for whatever ended, or came back, by a hand that knows nothing of gathering.
    """
    stays = Gathered.objects.filter(left_at=None, post__state=PostState.GATHERED)
    outdated = Q(post__entry__render_due_at=None, carrier__state__in=OPEN) & ~Q(
        post__revision=F("post__entry__revision")
    )
    found = stays.filter(Q(carrier__state__in=OVER) | outdated)
    pairs = found.values_list("carrier", "carrier__destination").distinct()[:LIMIT]
    for carrier_id, destination_id in list(pairs):
        with transaction.atomic():
            lock(destination_id)
            carrier = _carriers().get(pk=carrier_id)
            if carrier.state in OVER:
                dissolve(carrier, now)
            elif carrier.state in OPEN:
                let_go(carrier, now)
            queue.after_commit(queue.DELIVER_TO_DESTINATION, destination_id)
    return len(pairs)


# --- What is out already --------------------------------------------------------------------------


def correction(out: Post, changed: Entry, now: datetime) -> Message | None:
    """What the post *out* should say now that *changed*, which it tells, reads as it does.

    None if *out* tells no other entry. What others noted to be corrected in it says the same from
    now on, so that no correction undoes another: who approved it before has to read it again.
    """
    carrier = _carriers().get(pk=out.pk)
    others = members(carrier)
    if not others:
        return None
    told = [
        _as_it_reads(post, changed)
        for post in (carrier, *others)
        if post.entry.state == EntryState.LIVE
    ]
    message = _told(carrier, told) if told else None
    message = message or Message(text="", permalink=carrier.message.permalink)
    acts = Post.objects.select_related("destination").filter(
        entry__in=[carrier.entry_id, *(post.entry_id for post in others)],
        destination=carrier.destination_id,
        action=Action.EDIT,
        state__in=(PostState.SKIPPED, PostState.APPROVED, PostState.PENDING, PostState.FAILED),
    )
    for act in acts.exclude(entry=changed.pk):
        _say_instead(act, message, now)
    return message


def superseded(act: Post, now: datetime) -> bool:
    """Whether *act*, a correction, was noted before another of the same post that says something
    else: it was being tried when that came. It then says the same, and waits for a person."""
    newer = (
        Post.objects.filter(
            destination=act.destination_id,
            action=Action.EDIT,
            remote_id=act.remote_id,
            pk__gt=act.pk,
        )
        .exclude(Q(entry=act.entry_id) | Q(state=PostState.CANCELLED))
        .last()
    )
    if newer is None or newer.payload_hash == act.payload_hash:
        return False
    _say_instead(act, newer.message, now)
    return True


def deleted_along(act: Post, now: datetime) -> None:
    """*act* deleted a post: what it told besides waits for an editor, to be posted by itself."""
    gathered = Exists(Gathered.objects.filter(carrier=OuterRef("pk"), left_at=None))
    for carrier in _carriers().filter(
        gathered,
        destination=act.destination_id,
        action=Action.PUBLISH,
        state__in=(PostState.SENT, PostState.DELETED),
        remote_id=act.remote_id,
    ):
        others = members(carrier)
        _part(others, now)
        move(carrier.pk, PostState.SENT, PostState.DELETED, now=now, reason=TAKEN_BACK)
        for post in others:
            if post.entry_id == act.entry_id:
                move(post.pk, PostState.GATHERED, PostState.DELETED, now=now, reason=TAKEN_BACK)
            elif _moved_on(post):
                move(post.pk, PostState.GATHERED, PostState.DELETED, now=now, reason=TAKEN_BACK)
                rerender_if_outdated(post, now)
            else:
                move(post.pk, PostState.GATHERED, PostState.PENDING, now=now, reason=DELETED_ALONG)
        if carrier.entry_id == act.entry_id:
            continue
        if _moved_on(carrier):
            rerender_if_outdated(carrier, now)
            continue
        move(
            carrier.pk,
            PostState.DELETED,
            PostState.PENDING,
            now=now,
            reason=DELETED_ALONG,
            remote_id="",
            remote_url="",
            sent_at=None,
            **_saying(carrier, _by_itself(carrier)),
            **_AFRESH,
        )


def tries_with(post: Post) -> QuerySet[Attempt]:
    """Tries to send posts that told what *post* tells, before it left them."""
    told = [post.entry_id, *(one.entry_id for one in members(post))]
    stays = Gathered.objects.filter(
        carrier=OuterRef("post"),
        post__entry__in=told,
        left_epoch__gte=OuterRef("epoch"),
    )
    return Attempt.objects.filter(Exists(stays), post__destination=post.destination_id)


def tell_who_left(carrier: Post, sent: Attempt, now: datetime) -> None:
    """*sent*, a try of *carrier*, is out after all, with what left it since: note that for each."""
    stays = Gathered.objects.filter(carrier=carrier, left_epoch__gte=sent.epoch)
    for stay in stays.select_related("post__entry"):
        post = stay.post
        notes.leave(
            post,
            (sent.remote_id, sent.remote_url),
            goes=post.entry.state == EntryState.WITHDRAWN,
            permalink=post.message.permalink,
            reason=LEFT_BEFORE,
            now=now,
        )


# --- How it is told -------------------------------------------------------------------------------


def story_of(post: Post) -> Story:
    """What *post* (with its entry and live blog) was made of, whatever its entry says by now."""
    said = EntryRevision.objects.get(entry=post.entry_id, revision=post.revision)
    content = replace(content_from_json(said.content), published_at=post.published_at)
    return carrying(replace(post.entry.story, entry=content), post.message.permalink)


def _as_it_reads(post: Post, changed: Entry) -> Story:
    """What *post*'s entry says by now, unless nobody has looked at that yet, or may say it."""
    entry = post.entry
    waits = entry.render_due_at is not None or entry.embargo_until
    if waits and entry.pk != changed.pk:
        return story_of(post)
    return entry.story


_OUT = (PostState.SENDING, PostState.SENT, PostState.UNCERTAIN)
#: What a post has before anybody has decided about it; see `review.edit`.
_AFRESH: dict[str, Any] = {
    "tries": 0,
    "not_before": None,
    "not_after": None,
    "quiet_until": None,
    "fresh_until": None,
    "gathers_until": None,
    "over_budget": False,
}


def _carriers() -> QuerySet[Post]:
    return Post.objects.select_related("entry__blog", "destination")


def _to_be_told() -> QuerySet[Post]:
    """Locked: the sweeper puts stale posts aside without the destination's lock."""
    return _carriers().select_for_update(of=("self",), no_key=True)


def _told(carrier: Post, stories: Sequence[Story]) -> Message | None:
    """One message for all of *stories*; None if the channel finds anything wrong with it."""
    content = replace(carrier.entry.content, published_at=carrier.published_at)
    bears = carrying(replace(carrier.entry.story, entry=content), carrier.message.permalink)
    try:
        channel = carrier.destination.channel
        message = told_together(stories, bears, channel.render)
        return message if message and not channel.problems(message) else None
    except Exception:
        log.exception("gathering failed", post=carrier.pk)
        return None


def _by_itself(post: Post) -> Message:
    """What *post* says when it tells its own entry alone; nothing, if that cannot be rendered."""
    try:
        message = post.destination.channel.render(story_of(post))
    except Exception:
        log.exception("rendering failed", post=post.pk)
        message = None
    return message or Message(text="", permalink=post.message.permalink)


def _saying(post: Post, message: Message) -> dict[str, Any]:
    channel = post.destination.channel
    return {
        "payload": message.to_json(),
        "payload_hash": message.fingerprint(),
        "cost": channel.cost(message, Act(post.action)),
    }


def _tell(carrier: Post, message: Message, now: datetime) -> bool:
    """Have *carrier* say *message*. What a person approved, or what failed, waits for an editor."""
    state = PostState(carrier.state)
    said = _saying(carrier, message)
    if state == PostState.REJECTED:
        # Nobody is asked: but whoever takes the rejection back finds what is left.
        rejected = Post.objects.filter(pk=carrier.pk, state=state)
        return bool(rejected.update(**said, changed_at=now))
    theirs = carrier.decisions.filter(user__isnull=False).exists()
    if state == PostState.APPROVED and not theirs and message.text:
        told = move(
            carrier.pk,
            state,
            state,
            now=now,
            seen_hash=carrier.payload_hash,
            due_at=carrier.due_at,
            reason=carrier.wording,
            **said,
        )
        if told:
            _approved_by_route(carrier, message, now)
        return told
    anew = theirs or state != PostState.PENDING
    told = move(
        carrier.pk,
        state,
        PostState.PENDING,
        now=now,
        seen_hash=carrier.payload_hash,
        reason=TOLD_ANEW if anew and carrier.held_by_id is None else carrier.wording,
        **said,
        **(_AFRESH | {"gathers_until": carrier.gathers_until}),
    )
    if told and theirs:
        # What an editor had written stays on record.
        Decision.objects.create(
            post=carrier,
            user=None,
            verdict=Verdict.EDIT,
            payload_hash=message.fingerprint(),
            comment=carrier.message.text,
            decided_at=now,
        )
    return told


def _approved_by_route(post: Post, message: Message, now: datetime) -> None:
    Decision.objects.create(
        post=post,
        user=None,
        verdict=Verdict.APPROVE,
        payload_hash=message.fingerprint(),
        decided_at=now,
    )


def _shrink(carrier: Post, now: datetime) -> None:
    """Tell *carrier* with what is left in it."""
    carrier = _to_be_told().get(pk=carrier.pk)
    left = members(carrier)
    message = _told(carrier, [story_of(carrier), *map(story_of, left)]) if left else None
    if left and message is None:
        # It should have more room than before; where it has not, nothing is told in its place.
        _part(left, now)
        for post in left:
            move(post.pk, PostState.GATHERED, PostState.PENDING, now=now, reason=TOLD_ANEW)
    _tell(carrier, message or _by_itself(carrier), now)


def _pass_on(
    carrier: Post, standing: list[Post], route: Route, now: datetime, decided: list[bool]
) -> None:
    """Have the first of *standing* take *carrier*'s place, with as many of the others as it has
    room for, and so on until none is left. *decided* tells of each decision about *carrier* whether
    it was a person's: only what the route alone approved goes on without one."""
    automatic = bool(decided) and not any(decided)
    gathers_until = carrier.gathers_until or now
    while standing:
        heir, *rest = standing
        heir = _carriers().get(pk=heir.pk)
        message, taken = heir.message, list[Post]()
        for post in rest:
            stories = [story_of(heir), *map(story_of, taken), story_of(post)]
            if longer := _told(heir, stories):
                message = longer
                taken.append(post)
        due_at = max(now, gathers_until, heir.created_at + route.hold)
        move(
            heir.pk,
            PostState.GATHERED,
            PostState.APPROVED if automatic else PostState.PENDING,
            now=now,
            due_at=due_at if automatic else None,
            reason=heir.wording if automatic or not decided else TOLD_ANEW,
            gathers_until=gathers_until,
            fresh_until=(carrier.fresh_until or route.fresh_until(due_at)) if automatic else None,
            **_saying(heir, message),
        )
        if automatic:
            _approved_by_route(heir, message, now)
        gather(heir, taken, now)
        standing = [post for post in rest if post not in taken]


def gather(carrier: Post, posts: Iterable[Post], now: datetime) -> None:
    """Note that *carrier* tells what each of *posts* is about."""
    Gathered.objects.bulk_create(
        Gathered(carrier=carrier, post=post, joined_at=now) for post in posts
    )


def _part(posts: Collection[Post], now: datetime) -> int:
    epochs = Post.objects.filter(pk=OuterRef("carrier")).values("epoch")
    stays = Gathered.objects.filter(post__in=posts, left_at=None)
    return stays.update(left_at=now, left_epoch=Subquery(epochs))


def _moved_on(post: Post) -> bool:
    """Whether the entry (with *post*) says something else by now than what *post* was made of."""
    return post.entry.state != EntryState.LIVE or post.entry.revision != post.revision


def _say_instead(act: Post, message: Message, now: datetime) -> None:
    """Have a correction that waits say *message*. Who had it carried out has not read that."""
    state = PostState(act.state)
    said = _saying(act, message)
    if state == PostState.SKIPPED:
        Post.objects.filter(pk=act.pk, state=state).update(**said, changed_at=now)
        return
    target = PostState.SKIPPED if state == PostState.APPROVED else PostState.PENDING
    move(act.pk, state, target, now=now, reason=TOLD_ANEW, **said)


def _route(post: Post) -> Route | None:
    return Route.objects.filter(blog=post.entry.blog_id, destination=post.destination_id).first()
