"""Breaking news is heard of on the machine it was made on, before the database is asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from math import inf
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import transaction

from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter import announcement, fanout
from syndicator.newsletter.addressing import address
from syndicator.newsletter.announcement import Hearing, announce
from syndicator.newsletter.lanes import others_wait, ring
from syndicator.newsletter.models import Lane, Mailing, RecipientState, Subscription
from syndicator.newsletter.progress import progress
from syndicator.newsletter.recording import Fate, record
from syndicator.newsletter.relaying import Relaying
from syndicator.newsletter.senders import CONNECTIONS
from tests.newsletter.killing import prepared
from tests.newsletter.mailings import make_mailing, subscribe
from tests.newsletter.sink import recording

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def at_every_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcement, "LOOK", 0.0)


class Counted:
    """How many mails' dots were about to leave, and who hands them in."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, announced_at: int = 0) -> None:
        self.dots = 0
        self.announced = 0.0
        self.relaying: Relaying | None = None
        before_dot = Relaying.before_dot

        def count(relaying: Relaying, errand: Any) -> None:
            self.dots, self.relaying = self.dots + 1, relaying
            if self.dots == announced_at:
                announce()
                self.announced = monotonic()
            before_dot(relaying, errand)

        monkeypatch.setattr(Relaying, "before_dot", count)


def test_an_announcement_is_heard_once(tmp_path: Path, settings: Any) -> None:
    settings.JOURNAL_FOLDER = tmp_path
    hearing = Hearing()
    assert not hearing.heard_anew()
    announce()
    assert hearing.heard_anew()
    assert not hearing.heard_anew()
    assert not Hearing().heard_anew(), "that was before its time"


def test_where_nothing_can_be_announced_nothing_breaks(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "file").touch()
    for folder in ("none", "file"):
        settings.JOURNAL_FOLDER = tmp_path / folder
        hearing = Hearing()
        announce()
        assert not hearing.heard_anew()
    assert not (tmp_path / "none").exists(), "the first sender makes it, as itself"


@pytest.mark.parametrize(("lane", "heard"), [(Lane.BREAKING, True), (Lane.DIGEST, False)])
def test_only_breaking_news_is_announced_and_when_it_is_committed(
    tmp_path: Path, settings: Any, destination: Destination, blog: LiveBlog, lane: Lane, heard: bool
) -> None:
    settings.JOURNAL_FOLDER = tmp_path
    mailing = make_mailing(destination, blog, "anna@example.org")
    mailing.lane = lane
    hearing = Hearing()
    with transaction.atomic():
        ring(mailing)
        assert not hearing.heard_anew()
    assert hearing.heard_anew() is heard


def test_breaking_news_is_announced_while_it_is_written(
    tmp_path: Path, settings: Any, destination: Destination, blog: LiveBlog
) -> None:
    settings.JOURNAL_FOLDER = tmp_path
    mailing = make_mailing(destination, blog, "anna@example.org")
    mailing.lane = Lane.BREAKING
    subscribe("berta@example.org", blog)
    hearing = Hearing()
    with transaction.atomic():
        readers = Subscription.objects.filter(subscriber__email="berta@example.org")
        assert address(mailing, readers) == 1
        assert hearing.heard_anew()
    assert hearing.heard_anew()


def test_a_running_digest_stops_at_the_next_mail(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOURNAL_FOLDER = tmp_path / "journals"
    monkeypatch.setattr(fanout, "LOOK_ASIDE", 0.0)
    monkeypatch.setattr(fanout, "STILL", 0.5)
    monkeypatch.setattr(fanout, "PUT_OFF", inf)
    announced_at = 100
    sent = Counted(monkeypatch, announced_at)
    looked: list[int] = []
    stood_still: list[float] = []
    recorded: list[tuple[int, int]] = []

    def look(*_: object) -> bool:
        """There is no breaking news after all."""
        if sent.dots >= announced_at:
            looked.append(sent.dots)
            stood_still.append(monotonic() - sent.announced)
        return False

    def write_down(fates: Iterable[Fate]) -> int:
        recorded.append((sent.dots, len(looked)))
        return record(fates)

    monkeypatch.setattr(fanout, "gives_way", look)
    monkeypatch.setattr(fanout, "record", write_down)
    with recording(tmp_path, seconds=0) as sink:
        mailing = prepared(sink, 2000)
        fanout.send_due(mailing.pk)
        assert sink.message_ids().total() == 2000
    assert progress(mailing.pk)[RecipientState.ACCEPTED] == 2000
    assert looked[0] < announced_at + CONNECTIONS
    assert stood_still[0] >= 0.5
    meanwhile = [dots for dots, looks in recorded if dots >= announced_at and not looks]
    assert len(meanwhile) <= 1, "one may have been under way"


def test_what_is_heard_while_the_database_is_asked_holds_until_it_is_asked_again(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.JOURNAL_FOLDER = tmp_path / "journals"
    sent = Counted(monkeypatch)
    looked: list[tuple[int, bool]] = []

    def look(*_: object) -> bool:
        """Its answer is from before the announcement."""
        if sent.relaying and not looked:
            announce()
            while not sent.relaying.heard:
                sleep(0.001)
        if sent.relaying:
            looked.append((sent.dots, sent.relaying.held))
        return False

    monkeypatch.setattr(fanout, "gives_way", look)
    with recording(tmp_path, seconds=0) as sink:
        mailing = prepared(sink, 2000)
        fanout.send_due(mailing.pk)
        assert sink.message_ids().total() == 2000
    (first, held), (second, still_held), *_ = looked
    assert held
    assert still_held
    assert second <= first + CONNECTIONS


def test_a_mailing_waits_only_when_no_free_worker_has_come_for_it(
    destination: Destination, blog: LiveBlog
) -> None:
    running = Mailing(pk=0, lane=Lane.DIGEST)
    mailing = make_mailing(destination, blog, "anna@example.org")
    assert not others_wait(running)
    Mailing.objects.filter(pk=mailing.pk).update(created_at=database_now() - timedelta(seconds=1))
    assert others_wait(running)
