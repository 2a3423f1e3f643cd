"""Mail as a channel: making mailings, once each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from django.db import connection

from syndicator import queue
from syndicator.channels import registry
from syndicator.channels.base import Message, Receipt, Rejected, Unauthorised
from syndicator.clock import database_now
from syndicator.destinations.accounts import account_of
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.channel import NewsletterChannel
from syndicator.newsletter.models import Mailing, MailingState
from syndicator.newsletter.subscribing import subscribe, unsubscribe, unsubscribe_url
from tests.channels.email.stories import PERMALINK, make_message, make_story
from tests.factories import make_blog
from tests.newsletter.mailings import SOON, make_mailing, send
from tests.rings import Rung

CHANNEL = NewsletterChannel()
MESSAGE = make_message()


def test_the_channel_is_found_by_its_name() -> None:
    assert isinstance(registry.channel("email"), NewsletterChannel)


def test_a_rendered_entry_may_be_sent() -> None:
    message = CHANNEL.render(make_story())
    assert message is not None
    assert message.audience == "rat"
    assert CHANNEL.problems(message) == []
    assert CHANNEL.problems(CHANNEL.revise(message, f"Kurz: {PERMALINK}")) == []


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (replace(MESSAGE, subject=" "), "no subject"),
        (replace(MESSAGE, html=MESSAGE.html.replace("entry-17", "entry-1")), "HTML part"),
        (replace(MESSAGE, html=MESSAGE.html.replace("#unsubscribe", "#")), "unsubscribe"),
        (CHANNEL.revise(MESSAGE, "Ohne Link."), "permalink"),
    ],
)
def test_what_must_not_be_sent_is_said_in_words(message: Message, says: str) -> None:
    assert any(says in str(problem) for problem in CHANNEL.problems(message))


@pytest.mark.django_db(transaction=True)
def test_sending_makes_a_mailing_to_those_subscribed_now_and_rings_for_it(
    destination: Destination, blog: LiveBlog, rung: Rung
) -> None:
    leaver = subscribe("leaver@reader.example", blog)
    unsubscribe(unsubscribe_url(leaver.pk).rsplit("/", 2)[1])
    subscribe("other@reader.example", make_blog())
    mailing = make_mailing(destination, blog, "anna@reader.example", "ben@reader.example")
    assert [r.address for r in mailing.recipients.order_by("id")] == [
        "anna@reader.example",
        "ben@reader.example",
    ]
    assert mailing.frozen_message == MESSAGE
    assert mailing.state == MailingState.SENDING
    assert rung() == [(queue.SEND_MAILING, (mailing.pk,))]
    assert len(set(mailing.recipients.values_list("message_id"))) == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_key_again_is_the_same_mailing(
    destination: Destination, blog: LiveBlog, rung: Rung
) -> None:
    subscribe("anna@reader.example", blog)
    first = send(destination, MESSAGE)
    assert first.answer == "Recipients: 1."
    subscribe("late@reader.example", blog)
    assert send(destination, MESSAGE) == first
    assert Mailing.objects.count() == 1
    assert len(rung()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_one_key_make_one_mailing(
    destination: Destination, blog: LiveBlog
) -> None:
    for number in range(20):
        subscribe(f"reader-{number}@reader.example", blog)
    together = Barrier(2)

    def work() -> Receipt:
        together.wait()
        try:
            return send(destination, MESSAGE)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        receipts = [future.result() for future in [pool.submit(work), pool.submit(work)]]
    assert receipts[0] == receipts[1]
    assert Mailing.objects.get().recipients.count() == 20


@pytest.mark.django_db(transaction=True)
def test_a_blog_without_subscribers_gets_a_finished_mailing(
    destination: Destination, blog: LiveBlog, rung: Rung
) -> None:
    receipt = send(destination, MESSAGE)
    assert "nobody gets it" in receipt.answer
    assert Mailing.objects.get().state == MailingState.DONE
    assert rung() == []


@pytest.mark.django_db
def test_a_look_up_finds_the_mailing_by_its_key(destination: Destination, blog: LiveBlog) -> None:
    client = destination.channel.client(account_of(destination))
    arguments = {"since": database_now(), "deadline": SOON}
    before = client.look_up(MESSAGE, key="post-1", **arguments)  # type: ignore[arg-type]
    receipt = send(destination, MESSAGE)
    after = client.look_up(MESSAGE, key="post-1", **arguments)  # type: ignore[arg-type]
    assert (before.receipt, before.complete) == (None, True)
    assert (after.receipt, after.complete) == (receipt, True)


@pytest.mark.django_db
def test_a_mailing_for_a_blog_that_is_gone_is_refused(destination: Destination) -> None:
    with pytest.raises(Rejected):
        send(destination, replace(MESSAGE, audience="gone"))
    assert not Mailing.objects.exists()


@pytest.mark.django_db
def test_a_destination_that_cannot_send_makes_no_mailing(
    destination: Destination, blog: LiveBlog
) -> None:
    destination.settings["from_address"] = "nobody"
    with pytest.raises(Unauthorised):
        send(destination, MESSAGE)
    assert not Mailing.objects.exists()
