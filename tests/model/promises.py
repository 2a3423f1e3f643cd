"""What the product promises, said a second time, in terms of what the platforms really accepted.

`Witness` looks on from three places: where a claim has just been committed, where the first byte
of a call leaves, and after every step of the model. A broken promise is noted in *broken* rather
than raised where the product would take the exception for an answer of the platform.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max, Q

from syndicator.channels.base import Act, LookUpStrength, Message
from syndicator.destinations.models import DestinationState, Route, Stop
from syndicator.entries.models import Entry, EntryState
from syndicator.posts.attempts import DEADLINE, settle_time
from syndicator.posts.line import PATIENCE, RENDER_TRIES
from syndicator.posts.models import (
    Action,
    Attempt,
    AttemptKind,
    AttemptOutcome,
    Decision,
    Gathered,
    Post,
    PostState,
    Verdict,
)
from syndicator.posts.states import END_STATES
from tests.model.clock import START
from tests.model.platform import Accepted, Platform, account_of

#: A post in one of these is said not to be out.
SAID_NOT_OUT = (
    PostState.PENDING,
    PostState.FAILED,
    PostState.REJECTED,
    PostState.CANCELLED,
    PostState.SKIPPED,
)
#: Attempts whose bytes may make a post.
SENDING = (AttemptKind.SEND, AttemptKind.REPEAT)
#: Outcomes of a try that say for certain that it made no post.
DID_NOT_ACT = (AttemptOutcome.TRY_LATER, AttemptOutcome.REJECTED, AttemptOutcome.UNAUTHORISED)


#: Decisions that a post may go out as it is, and those that end that.
APPROVING = (Verdict.APPROVE, Verdict.SCHEDULE, Verdict.CARRY_OUT)
VOIDING = (Verdict.EDIT, Verdict.HOLD, Verdict.UNDO, Verdict.REJECT)


@dataclass
class Witness:
    platform: Platform
    broken: list[str] = field(default_factory=list)
    #: When the call of each attempt began, and with which key.
    calls: dict[int, tuple[datetime, str]] = field(default_factory=dict)
    #: Which revision of which entries the text sent under each key tells.
    told: dict[str, dict[int, int]] = field(default_factory=dict)
    #: Of each claimed post: the newest post when it was first claimed; what it may overtake, why.
    newest: dict[int, int] = field(default_factory=dict)
    overtakes: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    #: When something was claimed last, by destination.
    last_claims: dict[int, datetime] = field(default_factory=dict)
    #: What the posts were when they were last looked at: by whom they wait to be moved on.
    posts: dict[int, Post] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    _decisions_seen: int = 0
    _happened: tuple[int | None, int, int] = (-1, 0, 0)

    @property
    def now(self) -> datetime:
        return self.platform.clock.now

    def note(self, promise: str, post: Post | int) -> None:
        self.broken.append(f"{promise}: post {getattr(post, 'pk', post)}")

    # --- When a claim has been committed -----------------------------------------------------

    def claimed(self) -> None:
        """The latest attempt to send was committed just now, and nothing has happened since."""
        attempt = Attempt.objects.filter(kind=AttemptKind.SEND).last()
        if attempt is None or attempt.outcome:
            self.broken.append("no claim without a committed attempt")
            return
        post = Post.objects.select_related("entry", "destination").get(pk=attempt.post_id)
        if not self._may_start(post):
            self.note("nothing starts while it is stopped, paused or told to wait", post)
        entry = post.entry
        if (
            (entry.state != EntryState.LIVE and post.action != Action.DELETE)
            or entry.revision != post.revision
            or entry.render_due_at is not None
        ):
            self.note("what an entry no longer says is not sent", post)
        for other in _gathered_in(post):
            entry = other.entry
            if entry.state != EntryState.LIVE or entry.revision != other.revision:
                self.note("what a gathered entry no longer says is not sent", post)
        if post.fresh_until and post.fresh_until < self.now:
            self.note("what is no longer news is not sent unasked", post)
        if self._is_too_early(post):
            self.note("nothing goes out before its time", post)
        if post.held_by_id is not None:
            self.note("what somebody holds does not go out", post)
        self._in_turn(post)
        self.newest.setdefault(post.pk, Post.objects.latest("pk").pk)
        self.last_claims[post.destination_id] = self.now

    def _is_too_early(self, post: Post) -> bool:
        """Whether an embargo, an editor's time or quiet hours keep it back: said once more."""
        if post.not_before and post.not_before > self.now:
            return True
        if post.action == Action.DELETE:
            return False
        if post.entry.embargo_until and post.entry.embargo_until > self.now:
            return True
        if post.action != Action.PUBLISH:
            return False
        route = Route.objects.get(blog=post.entry.blog_id, destination=post.destination_id)
        if route.quiet_from is None or route.quiet_to is None or post.breaking:
            return False
        wall = self.now.astimezone(ZoneInfo("Europe/Berlin")).time()
        return route.quiet_from <= wall < route.quiet_to

    def _may_start(self, post: Post) -> bool:
        destination = post.destination
        account = account_of(destination.channel_name, destination.pk)
        stopped = any(
            stop.blog_id == post.entry.blog_id
            if stop.blog_id
            else stop.channel_name in ("", destination.channel_name)
            for stop in Stop.objects.filter(lifted_at=None)
        )
        last = self.last_claims.get(destination.pk)
        return (
            destination.state == DestinationState.ACTIVE
            and not stopped
            and self.platform.limits.get(account, START) <= self.now
            and (last is None or self.now - last >= destination.channel.gap)
        )

    def _in_turn(self, post: Post) -> None:
        """Nothing else is being sent, and nothing that comes before *post* waits to be sent."""
        others = Post.objects.filter(destination=post.destination).exclude(pk=post.pk)
        stopped_blogs = set(
            Stop.objects.filter(lifted_at=None, blog__isnull=False).values_list("blog", flat=True)
        )
        excused = self.overtakes[post.pk]
        for other in others.select_related("entry"):
            if other.state == PostState.SENDING:
                self.note("one post at a time", post)
            elif _place(other) < _place(post):
                reason = self._why_not_before(other, stopped_blogs)
                if reason:
                    excused[other.pk] = reason
                else:
                    self.note(f"in the entries' order, {other.pk} first", post)
            elif post.breaking and not other.breaking:
                excused[other.pk] = "breaking news overtakes"
        if not post.breaking and self._unrendered_before(post):
            self.note("an older entry that is just being rendered comes first", post)

    def _why_not_before(self, other: Post, stopped_blogs: set[int]) -> str:
        """Why a later post need not wait for *other*; empty if it must."""
        if other.due_at is None:
            return "it has ended or waits for a person"
        if other.state == PostState.APPROVED:
            if other.not_before and other.not_before > self.now:
                return "it is not to go out yet"
            if other.quiet_until and other.quiet_until > self.now:
                return "it rests"
            if other.tries == 0 and other.due_at > self.now:
                return "its hold time still runs"
            if other.fresh_until and other.fresh_until < self.now:
                return "it is no longer news"
            if other.entry.blog_id in stopped_blogs:
                return "its live blog is stopped"
        return ""

    def _unrendered_before(self, post: Post) -> bool:
        """Whether an older entry is here that nobody has rendered yet."""
        unrendered = Entry.objects.filter(
            Q(render_tries__lt=RENDER_TRIES) | Q(render_tried_at__gt=self.now - PATIENCE),
            render_due_at__isnull=False,
            blog__in=Route.objects.filter(destination=post.destination_id).values("blog"),
        )
        place = (post.published_at, post.entry_id)
        return any((entry.published_at, entry.pk) < place for entry in unrendered)

    def repeats(self) -> None:
        """A look-up was claimed just now; if it is one by sending again, it must be allowed to."""
        attempt = Attempt.objects.last()
        if attempt is not None and attempt.kind == AttemptKind.REPEAT:
            post = Post.objects.select_related("entry", "destination").get(pk=attempt.post_id)
            if not self._may_start(post):
                self.note("nothing starts while it is stopped, paused or told to wait", post)

    # --- When the first byte of a call leaves ------------------------------------------------

    def byte_leaves(self, account: str, message: Message, key: str, act: Act) -> None:
        post = Post.objects.select_related("destination").get(pk=_post_of(key))
        tries = list(post.attempts.filter(kind__in=SENDING))
        if connection.in_atomic_block or not tries or tries[-1].outcome:
            self.note("no byte without a committed attempt", post)
            return
        decisions = list(post.decisions.all())
        approved = [
            decision for decision in decisions if decision.verdict in (*APPROVING, *VOIDING)
        ]
        sent = post.message if act == Act.DELETE else message
        if (
            not approved
            or approved[-1].verdict in VOIDING
            or approved[-1].payload_hash != sent.fingerprint()
            or act != post.act
        ):
            self.note("what is sent is what was approved", post)
        if post.action != Action.PUBLISH and all(decision.user is None for decision in approved):
            self.note("only a person has a post changed, answered or deleted", post)
        for earlier in tries[:-1]:
            if not self._settled(post, key, earlier, decisions):
                self.note("sent again only by proof or by a person's decision", post)
        self.calls[tries[-1].pk] = (self.now, key)
        if act == Act.PUBLISH:
            self._tells_what_it_gathers(post, message, key)

    def _tells_what_it_gathers(self, post: Post, message: Message, key: str) -> None:
        posts = [post, *_gathered_in(post)]
        self.told[key] = {one.entry_id: one.revision for one in posts}
        names = sorted(one.entry.external_id for one in posts)
        named = sorted(word for word in message.text.split() if re.fullmatch(r"e\d+", word))
        if not message.text.startswith("Von Hand") and named != names:
            self.note(f"a post tells what it gathers, {names}, and not {named}", post)

    # --- When nothing moves any more ----------------------------------------------------------

    def at_rest(self) -> None:
        """Whoever withdrew an entry is told where it is out."""
        withdrawn = Entry.objects.filter(state=EntryState.WITHDRAWN).in_bulk()
        for accepted in self.platform.log:
            if self.platform.is_gone(accepted):
                continue
            destination = Post.objects.get(pk=_post_of(accepted.key)).destination_id
            for entry, revision in self.told.get(accepted.key, {}).items():
                acts = Post.objects.filter(
                    entry=entry, destination=destination, revision__gte=revision
                ).exclude(action=Action.PUBLISH)
                if entry in withdrawn and not acts.exists():
                    self.note(f"entry {entry} is out, and nobody knows", _post_of(accepted.key))

    def _settled(
        self,
        post: Post,
        key: str,
        earlier: Attempt,
        decisions: list[Decision],
    ) -> bool:
        """Whether the try *earlier* cannot have made, or make, a post besides the one of *key*."""
        if earlier.outcome in DID_NOT_ACT or earlier.pk not in self.calls:
            return True
        if not post.makes_a_post:
            # Once it cannot arrive any more: an older text must not come after a newer one.
            return self.now >= self.calls[earlier.pk][0] + DEADLINE
        if any(
            decision.verdict == Verdict.CONFIRM_ABSENT and decision.decided_at > earlier.started_at
            for decision in decisions
        ):
            return True
        channel = post.destination.channel
        account = account_of(channel.name, post.destination_id)
        began, key_then = self.calls[earlier.pk]
        visible = began + DEADLINE + settle_time(post.destination)
        if channel.look_up_strength == LookUpStrength.STRONG:
            message = post.message
            sought = (account, message.permalink, message.in_reply_to)
            absent = self.platform.absences.get(sought)
            return absent is not None and absent >= visible
        return key == key_then and self.platform.recognises(account, key, until=self.now + DEADLINE)

    # --- After every step --------------------------------------------------------------------

    def look_at_everything(self) -> None:
        """Unless nothing has happened since the last time."""
        happened = (
            _changes(),
            len(self.platform.log) + len(self.platform.changes),
            len(self.platform.in_flight),
        )
        if happened != self._happened or happened[0] is None:
            self._look_at_rows()
            self._happened = happened
        self.broken += self.platform.failures

    def _look_at_rows(self) -> None:
        entries = {entry.pk: entry for entry in Entry.objects.select_related("source", "blog")}
        posts = {post.pk: post for post in Post.objects.select_related("destination")}
        made: dict[int, int] = defaultdict(int)
        for accepted in self.platform.log:
            made[_post_of(accepted.key)] += not self.platform.is_gone(accepted)
        for change in self.platform.changes:
            made[_post_of(change.key)] = 1
        for post in posts.values():
            post.entry = entries[post.entry_id]
            self._tells_the_truth(post, made[post.pk])
            self._goes_on(post)
        self._once_each(posts)
        self._in_order(posts)
        self._ends_stay(posts)
        self.posts, self.entries = posts, entries

    def _once_each(self, posts: dict[int, Post]) -> None:
        seen: set[tuple[str, str, str]] = set()
        for accepted in self.platform.log:
            if self.platform.is_gone(accepted):
                continue
            message = accepted.message
            told = (*map(str, self.told.get(accepted.key, ())), message.permalink)
            names = {(accepted.account, name, message.in_reply_to) for name in told}
            if seen & names:
                self.note("never twice", posts[_post_of(accepted.key)])
            seen |= names
            if message.in_reply_to and not self._answers_its_own(accepted):
                self.note("a reply answers its own entry's post", posts[_post_of(accepted.key)])

    def _answers_its_own(self, reply: Accepted) -> bool:
        answered = [
            one for one in self.platform.log if one.receipt.remote_id == reply.message.in_reply_to
        ]
        return [(one.account, one.message.permalink) for one in answered] == [
            (reply.account, reply.message.permalink)
        ]

    def _tells_the_truth(self, post: Post, made: int) -> None:
        if not post.makes_a_post:
            # That an act which was given up may have been carried out all the same, its row tells.
            if post.state == PostState.SENT and not made:
                self.note("sent means that it was carried out", post)
        elif post.state == PostState.DELETED and made:
            self.note("taken back means that it is gone", post)
        elif post.state == PostState.SENT and not made and self._is_being_deleted(post):
            pass  # what came of it is not known yet
        elif post.state in SAID_NOT_OUT and made:
            self.note(f"{post.state} means that it is not out", post)
        elif post.state == PostState.SENT and made != 1:
            self.note("sent means one accepted post", post)
        elif (
            post.state == PostState.SENT
            and not post.remote_id
            and not post.decisions.filter(verdict=Verdict.CONFIRM_SENT).exists()
        ):
            self.note("sent means an id, or a person's word", post)
        elif (
            post.state == PostState.UNCERTAIN
            and post.waits_for_person
            and self.platform.may_still_arrive(
                account_of(post.destination.channel_name, post.destination_id), post.message
            )
        ):
            self.note("a person is asked only when nothing can arrive any more", post)

    def _is_being_deleted(self, post: Post) -> bool:
        acts = Post.objects.filter(
            Q(entry=post.entry_id) | Q(remote_id=post.remote_id),
            destination=post.destination_id,
            action=Action.DELETE,
        )
        return acts.exclude(attempts=None).exclude(state=PostState.SENT).exists()

    def _goes_on(self, post: Post) -> None:
        """The row has ended, or waits for a person, or is scheduled."""
        if post.state == PostState.GATHERED:
            if post.due_at is not None or post.gatherings.filter(left_at=None).count() != 1:
                self.note("what is gathered is in one other post", post)
        elif (post.due_at is not None) == (post.state in END_STATES or post.waits_for_person):
            self.note("a row has ended, waits for a person, or is scheduled", post)
        if post.changed_at < START:
            self.note("all times come from the one clock", post)

    def _in_order(self, posts: dict[int, Post]) -> None:
        """Of two posts on an account, the later entry's is first only where the rule has it so."""
        by_account: dict[str, list[Post]] = defaultdict(list)
        for accepted in self.platform.log:
            post = posts[_post_of(accepted.key)]
            for first in by_account[accepted.account]:
                if (
                    _place(post) < _place(first)
                    and post.pk not in self.overtakes[first.pk]
                    and post.pk <= self.newest[first.pk]
                ):
                    self.note(f"in the entries' order, not {first.pk} first", post)
            by_account[accepted.account].append(post)

    def _ends_stay(self, posts: dict[int, Post]) -> None:
        """What has ended moves on only by a person's decision or a new revision of its entry."""
        changed = [
            (before, posts[pk])
            for pk, before in self.posts.items()
            if before.state in END_STATES and _row(posts[pk]) != _row(before)
        ]
        if changed:
            decided = Decision.objects.filter(pk__gt=self._decisions_seen, user__isnull=False)
            by_person = set(decided.values_list("post", flat=True))
            for before, after in changed:
                replaced = after.state == PostState.CANCELLED and (
                    before.state == PostState.SKIPPED or after.differs_from(after.entry)
                )
                if before.state == PostState.SENT and after.state == PostState.DELETED:
                    continue  # `_tells_the_truth` looks after that
                if _is_told_anew(before, after):
                    continue
                movable = before.state in (
                    PostState.FAILED,
                    PostState.SKIPPED,
                    PostState.REJECTED,
                )
                chosen = before.state == PostState.CANCELLED and after.pk in by_person
                if not (chosen or (movable and (replaced or after.pk in by_person))):
                    self.note(f"{before.state} is an end", after)
        self._decisions_seen = Decision.objects.aggregate(last=Max("pk"))["last"] or 0


def _changes() -> int | None:
    """The number of rows this connection has changed so far; None if the database cannot tell."""
    return connection.connection.total_changes if connection.vendor == "sqlite" else None


def _row(post: Post) -> tuple[str, ...]:
    """What of a post's row does not change once it has ended."""
    return (post.state, post.payload_hash, post.remote_id, post.remote_url)


def _is_told_anew(before: Post, after: Post) -> bool:
    """Whether another entry in the same post changed, or had that post deleted."""
    if after.action == Action.EDIT:
        kept = after.state == before.state == PostState.SKIPPED
        return kept or (before.state, after.state) == (PostState.FAILED, PostState.PENDING)
    if not Gathered.objects.filter(carrier=after).exists():
        return False
    return (before.state, after.state) in (
        (PostState.REJECTED, PostState.REJECTED),
        (PostState.FAILED, PostState.PENDING),
        (PostState.SENT, PostState.PENDING),
        (PostState.DELETED, PostState.PENDING),
    )


def _gathered_in(carrier: Post) -> list[Post]:
    stays = Gathered.objects.filter(carrier=carrier, left_at=None).select_related("post__entry")
    return [stay.post for stay in stays]


def _place(post: Post) -> tuple[bool, datetime, int, int]:
    """Breaking news first, then in the entries' order."""
    return (not post.breaking, post.published_at, post.entry_id, post.pk)


def _post_of(key: str) -> int:
    """The post's primary key; *key* is its idempotency key."""
    return int(key.split("-")[1])
