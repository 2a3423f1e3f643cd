"""The model: anything that may happen to a newsroom's posts, one step at a time.

Hypothesis draws the steps; the product's real code carries them out on a real database; simulated
platforms (platform.py) keep the log that is the truth; `Witness` (promises.py) checks after every
step that every promise holds. At the end all faults stop and time passes: then every entry must
have gone out, or wait for a person, or have ended with a reason.

A sender is taken apart into its three parts, claim, call and record: between any two of them it
may stand still for longer than its lease and then go on (a zombie), or die. All steps run in one
thread, so each transaction is one step of the model; that transactions do not get into each
other's way is shown elsewhere, with threads and processes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any, ClassVar

from django.db import connection
from django.db.models import F, Min
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from syndicator import queue
from syndicator.accounts.models import User
from syndicator.channels.base import Act, ChannelError, Receipt
from syndicator.content import EntryContent, Paragraph
from syndicator.destinations.models import Destination, DestinationState, Policy, Route, Stop
from syndicator.entries.ingest import ingest, withdraw
from syndicator.entries.models import Entry, EntryState, LiveBlog, Source
from syndicator.posts import correction, deliver, gathering, reconcile, review, sweep
from syndicator.posts.attempts import Claim
from syndicator.posts.line import PATIENCE
from syndicator.posts.models import Action, Attempt, Post, PostState
from syndicator.posts.render import render
from syndicator.posts.review import ReviewRefused
from syndicator.steps import Step, strike_with
from tests.model.clock import START, SimulatedClock
from tests.model.platform import (
    CHANNELS,
    NO_TIME,
    Answer,
    Fate,
    Platform,
    Sight,
    account_of,
)
from tests.model.promises import Witness

MOST_ENTRIES = 8
MOST_SENDERS = 3
MOST_FATES = 6
#: By the clock on the wall of the live blog: from two minutes after the start on.
QUIET = (time(7, 2), time(7, 12))
#: Rounds of work in which everything must be done once the faults are over.
MOST_ROUNDS = 300


def seconds(*choices: int) -> st.SearchStrategy[timedelta]:
    return st.sampled_from([timedelta(seconds=choice) for choice in choices])


some = st.integers(0, MOST_ENTRIES - 1)
delays = seconds(0, 1, 10, 20)
lags = seconds(0, 5, 30)
ACTS = st.builds(Fate, takes=seconds(0, 1), wait=seconds(0, 0, 60), index_lag=lags)
ACTS_UNCLEARLY = st.builds(
    Fate,
    st.sampled_from([Answer.TIMED_OUT, Answer.SERVER_ERROR, Answer.DUPLICATE]),
    arrives_after=delays,
    takes=delays,
    index_lag=lags,
)
DOES_NOT_ACT = st.builds(
    Fate,
    st.sampled_from(
        [
            Answer.TIMED_OUT,
            Answer.SERVER_ERROR,
            Answer.DUPLICATE,
            Answer.TRY_LATER,
            Answer.REJECTED,
            Answer.UNAUTHORISED,
        ]
    ),
    st.just(False),
    takes=delays,
)
LIMITED = st.builds(Fate, st.just(Answer.LIMIT), st.just(False), wait=seconds(5, 90, 1000))
fates = st.one_of(ACTS, ACTS_UNCLEARLY, ACTS_UNCLEARLY, DOES_NOT_ACT, LIMITED)
sights = st.sampled_from([Sight.CLEAR, Sight.CLEAR, Sight.INCOMPLETE, Sight.FAILS])


def among(*states: PostState, asked: bool = False) -> Callable[[Any], Any]:
    """The step is possible while there is a post in one of *states* (that waits for a person)."""
    return precondition(lambda self: bool(self._posts(*states, asked=asked)))


@dataclass
class Sender:
    """A worker with a post in its hands; *result* is what its call came to, once it was made, and
    *limit* until when the platform asked it to wait, which nobody else knows before it records."""

    claim: Claim
    result: Receipt | ChannelError | None = None
    limit: datetime = START

    @property
    def account(self) -> str:
        destination = self.claim.post.destination
        return account_of(destination.channel_name, destination.pk)


@dataclass(frozen=True, slots=True)
class Newsroom:
    """What stands in the database before the first step, and is put back to it after the last."""

    editor: User
    sources: list[Source]
    destinations: list[Destination]

    @classmethod
    def build(cls, editor: User, channel_name: str) -> Newsroom:
        """Two live blogs and two accounts; the second blog posts to the first account only."""
        sources = []
        for number in (1, 2):
            blog = LiveBlog.objects.create(
                slug=f"b{number}", title="Genf", canonical_url="https://magazin.example.org/genf"
            )
            sources.append(Source.objects.create(blog=blog, name="cms"))
        destinations = [
            Destination.objects.create(
                name=f"account {number}", channel_name=channel_name, base_url="http://127.0.0.1:9"
            )
            for number in (1, 2)
        ]
        for blog, account in ((0, 0), (0, 1), (1, 0)):
            Route.objects.create(blog=sources[blog].blog, destination=destinations[account])
        return cls(editor, sources, destinations)

    def reset(self) -> None:
        with connection.cursor() as cursor:
            for table in (
                "posts_gathered",
                "posts_attempt",
                "posts_decision",
                "posts_post",
                "posts_sweepreport",
                "alerts_alert",
                "destinations_stop",
                "entries_entryrevision",
                "entries_entry",
            ):
                cursor.execute(f"DELETE FROM {table}")
        Destination.objects.update(
            state=DestinationState.ACTIVE,
            pause_reason=None,
            paused_at=None,
            next_post_at=None,
            failures=0,
            circuit_opened_at=None,
        )


class Delivery(RuleBasedStateMachine):
    """The steps. *newsroom*, *clock* and *rings* are set by the test that runs the machine."""

    newsroom: ClassVar[Newsroom]
    clock: ClassVar[SimulatedClock]
    #: What was rung for, with the row's key: the model's broker, which may lose everything.
    rings: ClassVar[list[tuple[str, int]]]

    def __init__(self) -> None:
        super().__init__()
        self.newsroom.reset()
        self.clock.now = START
        self.platform = Platform(self.clock)
        self.clock.moved = self.platform.arrive
        self.witness = Witness(self.platform)
        self.platform.witness = self.witness.byte_leaves
        for channel in CHANNELS.values():
            channel.platform = self.platform
        self.senders: list[Sender] = []
        self.meanwhile: tuple[Step, Callable[[], None]] | None = None
        self.stopped = False
        self._published = 0
        self.rings.clear()
        strike_with(self._reached)

    @initialize(
        hold=st.sampled_from([0, 0, 30]),
        newsworthy=st.sampled_from([0, 10, 60]),
        second=st.sampled_from([Policy.AUTOMATIC, Policy.REVIEW]),
        entries=st.lists(st.integers(0, 1), min_size=1, max_size=4),
        script=st.lists(fates, min_size=2, max_size=8),
        quiet=st.sampled_from([False, False, True]),
        gather=st.sampled_from([0, 1, 5]),
    )
    def open(
        self,
        hold: int,
        newsworthy: int,
        second: Policy,
        entries: list[int],
        script: list[Fate],
        *,
        quiet: bool = False,
        gather: int = 0,
    ) -> None:
        """Set the routes, and write first *entries*, given by their blog; *script* is what the
        first calls come to. Minor entries are gathered for *gather* minutes."""
        self.have_trouble_ahead(script)
        Route.objects.update(policy=Policy.AUTOMATIC, hold_seconds=hold, limit_minutes=newsworthy)
        Route.objects.update(quiet_from=None, quiet_to=None, gather_minutes=gather)
        Route.objects.filter(destination=self.newsroom.destinations[1]).update(policy=second)
        if quiet:
            # Of the first live blog alone: the second must not wait for it.
            first = Route.objects.filter(blog=self.newsroom.sources[0].blog)
            first.update(quiet_from=QUIET[0], quiet_to=QUIET[1])
        for blog in entries:
            self.publish(blog, 0, breaking=False, rendered=True)

    # --- The newsroom writes ------------------------------------------------------------------

    @precondition(lambda self: len(self.witness.entries) < MOST_ENTRIES)
    @rule(
        blog=st.integers(0, 1),
        minutes_ago=st.sampled_from([0, 0, 1, 5]),
        breaking=st.sampled_from([False, False, False, True]),
        rendered=st.sampled_from([True, True, True, False]),
        embargo=seconds(0, 0, 0, 45, 1000),
    )
    def publish(
        self,
        blog: int,
        minutes_ago: int,
        *,
        breaking: bool,
        rendered: bool,
        embargo: timedelta = NO_TIME,
    ) -> None:
        self._published += 1
        external_id = f"e{self._published}"
        entry = ingest(
            self.newsroom.sources[blog],
            EntryContent(
                external_id=external_id,
                headline=f"{external_id} Erste Fassung",
                published_at=self.clock.now - timedelta(minutes=minutes_ago),
                permalink=f"https://magazin.example.org/genf/{blog}#{external_id}",
                blocks=(Paragraph("In Genf ist ein Satz gefallen."),),
                tags=("Eil",) if breaking else (),
                embargo_until=self.clock.now + embargo if embargo else None,
            ),
        ).entry
        if rendered:
            render(entry.pk)

    @rule(which=some, rendered=st.booleans(), text=st.sampled_from(["Zweite", "Dritte"]))
    def change(self, which: int, *, rendered: bool, text: str) -> None:
        """A new revision; if the entry was withdrawn, it comes back."""
        entry = self._entry(which)
        ingest(entry.source, replace(entry.content, headline=f"{entry.external_id} {text} Fassung"))
        if rendered:
            render(entry.pk)

    @rule(which=some, rendered=st.booleans())
    def take_back(self, which: int, *, rendered: bool) -> None:
        entry = self._entry(which)
        withdraw(entry.source, entry.external_id)
        if rendered:
            render(entry.pk)

    @rule(which=some, change=st.booleans())
    def render_an_entry(self, which: int, *, change: bool) -> None:
        """By the ring for it; perhaps the entry changes while it is being rendered."""
        if change:
            self._meanwhile(
                Step.RENDER_DRAFTED, partial(self.change, which, rendered=False, text="Vierte")
            )
        render(self._entry(which).pk)
        self.meanwhile = None

    # --- Workers send -------------------------------------------------------------------------

    @precondition(lambda self: len(self.platform.fates) < MOST_FATES)
    @rule(script=st.lists(fates, min_size=1, max_size=4))
    def have_trouble_ahead(self, script: list[Fate]) -> None:
        """What the next calls come to, whoever makes them."""
        self.platform.fates.extend(script)

    @rule(account=st.integers(0, 1))
    def work(self, account: int) -> None:
        """A worker sends what is due, without being disturbed by anything but the platform."""
        deliver.deliver(self.newsroom.destinations[account].pk)

    @precondition(lambda self: len(self.senders) < MOST_SENDERS)
    @rule(account=st.integers(0, 1))
    def claim(self, account: int) -> None:
        if claim := deliver.claim_next(self.newsroom.destinations[account].pk):
            assert claim.claimed == self.clock.monotonic(), "the lease is timed by another clock"
            self.senders.append(Sender(claim))

    @precondition(lambda self: any(sender.result is None for sender in self.senders))
    @rule(which=some)
    def call(self, which: int) -> None:
        """A sender goes on with its call, however long ago it claimed."""
        sender = _pick([sender for sender in self.senders if sender.result is None], which)
        known = self.platform.limits.pop(sender.account, START)
        sender.result = deliver.send(sender.claim)
        sender.limit = self.platform.limits.pop(sender.account, START)
        self.platform.limits[sender.account] = known

    @precondition(lambda self: any(sender.result is not None for sender in self.senders))
    @rule(which=some, go_on=st.booleans())
    def record(self, which: int, *, go_on: bool) -> None:
        """A sender writes down what its call came to, however late."""
        sender = _pick([sender for sender in self.senders if sender.result is not None], which)
        self.senders.remove(sender)
        assert sender.result is not None
        before = Post.objects.values().get(pk=sender.claim.post.pk)
        lost = (before["state"], before["epoch"]) != (PostState.SENDING, sender.claim.post.epoch)
        self.platform.limits[sender.account] = max(
            sender.limit, self.platform.limits.get(sender.account, START)
        )
        following = deliver.record(sender.claim, sender.result, go_on=go_on)
        after = Post.objects.values().get(pk=sender.claim.post.pk)
        if lost and not go_on and before != after:
            self.witness.note("a stale epoch changes nothing", after["id"])
        if not Attempt.objects.get(pk=sender.claim.attempt.pk).outcome:
            self.witness.note("what a sender was told is on record", after["id"])
        if following:
            self.senders.append(Sender(following))

    @precondition(lambda self: 0 < len(self.senders) < MOST_SENDERS)
    @rule(which=some)
    def be_given_up(self, which: int) -> None:
        """A sender stands still for so long that others find out about its post, and the next of
        them claims again."""
        destination_id = _pick(self.senders, which).claim.post.destination_id
        for _ in range(5):
            self.clock.move(max((self._next_time() or self.clock.now) - self.clock.now, NO_TIME))
            sweep.sweep_in_turn()
            self._answer_rings(without=queue.DELIVER_TO_DESTINATION)
            if claim := deliver.claim_next(destination_id):
                self.senders.append(Sender(claim))
                return

    @precondition(lambda self: bool(self.senders))
    @rule(which=some)
    def die(self, which: int) -> None:
        """A sender is killed: before its call, or after it, or in it, which is the same to it."""
        sender = _pick(self.senders, which)
        self.senders.remove(sender)

    @among(PostState.UNCERTAIN)
    @rule(
        which=some,
        sight=sights,
        step=st.sampled_from([Step.LOOK_UP_CLAIMED, Step.LOOK_UP_ANSWERED]),
        stands_still=seconds(0, 0, 0, 70, 4000),
        others_work=st.booleans(),
    )
    def look_up(
        self,
        which: int,
        *,
        sight: Sight,
        step: Step,
        stands_still: timedelta,
        others_work: bool,
    ) -> None:
        """An uncertain post is looked up, or sent again under its key; perhaps its worker stands
        still in the middle of it, and others do its work."""
        post = self._post(which, PostState.UNCERTAIN)
        if post.due_at:
            self.clock.move(max(post.due_at - self.clock.now, NO_TIME))
        if stands_still:
            self._meanwhile(step, partial(self._stand_still, stands_still, others_work=others_work))
        self.platform.sight = sight
        reconcile.reconcile(post.pk)
        self.meanwhile = None
        self.platform.sight = Sight.CLEAR

    @rule()
    def sweep_and_work(self) -> None:
        """The sweeper rings, and every ring is answered."""
        sweep.sweep_in_turn()
        self._answer_rings()

    @rule()
    def sweep_only(self) -> None:
        """The sweeper rings, and the broker loses everything."""
        sweep.sweep_in_turn()
        self.rings.clear()

    # --- People decide ------------------------------------------------------------------------

    @among(PostState.PENDING)
    @rule(which=some)
    def approve(self, which: int) -> None:
        post = self._post(which, PostState.PENDING)
        self._decide(review.approve, post.pk, self.newsroom.editor, post.payload_hash)

    @among(PostState.PENDING, PostState.APPROVED)
    @rule(which=some)
    def reject(self, which: int) -> None:
        post = self._post(which, PostState.PENDING, PostState.APPROVED)
        self._decide(review.reject, post.pk, self.newsroom.editor, "Nicht so.")

    @among(PostState.PENDING, PostState.APPROVED, PostState.FAILED)
    @rule(which=some, approved=st.booleans())
    def edit(self, which: int, *, approved: bool) -> None:
        post = self._post(which, PostState.PENDING, PostState.APPROVED, PostState.FAILED)
        text = f"Von Hand {post.message.permalink}"
        self._decide(review.edit, post.pk, self.newsroom.editor, post.payload_hash, text)
        post.refresh_from_db()
        if approved and post.state == PostState.PENDING:
            self._decide(review.approve, post.pk, self.newsroom.editor, post.payload_hash)

    @among(PostState.PENDING, PostState.APPROVED)
    @rule(which=some, by=seconds(40, 600))
    def schedule(self, which: int, by: timedelta) -> None:
        post = self._post(which, PostState.PENDING, PostState.APPROVED)
        at = self.clock.now + by
        self._decide(review.schedule, post.pk, self.newsroom.editor, post.payload_hash, at)

    @among(PostState.PENDING, PostState.APPROVED)
    @rule(which=some)
    def hold(self, which: int) -> None:
        post = self._post(which, PostState.PENDING, PostState.APPROVED)
        self._decide(review.hold, post.pk, self.newsroom.editor, post.payload_hash)

    @among(PostState.PENDING)
    @rule(which=some)
    def release(self, which: int) -> None:
        post = self._post(which, PostState.PENDING)
        self._decide(review.release, post.pk, self.newsroom.editor)

    @among(PostState.APPROVED, PostState.REJECTED)
    @rule(which=some)
    def undo(self, which: int) -> None:
        post = self._post(which, PostState.APPROVED, PostState.REJECTED)
        self._decide(review.undo, post.pk, self.newsroom.editor)

    @among(PostState.GATHERED)
    @rule(which=some)
    def take_out(self, which: int) -> None:
        post = self._post(which, PostState.GATHERED)
        self._decide(review.take_out, post.pk, self.newsroom.editor)

    @among(PostState.FAILED)
    @rule(which=some)
    def retry(self, which: int) -> None:
        post = self._post(which, PostState.FAILED)
        self._decide(review.retry, post.pk, self.newsroom.editor)

    @among(PostState.UNCERTAIN, asked=True)
    @rule(which=some)
    def look_and_decide(self, which: int) -> None:
        """A person looks on the platform, and tells the truth."""
        post = self._post(which, PostState.UNCERTAIN, asked=True)
        account = account_of(post.destination.channel_name, post.destination_id)
        made = self.platform.accepted(account, post.message)
        if made:
            url = made[0].receipt.url
            self._decide(review.confirm_sent, post.pk, self.newsroom.editor, url)
        else:
            self._decide(review.confirm_absent, post.pk, self.newsroom.editor)

    @among(PostState.FAILED, PostState.SKIPPED, asked=True)
    @rule(which=some)
    def dismiss(self, which: int) -> None:
        post = self._post(which, PostState.FAILED, PostState.SKIPPED, asked=True)
        self._decide(review.dismiss, post.pk, self.newsroom.editor)

    @rule(account=st.integers(0, 1))
    def pause(self, account: int) -> None:
        review.pause(self.newsroom.destinations[account].pk, self.newsroom.editor)

    @rule(account=st.integers(0, 1))
    def resume(self, account: int) -> None:
        review.resume(self.newsroom.destinations[account].pk, self.newsroom.editor)

    @rule(scope=st.sampled_from(["everything", "blog", "channel"]))
    def stop(self, scope: str) -> None:
        """Somebody presses the red button."""
        scopes: dict[str, Any] = {
            "everything": {},
            "blog": {"blog": self.newsroom.sources[0].blog},
            "channel": {"channel_name": self.newsroom.destinations[0].channel_name},
        }
        review.stop(self.newsroom.editor, "Falsche Meldung", **scopes[scope])
        self.stopped = True

    @precondition(lambda self: self.stopped)
    @rule()
    def go_on(self) -> None:
        for stop in Stop.objects.filter(lifted_at=None):
            review.go_on(stop.pk, self.newsroom.editor)
        self.stopped = False

    # --- Time passes --------------------------------------------------------------------------

    @rule(by=seconds(1, 6, 22, 31, 61, 130, 700, 4000))
    def wait(self, by: timedelta) -> None:
        self.clock.move(by)

    @rule()
    def wait_until_something_is_due(self) -> None:
        if due := self._next_time():
            self.clock.move(max(due - self.clock.now, NO_TIME))

    # --- What must hold -----------------------------------------------------------------------

    @invariant()
    def every_promise_is_kept(self) -> None:
        self.witness.look_at_everything()
        assert not self.witness.broken, self.witness.broken

    def teardown(self) -> None:
        try:
            if not self.witness.broken:
                self.rest()
        finally:
            strike_with(None)

    def rest(self) -> None:
        """The end: nothing goes wrong any more, and nothing is lost."""
        self._come_to_rest()
        self.every_promise_is_kept()
        self._nothing_is_lost()

    def _come_to_rest(self) -> None:
        """All faults stop, whoever was sending is gone, and time passes until nothing is due."""
        self.senders.clear()
        self.platform.fates.clear()
        self.platform.limits.clear()
        self.go_on()
        for destination in self.newsroom.destinations:
            review.resume(destination.pk, self.newsroom.editor)
        quiet = 0
        for _ in range(MOST_ROUNDS):
            before = self._rows()
            sweep.sweep_in_turn()
            self._answer_rings()
            if self._rows() != before:
                quiet = 0
                continue
            due = self._next_time()
            quiet += due is None
            if quiet > 1:
                return
            self.clock.move(max((due or self.clock.now) - self.clock.now, sweep.AGAIN))
        raise AssertionError("the backlog was not worked off: " + repr(self._rows()))

    def _nothing_is_lost(self) -> None:
        """Every entry is accounted for on every automatic route; nothing waits for a worker."""
        assert not Post.objects.filter(due_at__isnull=False).exists(), self._rows()
        assert not Entry.objects.filter(render_due_at__isnull=False).exists()
        self.witness.at_rest()
        for route in Route.objects.filter(policy=Policy.AUTOMATIC).select_related("destination"):
            for entry in Entry.objects.filter(blog=route.blog_id):
                posts = [
                    post
                    for post in Post.objects.filter(entry=entry, destination=route.destination)
                    if post.action == Action.PUBLISH
                ]
                assert any(_accounts_for(post, entry) for post in posts), (
                    f"entry {entry.pk} was lost",
                    [(post.pk, post.revision, post.state) for post in posts],
                )

    # --- How a step is carried out ------------------------------------------------------------

    def _decide(self, decision: Callable[..., Post], *args: Any) -> None:
        """A person clicks; the product may say that it is too late for that."""
        with suppress(ReviewRefused):
            decision(*args)

    def _entry(self, which: int) -> Entry:
        return _pick(list(self.witness.entries.values()), which)

    def _post(self, which: int, *states: PostState, asked: bool = False) -> Post:
        return _pick(self._posts(*states, asked=asked), which)

    def _posts(self, *states: PostState, asked: bool = False) -> list[Post]:
        """The posts in one of *states*, and only those that wait for a person, if *asked*."""
        return [
            post
            for post in self.witness.posts.values()
            if post.state in states and (not asked or post.waits_for_person)
        ]

    def _reached(self, step: Step) -> None:
        """The product has done *step*."""
        if step == Step.CLAIM_COMMITTED:
            self.witness.claimed()
        if step == Step.LOOK_UP_CLAIMED:
            self.witness.repeats()
        if self.meanwhile and self.meanwhile[0] == step:
            _, happens = self.meanwhile
            self.meanwhile = None
            happens()

    def _meanwhile(self, step: Step, happens: Callable[[], None]) -> None:
        """*happens* will happen when the product next does *step*, in the middle of its work."""
        self.meanwhile = (step, happens)

    def _stand_still(self, how_long: timedelta, *, others_work: bool) -> None:
        self.clock.move(how_long)
        if others_work:
            sweep.sweep_in_turn()
            self._answer_rings()

    def _answer_rings(self, without: str = "") -> None:
        answers = {
            queue.RENDER_ENTRY: render,
            queue.DELIVER_TO_DESTINATION: deliver.deliver,
            queue.RECONCILE_POST: reconcile.reconcile,
        }
        for task, pk in dict.fromkeys(self.rings):
            if task != without:
                answers[task](pk)
        self.rings.clear()

    def _next_time(self) -> Any:
        """When something becomes due next; None if nothing ever will."""
        now = self.clock.now
        times = [
            Post.objects.filter(due_at__gt=now).aggregate(at=Min("due_at"))["at"],
            Destination.objects.filter(next_post_at__gt=now).aggregate(at=Min("next_post_at"))[
                "at"
            ],
            Entry.objects.filter(
                render_due_at__isnull=False, render_tried_at__gt=now - PATIENCE
            ).aggregate(at=Min(F("render_tried_at") + PATIENCE))["at"],
        ]
        return min((time for time in times if time), default=None)

    def _rows(self) -> list[tuple[Any, ...]]:
        posts = Post.objects.order_by("pk").values_list("pk", "state", "epoch", "due_at")
        return [*posts, *Entry.objects.exclude(render_due_at=None).values_list("pk")]


class ChangingDelivery(Delivery):
    """The same on a platform that edits and deletes; editors make use of it."""

    @among(PostState.SKIPPED, asked=True)
    @rule(which=some, at_work=st.booleans())
    def carry_out(self, which: int, *, at_work: bool) -> None:
        """An editor has a noted change made on the platform; perhaps a worker is at it at once."""
        post = self._post(which, PostState.SKIPPED, asked=True)
        self._decide(review.carry_out, post.pk, self.newsroom.editor, post.payload_hash)
        if at_work:
            deliver.deliver(post.destination_id)

    @rule(which=some, back=st.booleans())
    def take_back_what_is_out(self, which: int, *, back: bool) -> None:
        """Withdrawn, deleted where it is out, and perhaps published anew."""
        entry = self._entry(which)
        withdraw(entry.source, entry.external_id)
        render(entry.pk)
        for note in Post.objects.filter(entry=entry, state=PostState.SKIPPED, action=Action.DELETE):
            self._decide(review.carry_out, note.pk, self.newsroom.editor, note.payload_hash)
            deliver.deliver(note.destination_id)
        if back:
            ingest(entry.source, replace(entry.content, headline=f"{entry.external_id} wieder da"))
            render(entry.pk)

    @among(PostState.SKIPPED, asked=True)
    @rule(which=some, approved=st.booleans(), at_work=st.booleans())
    def correct_by_a_reply(self, which: int, *, approved: bool, at_work: bool) -> None:
        """An editor answers what is out; perhaps at once, perhaps a worker is at it."""
        note = self._post(which, PostState.SKIPPED, asked=True)
        self._decide(correction.correct, note.pk, self.newsroom.editor, note.payload_hash)
        for reply in Post.objects.filter(
            entry=note.entry_id, destination=note.destination_id, action=Action.CORRECT
        ):
            if approved:
                self._decide(review.approve, reply.pk, self.newsroom.editor, reply.payload_hash)
        if at_work:
            deliver.deliver(note.destination_id)

    @among(PostState.PENDING, PostState.FAILED)
    @rule(which=some)
    def choose_another_way(self, which: int) -> None:
        reply = self._post(which, PostState.PENDING, PostState.FAILED)
        self._decide(correction.choose_again, reply.pk, self.newsroom.editor)

    def _come_to_rest(self) -> None:
        super()._come_to_rest()
        self._the_last_word_stands()
        self._nothing_answers_what_is_gone()

    def _nothing_answers_what_is_gone(self) -> None:
        """A post that was taken back has taken the replies to it along."""
        gone = {
            (accepted.account, accepted.receipt.remote_id)
            for accepted in self.platform.log
            if self.platform.is_gone(accepted)
        }
        left = [
            accepted.key
            for accepted in self.platform.log
            if (accepted.account, accepted.message.in_reply_to) in gone
            and not self.platform.is_gone(accepted)
        ]
        assert not left, f"these answer what is gone: {left}"

    def _the_last_word_stands(self) -> None:
        """Of the edits that were carried out, the newest one's text is what readers see."""
        for accepted in self.platform.log:
            edits = [
                change
                for change in self.platform.changes
                if change.act == Act.EDIT and accepted.number in change.numbers
            ]
            sent = Post.objects.filter(
                action=Action.EDIT, state=PostState.SENT, remote_id=accepted.receipt.remote_id
            )
            # Several entries in one post are corrected in the order that editors like.
            newest = sent.order_by("attempts__pk").last()
            if newest and edits and newest.destination_id == _destination_of(accepted.account):
                assert edits[-1].message.fingerprint() == newest.payload_hash, newest.pk


def _destination_of(account: str) -> int:
    return int(account.rpartition(":")[2])


def _accounts_for(post: Post, entry: Entry) -> bool:
    """Whether *post* is where *entry* has got to: out, or with a person, or ended for a reason."""
    if post.state == PostState.GATHERED:
        carrier = gathering.bearer(post)
        there = carrier.state in (PostState.SENT, PostState.UNCERTAIN)
        waits = carrier.waits_for_person or carrier.state == PostState.REJECTED
        return there or (waits and post.revision == entry.revision)
    if post.state in (PostState.SENT, PostState.UNCERTAIN):
        return True
    if post.state == PostState.DELETED:
        return entry.state != EntryState.LIVE
    if entry.state != EntryState.LIVE:
        return post.reason is not None
    ended = post.state in (PostState.REJECTED, PostState.CANCELLED, PostState.SKIPPED)
    return post.revision == entry.revision and (post.waits_for_person or ended)


def _pick(rows: list[Any], which: int) -> Any:
    return rows[which % len(rows)]
