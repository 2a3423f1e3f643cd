"""Anything happens to a live blog and its readers; what each was told is held against the promises.

The test keeps its own books: when each reader came, what they should know, and what they were told,
digest by digest.
"""

from __future__ import annotations

import os
from datetime import timedelta
from logging import CRITICAL

import hypothesis
import pytest
import structlog
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from syndicator import queue
from syndicator.destinations.models import Destination, Route
from syndicator.digests.making import make_due
from syndicator.digests.models import Digest, DigestState
from syndicator.digests.news import said
from syndicator.entries.closing import close, reopen
from syndicator.entries.models import Entry, EntryState, LiveBlog
from syndicator.newsletter.models import (
    Mailing,
    MailingRecipient,
    Pace,
    Subscription,
    SubscriptionState,
)
from syndicator.newsletter.subscribing import unsubscribe, unsubscribe_url
from tests.digests.conftest import Newsroom, make_newsroom
from tests.model.clock import SimulatedClock, installed

names = st.sampled_from("abcdef")
readers = st.sampled_from(("anna", "ben", "cleo", "dora"))
paces = st.sampled_from((Pace.HOURLY, Pace.DAILY, Pace.AT_CLOSE))
GONE = "retracted"
#: Few find what is broken on purpose already; more for a long night.
EXAMPLES = int(os.environ.get("DIGEST_EXAMPLES", "3"))


class Killed(BaseException):
    """The worker was killed at a statement."""


class Digests(RuleBasedStateMachine):
    clock: SimulatedClock

    def __init__(self) -> None:
        super().__init__()
        self.newsroom: Newsroom = make_newsroom(self.clock)
        self.edits = 0

    # --- What happens ---

    @initialize(pace=paces)
    def there_are_readers_and_an_entry(self, pace: Pace) -> None:
        self.newsroom.reader("anna", Pace.HOURLY)
        self.newsroom.reader("ben", pace)
        self.newsroom.entry("a", "am Anfang")

    @rule(name=names, most=st.integers(1, 9))
    def an_hour_passes_as_it_should(self, name: str, most: int) -> None:
        self.an_entry_comes_or_changes(name)
        self.clock.move(timedelta(hours=1))
        make_due()
        self.newsroom.deliver(most)

    @rule(name=names)
    def an_entry_comes_or_changes(self, name: str) -> None:
        self.edits += 1
        self.newsroom.entry(name, f"Fassung {self.edits}")

    @rule(name=names)
    def an_entry_is_withdrawn(self, name: str) -> None:
        if Entry.objects.filter(blog=self.newsroom.blog, external_id=name).exists():
            self.newsroom.withdraw(name)

    @rule(reader=readers, pace=paces, hour=st.sampled_from((0, 8, 20)))
    def somebody_joins(self, reader: str, pace: Pace, hour: int) -> None:
        if not self._subscription(reader):
            self.newsroom.reader(reader, pace, hour)

    @rule(reader=readers, pace=paces)
    def somebody_changes_pace(self, reader: str, pace: Pace) -> None:
        if self._subscription(reader):
            self.newsroom.change(reader, pace)

    @rule(reader=readers)
    def somebody_leaves(self, reader: str) -> None:
        if found := self._subscription(reader):
            unsubscribe(unsubscribe_url(found.pk).rsplit("/", 2)[1])

    @rule(minutes=st.sampled_from((1, 17, 60, 600)))
    def time_passes(self, minutes: int) -> None:
        self.clock.move(timedelta(minutes=minutes))

    @rule()
    def the_blog_ends_or_goes_on(self) -> None:
        blog = LiveBlog.objects.get(pk=self.newsroom.blog.pk)
        reopen(blog) or close(blog)

    @rule()
    def a_worker_makes_what_is_due(self) -> None:
        make_due()

    @rule(deadly=st.integers(1, 45))
    def a_worker_is_killed_at_it(self, deadly: int) -> None:
        left = deadly

        def strike(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            return execute(sql, params, many, context)

        try:
            with transaction.atomic(), connection.execute_wrapper(strike):
                make_due()
        except Killed:
            pass

    @rule(most=st.integers(1, 3))
    @precondition(lambda self: MailingRecipient.objects.filter(state="queued").exists())
    def mails_go_out(self, most: int) -> None:
        self.newsroom.deliver(most)

    # --- What must hold ---

    @invariant()
    def nobody_is_told_anything_twice(self) -> None:
        for reader in ("anna", "ben", "cleo", "dora"):
            knows: dict[str, str] = {}
            for digest in self.newsroom.received(reader):
                items = list(digest.items.select_related("entry"))
                assert items, "an empty digest"
                for item in items:
                    before = knows.get(item.entry.external_id)
                    match item.shown:
                        case "told":
                            assert before in (None, GONE), "told twice"
                            knows[item.entry.external_id] = item.said
                        case "corrected":
                            assert before not in (None, GONE, item.said), "no correction"
                            knows[item.entry.external_id] = item.said
                        case "retracted":
                            assert before not in (None, GONE), "nothing to take back"
                            knows[item.entry.external_id] = GONE

    @invariant()
    def no_digest_was_made_twice(self) -> None:
        sent = Digest.objects.filter(blog=self.newsroom.blog, mailing__isnull=False)
        assert sent.count() == Mailing.objects.filter(blog=self.newsroom.blog).count()

    def teardown(self) -> None:
        """All that is due is made and sent: then everybody knows what is true, and only that."""
        try:
            self._end()
        finally:
            _forget()

    def _end(self) -> None:
        reopen(self.newsroom.blog)
        self.clock.move(timedelta(minutes=1))
        close(self.newsroom.blog)
        for _ in range(3):
            self.clock.move(timedelta(hours=13))
            self.newsroom.deliver()
            make_due()
        self.newsroom.deliver()
        self.nobody_is_told_anything_twice()
        assert not Digest.objects.filter(state=DigestState.WAITING).exists()
        entries = Entry.objects.filter(blog=self.newsroom.blog)
        for subscription in Subscription.objects.select_related("subscriber").filter(
            blog=self.newsroom.blog, state=SubscriptionState.ACTIVE
        ):
            knows: dict[str, str] = {}
            for digest in self.newsroom.received(subscription.subscriber.email.split("@")[0]):
                for item in digest.items.select_related("entry"):
                    gone = item.shown == "retracted"
                    knows[item.entry.external_id] = GONE if gone else item.said
            for entry in entries:
                known = knows.get(entry.external_id)
                if entry.state == EntryState.WITHDRAWN:
                    assert known in (None, GONE), "a retraction was not told"
                elif entry.received_at >= subscription.confirmed_at:
                    assert known == _said(entry), "not told, or not as it is"
                elif known is not None:
                    assert known == _said(entry), "a correction was not told"

    def _subscription(self, reader: str) -> Subscription | None:
        return Subscription.objects.filter(
            blog=self.newsroom.blog, subscriber__email=f"{reader}@reader.example"
        ).first()


def _said(entry: Entry) -> str:
    return said(entry.content)


def _forget() -> None:
    Digest.objects.all().delete()
    Subscription.objects.update(told_by=None)
    MailingRecipient.objects.all().delete()
    Mailing.objects.update(follows=None)
    Mailing.objects.all().delete()
    Subscription.objects.all().delete()
    Route.objects.all().delete()
    Destination.objects.all().delete()
    Entry.objects.all().delete()


@pytest.mark.django_db
def test_every_reader_is_told_what_is_true_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "ring", lambda *_: None)
    clock, before = SimulatedClock(), structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(CRITICAL))
    settings = hypothesis.settings(
        max_examples=EXAMPLES,
        stateful_step_count=15,
        phases=(Phase.generate, Phase.shrink),
        deadline=None,
        database=None,
        derandomize=EXAMPLES < 100,
        suppress_health_check=list(HealthCheck),
    )
    try:
        with installed(clock):
            machine = type("Machine", (Digests,), {"clock": clock})
            run_state_machine_as_test(machine, settings=settings)
    finally:
        structlog.configure(**before)
