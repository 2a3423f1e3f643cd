"""The fan-out over a real relay: each reader once, whatever happens to relay and worker."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.db import connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicator import queue
from syndicator.channels.base import Rejected, TryLater
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState
from syndicator.destinations.stops import press
from syndicator.entries.ingest import ingest, withdraw
from syndicator.entries.models import LiveBlog
from syndicator.newsletter import fanout, senders
from syndicator.newsletter.claiming import LEASE, SEND_DEADLINE, Claimed
from syndicator.newsletter.fanout import send_due
from syndicator.newsletter.limits import Limits
from syndicator.newsletter.models import (
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientState,
)
from syndicator.newsletter.progress import progress
from syndicator.newsletter.recording import BACKOFF, Fate, record
from syndicator.newsletter.senders import at_work
from syndicator.newsletter.subscribing import unsubscribe, unsubscribe_url
from syndicator.newsletter.sweep import sweep
from syndicator.newsletter.throttle import claim_allowed
from syndicator.posts import review
from syndicator.wording import Wording
from tests.channels.email.scripted_relay import ScriptedRelay
from tests.factories import make_blog, make_content, make_source, make_user
from tests.newsletter.mailings import make_due, make_mailing, states
from tests.rings import Rung

pytestmark = pytest.mark.django_db(transaction=True)

S = RecipientState
ANNA, BEN = "anna@reader.example", "ben@reader.example"


def claim(mailing: Mailing, most: int = 1, sender: str = "somebody") -> list[Claimed]:
    return claim_allowed(mailing.pk, mailing.destination_id, sender, most, Limits())


def test_each_reader_gets_a_mail_of_their_own(
    relay: ScriptedRelay, destination: Destination, blog: LiveBlog
) -> None:
    mailing = make_mailing(destination, blog, ANNA, BEN)
    assert send_due(mailing.pk) == 2
    assert states(mailing) == {"anna": S.ACCEPTED, "ben": S.ACCEPTED}
    for recipient in mailing.recipients.all():
        (raw,) = relay.mails_to(recipient.address)
        mail = message_from_bytes(raw, policy=default)
        link = unsubscribe_url(recipient.subscription_id)
        assert mail["to"] == recipient.address
        assert mail["message-id"] == recipient.message_id
        assert mail["list-unsubscribe"] == f"<{link}>"
        assert mail["list-id"] == "<rat.sandbox.invalid>"
        assert mail["subject"] == mailing.frozen_message.subject
        for kind in ("plain", "html"):
            part = mail.get_body((kind,))
            assert part
            assert part.get_content().count(link) == 1
            assert mailing.frozen_message.permalink.split("#")[1] in part.get_content()
        assert recipient.answer == "250 2.0.0 Ok: queued as 4F3A"
        assert recipient.accepted_at
    mailing.refresh_from_db()
    assert mailing.state == MailingState.DONE
    assert send_due(mailing.pk) == 0
    assert len(relay.accepted) == 2


def test_each_recipient_ends_as_the_relay_says(
    relay: ScriptedRelay, destination: Destination, blog: LiveBlog
) -> None:
    words = ("bounce", "spam", "later", "drop", "mumble", "anna")
    mailing = make_mailing(destination, blog, *(f"{word}@reader.example" for word in words))
    send_due(mailing.pk)
    expected = {
        "bounce": S.BOUNCED,
        "spam": S.BOUNCED,
        "later": S.QUEUED,
        "drop": S.UNCERTAIN,
        "mumble": S.UNCERTAIN,
        "anna": S.ACCEPTED,
    }
    assert states(mailing) == expected
    assert progress(mailing.pk) == {
        S.QUEUED: 1,
        S.IN_FLIGHT: 0,
        S.ACCEPTED: 1,
        S.BOUNCED: 2,
        S.COMPLAINED: 0,
        S.SUPPRESSED: 0,
        S.WITHDRAWN: 0,
        S.UNCERTAIN: 2,
    }
    later = mailing.recipients.get(address__startswith="later")
    assert later.due_at is not None
    assert later.due_at > database_now() + BACKOFF[0] / 2
    make_due(mailing)
    send_due(mailing.pk)
    assert states(mailing) == {**expected, "later": S.ACCEPTED}
    assert len(relay.mails_to("drop@reader.example")) == 1
    mailing.refresh_from_db()
    assert mailing.state == MailingState.DONE


def test_a_relay_that_always_says_later_is_believed_in_the_end(
    destination: Destination, blog: LiveBlog
) -> None:
    mailing = make_mailing(destination, blog, "busy@reader.example")
    for _ in range(len(BACKOFF) + 1):
        assert states(mailing) == {"busy": S.QUEUED}
        assert send_due(mailing.pk) == 1
        make_due(mailing)
    assert states(mailing) == {"busy": S.BOUNCED}
    assert "Greylisted" in str(mailing.recipients.get().wording)


def test_who_left_before_their_turn_gets_nothing(
    relay: ScriptedRelay, destination: Destination, blog: LiveBlog
) -> None:
    mailing = make_mailing(destination, blog, ANNA, BEN)
    anna = mailing.recipients.get(address=ANNA)
    unsubscribe(unsubscribe_url(anna.subscription_id).rsplit("/", 2)[1])
    send_due(mailing.pk)
    assert states(mailing) == {"anna": S.SUPPRESSED, "ben": S.ACCEPTED}
    assert relay.mails_to(ANNA) == []


@pytest.mark.parametrize("by", [send_due, lambda _: sweep()], ids=["task", "sweep"])
def test_what_was_taken_back_goes_to_nobody_else(
    relay: ScriptedRelay,
    destination: Destination,
    blog: LiveBlog,
    by: Callable[[int], object],
) -> None:
    mailing = make_mailing(destination, blog, ANNA, BEN, "busy@reader.example")
    permalink = mailing.frozen_message.permalink
    entry = ingest(make_source(blog), make_content("7", permalink=permalink)).entry
    other = ingest(make_source(blog), make_content("8")).entry
    MailingRecipient.objects.filter(address=BEN).update(due_at=database_now() + timedelta(hours=1))
    withdraw(other.source, other.external_id)
    send_due(mailing.pk)
    withdraw(entry.source, entry.external_id)
    by(mailing.pk)
    assert states(mailing) == {"anna": S.ACCEPTED, "ben": S.WITHDRAWN, "busy": S.WITHDRAWN}
    assert "taken back" in str(mailing.recipients.get(address=BEN).wording)
    mailing.refresh_from_db()
    assert mailing.state == MailingState.DONE
    assert relay.mails_to(BEN) == []


def test_no_relay_costs_no_reader_a_try(
    relay: ScriptedRelay, destination: Destination, blog: LiveBlog, rung: Rung
) -> None:
    mailing = make_mailing(destination, blog, ANNA)
    Destination.objects.update(base_url="smtp://127.0.0.1:1")
    assert send_due(mailing.pk) == 0
    mailing.refresh_from_db()
    assert "cannot be reached" in str(mailing.wording)
    assert mailing.recipients.get().attempts == 0
    rung()
    assert sweep().rung == 0, "not while it waits for the relay"
    Destination.objects.update(base_url=relay.url)
    make_due(mailing)
    assert sweep().rung == 1
    assert rung() == [(queue.SEND_MAILING, (mailing.pk,))]
    send_due(mailing.pk)
    mailing.refresh_from_db()
    assert mailing.reason is None
    assert states(mailing) == {"anna": S.ACCEPTED}


def test_a_sender_who_may_not_pauses_the_destination_and_keeps_the_queue(
    relay: ScriptedRelay, destination: Destination, blog: LiveBlog
) -> None:
    relay.refused_senders.add("newsroom@sandbox.invalid")
    mailing = make_mailing(destination, blog, ANNA, BEN)
    assert send_due(mailing.pk) == 0
    destination.refresh_from_db()
    assert destination.state == DestinationState.PAUSED
    assert "You may not send" in str(destination.pause_wording)
    assert states(mailing) == {"anna": S.QUEUED, "ben": S.QUEUED}
    assert mailing.recipients.get(address=ANNA).attempts == 0
    make_due(mailing)
    assert send_due(mailing.pk) == 0
    assert sweep().rung == 0
    relay.refused_senders.clear()
    Destination.objects.update(state=DestinationState.ACTIVE)
    assert sweep().rung == 1
    assert send_due(mailing.pk) == 2


@pytest.mark.parametrize("scope", ["everything", "blog", "platform"])
def test_the_red_button_holds_a_mailing_under_way(
    relay: ScriptedRelay, destination: Destination, blog: LiveBlog, scope: str
) -> None:
    mailing = make_mailing(destination, blog, ANNA, BEN)
    editor = make_user()
    stop, _ = review.stop(
        editor,
        "Falschmeldung",
        blog=blog if scope == "blog" else None,
        channel_name="email" if scope == "platform" else "",
    )
    assert sweep().rung == 0
    assert send_due(mailing.pk) == 0
    review.go_on(stop.pk, editor)
    assert sweep().rung == 1
    assert send_due(mailing.pk) == 2


def test_secrets_that_cannot_be_read_pause_the_destination(
    destination: Destination, blog: LiveBlog
) -> None:
    mailing = make_mailing(destination, blog, ANNA)
    Destination.objects.update(encrypted_secrets="not-a-token")
    assert send_due(mailing.pk) == 0
    destination.refresh_from_db()
    assert destination.state == DestinationState.PAUSED


def test_a_claim_is_had_once(destination: Destination, blog: LiveBlog) -> None:
    mailing = make_mailing(destination, blog, ANNA, BEN)
    (first,) = claim(mailing)
    (second,) = claim(mailing, 10)
    assert claim(mailing) == []
    assert [first.address, second.address] == [ANNA, BEN]
    assert (first.epoch, first.attempts) == (1, 1)
    row = mailing.recipients.get(address=ANNA)
    assert (row.state, row.sender) == (S.IN_FLIGHT, "somebody")
    assert row.due_at is not None
    assert row.due_at > database_now() + 2 * SEND_DEADLINE


def test_a_claim_is_committed_before_anything_is_sent(
    destination: Destination, blog: LiveBlog
) -> None:
    mailing = make_mailing(destination, blog, ANNA)
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        claim(mailing)


def test_workers_side_by_side_send_each_mail_once(
    relay: ScriptedRelay, destination: Destination, blog: LiveBlog
) -> None:
    addresses = [f"reader-{number}@reader.example" for number in range(30)]
    mailing = make_mailing(destination, blog, *addresses)

    def work() -> int:
        try:
            return send_due(mailing.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        tries = sum(future.result() for future in [pool.submit(work) for _ in range(3)])
    assert tries == 30
    assert sorted(recipient for recipient, _ in relay.accepted) == sorted(addresses)


def test_waits_that_a_clock_wrote_while_it_was_ahead_end_as_they_should(
    destination: Destination, blog: LiveBlog
) -> None:
    """As if the database's clock had been three hours ahead until just now."""
    mailing = make_mailing(destination, blog, ANNA, BEN)
    anna, ben = mailing.recipients.order_by("address")
    assert claim(mailing)
    now, ahead = database_now(), timedelta(hours=3)
    MailingRecipient.objects.update(due_at=F("due_at") + ahead)
    Mailing.objects.update(paused_until=now + timedelta(seconds=30) + ahead)
    assert (sweep().abandoned, sweep().rung) == (0, 0)
    anna.refresh_from_db()
    ben.refresh_from_db()
    assert anna.due_at
    assert ben.due_at
    assert now < anna.due_at <= database_now() + LEASE
    assert ben.due_at <= database_now()
    mailing.refresh_from_db()
    assert mailing.paused_until
    assert mailing.paused_until <= database_now() + fanout.RELAY_PAUSE


def test_waits_that_the_right_clock_wrote_are_left_alone(
    destination: Destination, blog: LiveBlog
) -> None:
    mailing = make_mailing(destination, blog, ANNA, BEN)
    now = database_now()
    Mailing.objects.update(paused_until=now + fanout.RELAY_PAUSE)
    MailingRecipient.objects.update(attempts=5, due_at=now + BACKOFF[-1])
    before = list(mailing.recipients.values())
    sweep()
    assert list(mailing.recipients.values()) == before
    assert Mailing.objects.get().paused_until == now + fanout.RELAY_PAUSE


def test_a_worker_that_lost_its_claim_changes_nothing(
    destination: Destination, blog: LiveBlog
) -> None:
    mailing = make_mailing(destination, blog, ANNA)
    (slow,) = claim(mailing)
    MailingRecipient.objects.update(state=S.QUEUED)
    make_due(mailing)
    assert claim(mailing)
    assert record([Fate.of(slow, Rejected(Wording("Too late.")))]) == 0
    assert states(mailing) == {"anna": S.IN_FLIGHT}


def test_the_relays_late_word_is_better_than_uncertain(
    destination: Destination, blog: LiveBlog
) -> None:
    mailing = make_mailing(destination, blog, ANNA)
    (slow,) = claim(mailing)
    make_due(mailing)
    sweep()
    assert states(mailing) == {"anna": S.UNCERTAIN}
    record([Fate.of(slow, TryLater(Wording("It broke off in time.")))])
    assert states(mailing) == {"anna": S.QUEUED}
    make_due(mailing)
    assert sweep().rung == 1, "though the mailing was done"
    assert claim(mailing)


def test_a_task_ends_after_its_span_and_rings_for_the_rest(
    destination: Destination, blog: LiveBlog, rung: Rung, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "SPAN", timedelta(0))
    mailing = make_mailing(destination, blog, ANNA, BEN)
    rung()
    assert send_due(mailing.pk) == 0
    assert rung() == [(queue.SEND_MAILING, (mailing.pk,))]


def test_the_sweeper_rings_for_what_nobody_works_on(
    destination: Destination, blog: LiveBlog, rung: Rung
) -> None:
    mailing = make_mailing(destination, blog, ANNA, BEN)
    rung()  # and is lost
    assert sweep().rung == 1
    assert rung() == [(queue.SEND_MAILING, (mailing.pk,))]
    with at_work(mailing, Limits()):
        assert sweep().rung == 0


@settings(
    max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.lists(
        st.sampled_from(["anna", "bounce", "later", "busy", "spam", "drop", "mumble"]),
        max_size=4,
    )
)
def test_whatever_the_relay_does_every_mail_ends_and_none_goes_out_twice(
    relay: ScriptedRelay, destination: Destination, words: list[str]
) -> None:
    blog = make_blog()
    addresses = [f"{word}-{blog.pk}-{n}@reader.example" for n, word in enumerate(words)]
    mailing = make_mailing(destination, blog, *addresses)
    for _ in range(len(BACKOFF) + 1):
        send_due(mailing.pk)
        make_due(mailing)
    ended = (S.ACCEPTED, S.BOUNCED, S.UNCERTAIN)
    assert sum(progress(mailing.pk)[state] for state in ended) == len(words)
    assert not mailing.recipients.filter(due_at__isnull=False).exists()
    assert Mailing.objects.get(pk=mailing.pk).state == MailingState.DONE
    assert all(len(relay.mails_to(address)) <= 1 for address in addresses)


@pytest.mark.django_db(transaction=True)
def test_a_sender_that_has_just_begun_when_everything_is_stopped_takes_nothing(
    relay: ScriptedRelay, destination: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing = make_mailing(destination, make_blog(), "anna@reader.example")
    are_due = fanout.are_due

    def then_stop(mailing_id: int) -> bool:
        found = are_due(mailing_id)
        press(make_user(), "a rumour", database_now())
        return found

    monkeypatch.setattr(fanout, "are_due", then_stop)
    monkeypatch.setattr(senders, "senders_wanted", lambda mailing: 1)
    assert send_due(mailing.pk) == 0
    assert states(mailing) == {"anna": S.QUEUED}
    assert not relay.accepted
