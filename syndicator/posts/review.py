"""What a person decides about a post. Every decision is on record, and bound to what they saw."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from syndicator import queue
from syndicator.accounts.models import User
from syndicator.channels.base import ALSO, Act, Message
from syndicator.clock import database_now
from syndicator.destinations import budget, picture_rights, stops
from syndicator.destinations.models import Destination, DestinationState, Policy, Route, Stop
from syndicator.destinations.trouble import resumed
from syndicator.entries.models import LiveBlog, web_address
from syndicator.posts import circuit, four_eyes, gathering
from syndicator.posts.attempts import OTHER_ACCOUNT, lock, other_account, rerender_if_outdated
from syndicator.posts.line import put_stale_aside
from syndicator.posts.models import STANDING, Action, Decision, Post, PostState, Verdict
from syndicator.posts.policies import ROUTE_OFF
from syndicator.posts.replies import names_of_replies, unclear_replies
from syndicator.posts.states import move
from syndicator.steps import Step, reached
from syndicator.wording import Wording, gettext_noop


class ReviewRefused(Exception):
    """The decision was not taken; *wording* tells the editor why and what to do."""

    def __init__(self, wording: Wording) -> None:
        super().__init__(str(wording))
        self.wording = wording


NOT_ALLOWED = Wording(gettext_noop("Your role does not allow this. Ask an administrator."))
CHANGED = Wording(
    gettext_noop("The post changed while you were looking at it. Read it again, then decide.")
)
NO_STOP_REASON = Wording(gettext_noop("Say why, so that everybody on the desk knows."))
NO_REASON = Wording(gettext_noop("Say why, so that the author knows."))
EDITED = Wording(gettext_noop("%(who)s edited the text."))
DISMISSED = gettext_noop("%(who)s took care of it.")
OUTDATED = Wording(
    gettext_noop("The entry changed or was withdrawn meanwhile; this version is not sent.")
)
PAUSED_BY = gettext_noop("%(who)s paused it.")
CANNOT = Wording(
    gettext_noop("The platform does not offer that. Do it there by hand, then press “Done”.")
)
NOT_KNOWN = Wording(
    gettext_noop("It is not known which post that is. Do it by hand, then press “Done”.")
)
REPLY_UNCLEAR = Wording(
    gettext_noop("It is not clear yet whether a correction reply is out. Settle that first.")
)
REPLY_NOT_KNOWN = Wording(
    gettext_noop(
        "It is not known which post the correction reply is. Delete both by hand, then press "
        "“Done”."
    )
)
CARRIED_OUT_BY = gettext_noop("%(who)s had it carried out.")
REPOSTED_BY = gettext_noop(
    "%(who)s has it deleted there; the corrected text is posted anew as the route is set."
)
NO_ADDRESS = Wording(gettext_noop("Enter the full address of the post, or none."))
HELD_BY = gettext_noop("%(who)s holds it.")
HELD_BY_BECAUSE = gettext_noop("%(who)s holds it: %(why)s")
RELEASE_FIRST = gettext_noop("%(who)s holds it. Release it first.")
RELEASED_BY = gettext_noop("%(who)s released it. It waits for an editor.")
UNDONE_BY = gettext_noop("%(who)s took the decision back. It waits for an editor.")
NOT_IN_PAST = Wording(gettext_noop("Choose a time that is still to come."))
TOO_FAR_AWAY = Wording(gettext_noop("Choose a time within the next 30 days."))
UNDER_EMBARGO = Wording(
    gettext_noop("The entry is under embargo for longer than that. Choose a later time.")
)
ENDS_TOO_EARLY = Wording(
    gettext_noop("It does not go out before then. Choose a later end, or an earlier beginning.")
)
ANOTHER_STANDS = Wording(
    gettext_noop("Another post of this entry has taken its place there. Reload the page.")
)
NOT_POSSIBLE = Wording(gettext_noop("That is no longer possible: the post is %(state)s."))


#: How far ahead a post may be scheduled.
FURTHEST = timedelta(days=30)


def may_approve(
    post: Post, user: User, deciders: Callable[[], Collection[User]] | None = None
) -> Wording | None:
    """Why *user* may not approve *post* (with its entry and who holds it); None if they may.

    It says nothing about the text itself. *deciders* as for `four_eyes.objection`.
    """
    if not user.may_decide:
        return NOT_ALLOWED
    if post.held_by is not None:
        return Wording(RELEASE_FIRST, {"who": str(post.held_by)})
    return four_eyes.objection(post, user, deciders)


def approve(post_id: int, editor: User, seen_hash: str) -> Post:
    """Approve exactly what was on the screen: refuses if the payload is another by now.

    What is under embargo goes out when that is over.
    """
    with transaction.atomic():
        post = _approvable(post_id, editor, seen_hash)
        return _approved(post, editor, seen_hash, Verdict.APPROVE, (PostState.PENDING,))


def schedule(
    post_id: int,
    editor: User,
    seen_hash: str,
    not_before: datetime | None,
    not_after: datetime | None = None,
) -> Post:
    """Approve exactly what was on the screen, for *not_before* and no earlier, or for as long as it
    is news, which is until *not_after*. Also of an approved post, for which that holds instead."""
    with transaction.atomic():
        post = _approvable(post_id, editor, seen_hash)
        now = database_now()
        embargo = _embargo(post)
        for moment in filter(None, (not_before, not_after)):
            if moment <= now:
                raise ReviewRefused(NOT_IN_PAST)
            if moment > now + FURTHEST:
                raise ReviewRefused(TOO_FAR_AWAY)
        if embargo and not_before and not_before < embargo:
            raise ReviewRefused(UNDER_EMBARGO)
        return _approved(
            post,
            editor,
            seen_hash,
            Verdict.SCHEDULE,
            (PostState.PENDING, PostState.APPROVED),
            not_before,
            not_after,
        )


def hold(post_id: int, editor: User, seen_hash: str, why: str = "") -> Post:
    """Keep a post back, also an approved one, until somebody releases it: nobody approves it."""
    with transaction.atomic():
        post = locked(post_id, editor)
        must_be_seen(post, seen_hash)
        why = why.strip()
        said = {"who": str(editor), **({"why": why} if why else {})}
        if (
            post.held_by_id is not None
            or not post.makes_a_post
            or not move(
                post.pk,
                (PostState.PENDING, PostState.APPROVED),
                PostState.PENDING,
                now=database_now(),
                seen_hash=seen_hash,
                reason=Wording(HELD_BY_BECAUSE if why else HELD_BY, said),
                held_by=editor.pk,
                **afresh(post),
            )
        ):
            raise not_possible(post)
        return decided(post, editor, Verdict.HOLD, why)


def release(post_id: int, editor: User) -> Post:
    """End a hold, whoever's it is. The post then waits for approval."""
    with transaction.atomic():
        post = locked(post_id, editor)
        if post.held_by_id is None or not move(
            post.pk,
            PostState.PENDING,
            PostState.PENDING,
            now=database_now(),
            reason=Wording(RELEASED_BY, {"who": str(editor)}),
            held_by=None,
        ):
            raise not_possible(post)
        return decided(post, editor, Verdict.RELEASE)


def undo(post_id: int, editor: User) -> Post:
    """Take back an approval of what no worker has taken yet, or a rejection. The post waits for an
    editor then, or for somebody's hand, if it is about one that is out."""
    with transaction.atomic():
        post = locked(post_id, editor)
        if post.state == PostState.REJECTED:
            _must_still_be_wanted(post)
        anew = post.makes_a_post
        if (not anew and post.tries) or not move(
            post.pk,
            (PostState.APPROVED, PostState.REJECTED),
            PostState.PENDING if anew else PostState.SKIPPED,
            now=database_now(),
            reason=Wording(UNDONE_BY, {"who": str(editor)}),
            **afresh(post),
        ):
            raise not_possible(post)
        return decided(post, editor, Verdict.UNDO)


def _approvable(post_id: int, editor: User, seen_hash: str) -> Post:
    """The locked post, which *editor* has seen as it is and may approve."""
    post = locked(post_id, editor)
    must_be_seen(post, seen_hash)
    if post.outdated:
        raise ReviewRefused(OUTDATED)
    if objection := may_approve(post, editor):
        raise ReviewRefused(objection)
    if problems := problems_of(post.destination, post.message):
        raise ReviewRefused(problems[0])
    return post


def _approved(
    post: Post,
    editor: User,
    seen_hash: str,
    verdict: Verdict,
    sources: Collection[PostState],
    not_before: datetime | None = None,
    not_after: datetime | None = None,
) -> Post:
    route, now = _route(post), database_now()
    said = "/".join(moment.isoformat() if moment else "" for moment in (not_before, not_after))
    not_before = not_before or _embargo(post)
    due_at = max(now + route.hold if route else now, not_before or now)
    if not_after and not_after <= due_at:
        raise ReviewRefused(ENDS_TOO_EARLY)
    told = budget.beyond(post.destination, post.cost, Decimal(0), now)
    if not move(
        post.pk,
        sources,
        PostState.APPROVED,
        now=now,
        seen_hash=seen_hash,
        due_at=due_at,
        not_before=not_before,
        not_after=not_after,
        quiet_until=None,
        tries=0,
        fresh_until=not_after or _fresh_until(post, due_at),
        # The card says what it costs, and that the budget is used up.
        over_budget=told is not None,
    ):
        raise not_possible(post)
    return decided(post, editor, verdict, said.strip("/") and said)


def _embargo(post: Post) -> datetime | None:
    """Until when nothing of the post's entry may be said; a deletion says nothing."""
    return post.entry.embargo_until if post.action != Action.DELETE else None


def afresh(post: Post) -> dict[str, Any]:
    """What a post has before anybody has decided about it."""
    return {
        "tries": 0,
        "not_before": _embargo(post),
        "not_after": None,
        "quiet_until": None,
        "fresh_until": None,
        "over_budget": False,
    }


def _must_still_be_wanted(post: Post) -> None:
    if post.outdated:
        raise ReviewRefused(OUTDATED)
    route = _route(post)
    if route is None or route.policy == Policy.OFF:
        raise ReviewRefused(ROUTE_OFF)
    standing = Post.objects.filter(
        entry=post.entry_id,
        destination=post.destination_id,
        action=Action.PUBLISH,
        state__in=STANDING,
    )
    if post.action == Action.PUBLISH and standing.exists():
        raise ReviewRefused(ANOTHER_STANDS)


def reject(post_id: int, editor: User, reason: str) -> Post:
    """Take the post out of the queue for good, with the editor's *reason*."""
    if not reason.strip():
        raise ReviewRefused(NO_REASON)
    with transaction.atomic():
        post = locked(post_id, editor)
        said = Wording(
            gettext_noop("%(who)s rejected it: %(why)s"),
            {"who": str(editor), "why": reason.strip()},
        )
        if not move(
            post.pk,
            (PostState.PENDING, PostState.APPROVED),
            PostState.REJECTED,
            now=database_now(),
            reason=said,
            held_by=None,
        ):
            raise not_possible(post)
        return decided(post, editor, Verdict.REJECT, reason.strip())


def edit(post_id: int, editor: User, seen_hash: str, text: str) -> Post:
    """Replace the text. The post then waits for approval, whatever it was before."""
    with transaction.atomic():
        post = locked(post_id, editor)
        must_be_seen(post, seen_hash)
        if post.action == Action.DELETE:
            raise not_possible(post)
        channel = post.destination.channel
        before = post.message
        message = channel.revise(before, text.replace("\r\n", "\n").strip())
        message = _without_refused_pictures(post.destination, message)
        problems = problems_of(post.destination, message)
        if problems:
            raise ReviewRefused(problems[0])
        if not move(
            post.pk,
            (PostState.PENDING, PostState.APPROVED, PostState.FAILED),
            PostState.PENDING,
            now=database_now(),
            seen_hash=seen_hash,
            tries=0,
            reason=Wording(EDITED.sentence, {"who": str(editor)}),
            payload=message.to_json(),
            payload_hash=message.fingerprint(),
            cost=channel.cost(message, post.act),
            not_before=_embargo(post),
            not_after=None,
            quiet_until=None,
        ):
            raise not_possible(post)
        return decided(post, editor, Verdict.EDIT, before.text)


def problems_of(destination: Destination, message: Message) -> list[Wording]:
    """Why *message* must not go out to *destination* as it is."""
    told = picture_rights.first_objection(destination, message.all_pictures)
    return [*destination.channel.problems(message), *([told] if told else [])]


def _without_refused_pictures(destination: Destination, message: Message) -> Message:
    """*message* as it may be shown there. Of a mail only its editor can take the picture out: its
    text tells of it."""
    if message.html or not picture_rights.first_objection(destination, message.all_pictures):
        return message
    card = message.card
    if card and card.picture and picture_rights.objection(destination, card.picture):
        card = replace(card, picture=None)
    shown = picture_rights.allowed(destination, message.pictures)
    return replace(message, pictures=shown, card=card)


def retry(post_id: int, editor: User) -> Post:
    """Send a failed post again."""
    with transaction.atomic():
        post = locked(post_id, editor)
        if post.outdated:
            raise ReviewRefused(OUTDATED)
        now = database_now()
        if not move(
            post.pk,
            PostState.FAILED,
            PostState.APPROVED,
            now=now,
            due_at=now,
            tries=0,
            fresh_until=_fresh_until(post, now),
            not_after=None,
        ):
            raise not_possible(post)
        return decided(post, editor, Verdict.RETRY)


def confirm_sent(post_id: int, editor: User, url: str = "") -> Post:
    """A person has found the uncertain post on the platform (at *url*, if they say where)."""
    url = url.strip()
    try:
        if url:
            web_address(url)
    except ValidationError:
        raise ReviewRefused(NO_ADDRESS) from None
    with transaction.atomic():
        post = locked(post_id, editor)
        now = database_now()
        if not (
            post.waits_for_person
            and move(
                post.pk,
                PostState.UNCERTAIN,
                PostState.SENT,
                now=now,
                fence=post.epoch,
                sent_at=now,
                remote_url=url,
                reason=Wording(
                    gettext_noop("%(who)s found it on the platform."), {"who": str(editor)}
                ),
            )
        ):
            raise not_possible(post)
        budget.record(post.destination, post.cost, now)
        return decided(post, editor, Verdict.CONFIRM_SENT, url)


def confirm_absent(post_id: int, editor: User) -> Post:
    """A person has made sure that the uncertain post is not on the platform: it is sent again,
    unless the entry changed or was withdrawn meanwhile."""
    with transaction.atomic():
        post = locked(post_id, editor)
        now = database_now()
        outdated = post.outdated
        if not (
            post.waits_for_person
            and move(
                post.pk,
                PostState.UNCERTAIN,
                PostState.CANCELLED if outdated else PostState.APPROVED,
                now=now,
                fence=post.epoch,
                reason=OUTDATED if outdated else None,
                due_at=None if outdated else now,
                fresh_until=_fresh_until(post, now),
                not_after=None,
            )
        ):
            raise not_possible(post)
        rerender_if_outdated(post, now)
        return decided(post, editor, Verdict.CONFIRM_ABSENT)


def dismiss(post_id: int, editor: User) -> Post:
    """Close what waits for a person without posting: a failed post, or a note that was acted on."""
    with transaction.atomic():
        post = locked(post_id, editor)
        if not (
            post.waits_for_person
            and move(
                post.pk,
                (PostState.FAILED, PostState.SKIPPED),
                PostState.CANCELLED,
                now=database_now(),
                reason=Wording(DISMISSED, {"who": str(editor)}),
            )
        ):
            raise not_possible(post)
        return decided(post, editor, Verdict.DISMISS)


def carry_out(post_id: int, editor: User, seen_hash: str) -> Post:
    """Have a noted edit or deletion done on the platform, instead of by hand."""
    with transaction.atomic():
        post = locked(post_id, editor)
        must_be_seen(post, seen_hash)
        if post.outdated:
            raise ReviewRefused(OUTDATED)
        channel, act = post.destination.channel, post.act
        if not post.is_note or act.value not in channel.capabilities:
            raise ReviewRefused(CANNOT)
        if objection := may_approve(post, editor):
            raise ReviewRefused(objection)
        if act != Act.DELETE and (problems := channel.problems(post.message)):
            raise ReviewRefused(problems[0])
        name_what_is_out(post, with_replies=act == Act.DELETE)
        now, embargo = database_now(), _embargo(post)
        if not move(
            post.pk,
            PostState.SKIPPED,
            PostState.APPROVED,
            now=now,
            seen_hash=seen_hash,
            reason=Wording(CARRIED_OUT_BY, {"who": str(editor)}),
            due_at=max(now, embargo or now),
            not_before=embargo,
            tries=0,
            remote_id=post.remote_id,
            remote_url=post.remote_url,
            cost=_cost(post),
            # Somebody wants it done, and sees what it costs.
            over_budget=True,
        ):
            raise not_possible(post)
        return decided(post, editor, Verdict.CARRY_OUT)


def repost(post_id: int, editor: User, seen_hash: str) -> Post:
    """Have what a noted edit is about deleted there. Once it is gone, the renderer makes the
    corrected post, which the route's policy decides about. The deletion."""
    with transaction.atomic():
        note = locked(post_id, editor)
        must_be_seen(note, seen_hash)
        if note.outdated:
            raise ReviewRefused(OUTDATED)
        channel = note.destination.channel
        if (
            not (note.is_note and note.action == Action.EDIT and note.message.text)
            or Act.DELETE.value not in channel.capabilities
        ):
            raise ReviewRefused(CANNOT)
        name_what_is_out(note, with_replies=True)
        now = database_now()
        told = Wording(REPOSTED_BY, {"who": str(editor)})
        before = Post.objects.filter(
            entry=note.entry_id,
            destination=note.destination_id,
            action=Action.DELETE,
            revision=note.revision,
        )
        if before.exists() or not move(
            note.pk,
            PostState.SKIPPED,
            PostState.CANCELLED,
            now=now,
            seen_hash=seen_hash,
            reason=told,
        ):
            raise not_possible(note)
        message = Message(text="", permalink=note.message.permalink)
        deletion = Post(
            entry=note.entry,
            destination=note.destination,
            action=Action.DELETE,
            revision=note.revision,
            state=PostState.APPROVED,
            payload=message.to_json(),
            payload_hash=message.fingerprint(),
            published_at=note.published_at,
            reason=told.to_json(),
            remote_id=note.remote_id,
            remote_url=note.remote_url,
            # Somebody wants it done, and sees what it costs.
            over_budget=True,
            due_at=now,
            created_at=now,
            changed_at=now,
        )
        deletion.cost = _cost(deletion)
        deletion.save()
        return decided(deletion, editor, Verdict.CARRY_OUT)


def _cost(post: Post) -> Decimal:
    """Of what is done to a post that is out, in US dollars; a deletion is paid for each post."""
    cost = post.destination.channel.cost(post.message, post.act)
    return cost * len(post.names) if post.act == Act.DELETE else cost


def name_what_is_out(note: Post, *, with_replies: bool) -> None:
    """Have *note*, which is not saved here, bear the id and address of the post it is about, and
    the ids of the replies to it as well, if they are to go with it."""
    out = (
        Post.objects.filter(
            entry=note.entry_id,
            destination=note.destination_id,
            action=Action.PUBLISH,
            state=PostState.SENT,
        )
        .exclude(remote_id="")
        .last()
    ) or gathering.carrier_that_is_out(note)
    if out:
        note.remote_id, note.remote_url = out.remote_id, out.remote_url
    if not note.remote_id:
        raise ReviewRefused(NOT_KNOWN)
    if with_replies:
        if unclear := unclear_replies(note).first():
            is_out = unclear.state == PostState.SENT
            raise ReviewRefused(REPLY_NOT_KNOWN if is_out else REPLY_UNCLEAR)
        names = dict.fromkeys((*note.remote_id.split(ALSO), *names_of_replies(note)))
        note.remote_id = ALSO.join(names)
    if other_account(note):
        raise ReviewRefused(OTHER_ACCOUNT)


def take_out(post_id: int, editor: User) -> Post:
    """Take an entry's post out of the one it was gathered into, while nothing of that is out. It
    then waits for approval by itself."""
    with transaction.atomic():
        post = locked(post_id, editor)
        told = Wording(gathering.TAKEN_OUT_BY, {"who": str(editor)})
        if not gathering.leave(post, PostState.PENDING, told, database_now()):
            raise not_possible(post)
        return decided(post, editor, Verdict.TAKE_OUT)


def resume(destination_id: int, editor: User) -> Destination:
    """Let a destination post again whose queue was kept, or whose circuit is open."""
    if not editor.may_decide:
        raise ReviewRefused(NOT_ALLOWED)
    with transaction.atomic():
        destination = lock(destination_id)
        now = database_now()
        if destination.state == DestinationState.PAUSED:
            destination.state = DestinationState.ACTIVE
            destination.pause_reason = destination.paused_at = None
            destination.save(update_fields=["state", "pause_reason", "paused_at"])
            resumed(destination, now)
        circuit.try_now(destination, now)
        queue.after_commit(queue.DELIVER_TO_DESTINATION, destination.pk)
        return destination


def pause(destination_id: int, admin: User) -> bool:
    """Stop posting to a destination and keep its queue; False if it was not active."""
    if not admin.may_configure:
        raise ReviewRefused(NOT_ALLOWED)
    return Destination.pause(
        destination_id, Wording(PAUSED_BY, {"who": str(admin)}), database_now()
    )


def stop(
    editor: User, reason: str, *, blog: LiveBlog | None = None, channel_name: str = ""
) -> tuple[Stop, bool]:
    """Press the red button: for everything, or one live blog, or one platform.

    The stop, and whether it is a new one: it may have been pressed before.
    """
    if not editor.may_decide:
        raise ReviewRefused(NOT_ALLOWED)
    if not reason.strip():
        raise ReviewRefused(NO_STOP_REASON)
    with transaction.atomic():
        # Whoever is about to claim finishes that first, and is among what is being sent.
        list(Destination.objects.order_by("pk").select_for_update(no_key=True).values_list("pk"))
        return stops.press(
            editor, reason.strip()[:300], database_now(), blog=blog, channel_name=channel_name
        )


def go_on(stop_id: int, editor: User) -> int:
    """Lift a stop. The number of posts that went stale meanwhile: they wait for an editor."""
    if not editor.may_decide:
        raise ReviewRefused(NOT_ALLOWED)
    with transaction.atomic():
        now = database_now()
        if not stops.lift(stop_id, editor, now):
            return 0
        stale = put_stale_aside(now)
        for pk in Destination.objects.filter(state=DestinationState.ACTIVE).values_list(
            "pk", flat=True
        ):
            queue.after_commit(queue.DELIVER_TO_DESTINATION, pk)
        return stale


def _route(post: Post) -> Route | None:
    return Route.objects.filter(blog=post.entry.blog_id, destination=post.destination).first()


def _fresh_until(post: Post, due_at: datetime) -> datetime | None:
    """An editor has just said that it is still news. What is said about a post that is out goes
    out however late."""
    route = _route(post) if post.action == Action.PUBLISH else None
    return route.fresh_until(due_at) if route else None


def locked(post_id: int, editor: User) -> Post:
    if not editor.may_decide:
        raise ReviewRefused(NOT_ALLOWED)
    lock(Post.objects.values_list("destination", flat=True).get(pk=post_id))
    return (
        Post.objects.select_for_update(of=("self",), no_key=True)
        .select_related("entry", "destination", "held_by")
        .get(pk=post_id)
    )


def must_be_seen(post: Post, seen_hash: str) -> None:
    if post.payload_hash != seen_hash:
        raise ReviewRefused(CHANGED)


def not_possible(post: Post) -> ReviewRefused:
    post.refresh_from_db(fields=["state"])
    return ReviewRefused(
        Wording(NOT_POSSIBLE.sentence, {"state": str(PostState(post.state).label)})
    )


def decided(post: Post, editor: User, verdict: Verdict, comment: str = "") -> Post:
    post.refresh_from_db()
    Decision.objects.create(
        post=post,
        user=editor,
        verdict=verdict,
        payload_hash=post.payload_hash,
        comment=comment,
        decided_at=database_now(),
    )
    reached(Step.REVIEW_WRITTEN)
    transaction.on_commit(partial(reached, Step.REVIEW_COMMITTED))
    if post.state == PostState.APPROVED:
        queue.after_commit(queue.DELIVER_TO_DESTINATION, post.destination_id)
    return post
