"""From the form to the list: two opt-ins, the proof of them, and nothing told to anybody else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from syndicator.channels.email.signing import new_key
from syndicator.channels.sandboxes import SANDBOX_SETTINGS
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState
from syndicator.destinations.stops import press
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Pace, Subscriber, Subscription, SubscriptionState
from syndicator.newsletter.subscribing import leave, subscribe
from syndicator.signup import asking
from syndicator.signup.mailing import BACKOFF, LEASE, claim, mail_due
from syndicator.signup.models import Ask, AskState, Consent, SignUp
from syndicator.signup.settings import set_up
from tests.channels.email.scripted_relay import ScriptedRelay
from tests.factories import make_user
from tests.signup.reader import ANNA, LOST, PAGE, fill_in, link_in, mailbox, text_of, time_passes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sign_up")]


def test_whoever_confirms_is_subscribed_with_proof(
    client: Client, relay: ScriptedRelay, blog: LiveBlog, sign_up: SignUp
) -> None:
    asked = fill_in(" Anna@Reader.example ", pace="daily", daily_hour="18", time_zone="Asia/Tokyo")
    assert (asked.status_code, asked["Location"]) == (302, f"{PAGE}asked/")
    assert not Subscriber.objects.exists()
    (mail,) = mailbox(relay)
    path = link_in(mail, "confirm")
    assert "18:00 (Asia/Tokyo)" in client.get(path).text
    assert not Subscriber.objects.exists()

    before = database_now()
    page = client.post(path, REMOTE_ADDR="2001:db8:1:2::3").text
    assert "/newsletter/preferences/" in page
    subscription = Subscription.objects.get()
    assert (subscription.subscriber.email, subscription.blog) == (ANNA, blog)
    assert (subscription.pace, subscription.daily_hour) == (Pace.DAILY, 18)
    assert subscription.subscriber.time_zone == "Asia/Tokyo"
    # A digest tells what has come in since the hour, or the day, began.
    assert subscription.told_until is None
    proof = Consent.objects.get(subscription=subscription)
    assert proof.text.text == sign_up.consent.text
    assert (proof.asked_from, proof.confirmed_from) == ("192.0.2.0/24", "2001:db8:1::/48")
    assert proof.asked_at < before <= proof.confirmed_at


def test_the_mail_is_plain_honest_and_nobody_else_wrote_it(relay: ScriptedRelay) -> None:
    fill_in(name="BUY NOW http://spam.example", pace="hourly", time_zone="http://spam.example")
    (mail,) = mailbox(relay)
    assert mail["From"] == "newsroom@sandbox.invalid"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None
    assert mail["Subject"] == "Please confirm: “Live: Stadtrat” by email"
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    html = mail.get_body(("html",))
    assert html
    path = link_in(mail, "confirm")
    assert html.get_content().count(path) == 1
    for said in (text_of(mail), html.get_content()):
        assert "spam" not in said
        assert "48 hours" in " ".join(said.split())
    raw = relay.mails_to(ANNA)[0]
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.splitlines())) < 200


def test_in_german_too(relay: ScriptedRelay, blog: LiveBlog) -> None:
    LiveBlog.objects.update(language="de-AT")
    fill_in()
    (mail,) = mailbox(relay)
    assert "48 Stunden" in text_of(mail)
    page = Client().get(PAGE).text
    assert '<html lang="de">' in page
    assert "Abonnieren" in page


def test_the_answer_is_the_same_whoever_is_subscribed(relay: ScriptedRelay, blog: LiveBlog) -> None:
    subscribe("ben@reader.example", blog, pace=Pace.HOURLY)
    leave(subscribe("kim@reader.example", blog).pk)
    answers = []
    for address in (ANNA, "ben@reader.example", "kim@reader.example"):
        for at in (PAGE, LOST):
            answer = fill_in(address, at=at)
            answers.append((at, answer.status_code, answer["Location"], answer.content))
    assert len(set(answers)) == 2
    # What differs is the mail, and it goes to the address itself.
    (already, own) = mailbox(relay, "ben@reader.example")
    assert "nothing was changed" in text_of(already)
    assert "/confirm/" not in text_of(already)
    link_in(already, "preferences")
    link_in(own, "own-data")
    (confirm,) = mailbox(relay)
    link_in(confirm, "confirm")
    assert Subscription.objects.get(subscriber__email="ben@reader.example").pace == Pace.HOURLY


def test_the_same_statements_run_whoever_is_subscribed(blog: LiveBlog) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    subscribe("ben@reader.example", blog)
    run = []
    fill_in("warm@reader.example", place="198.51.100.1")
    for address in (ANNA, "ben@reader.example"):
        with CaptureQueriesContext(
            connection,
        ) as statements:
            fill_in(address, place="198.51.100.1")
        run.append([re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in statements.captured_queries])
    assert run[0] == run[1]
    assert not any("newsletter_subscri" in statement for statement in run[1])


def test_what_is_no_address_is_said_and_costs_no_mail(relay: ScriptedRelay) -> None:
    for wrong in (
        "anna",
        "anna@",
        "a@b@c",
        "anna@reader.example\nBcc: x@y.example",
        "<x>@y.example",
    ):
        page = fill_in(wrong)
        assert page.status_code == 200
        assert "not an email address" in page.text
    assert not Ask.objects.exists()


def test_a_program_is_thanked_and_ignored(relay: ScriptedRelay) -> None:
    assert fill_in(remark="my site").content == fill_in().content
    assert len(mailbox(relay)) == 1


def test_nobody_fills_in_our_page_within_two_seconds(relay: ScriptedRelay) -> None:
    page = Client().get(PAGE).text
    shown = re.search(r'name="shown" value="([^"]+)"', page)
    assert shown
    assert "once more" in fill_in(shown=shown[1]).text
    assert "once more" in fill_in(shown=shown[1][:-1]).text
    assert not Ask.objects.exists()


def test_pressing_twice_makes_one_mail(relay: ScriptedRelay) -> None:
    fill_in(pace="hourly")
    fill_in(pace="hourly")
    assert len(mailbox(relay)) == 1
    fill_in(pace="hourly")
    assert len(mailbox(relay)) == 1
    fill_in(pace="daily")
    assert len(mailbox(relay)) == 2


def test_an_address_gets_at_most_four_mails_a_day(relay: ScriptedRelay, blog: LiveBlog) -> None:
    subscribe(ANNA, blog)
    for number in range(3):
        # From everywhere, for everything.
        place = f"10.{number}.0.1"
        answer = fill_in(place=place, daily_hour=str(number % 24), pace="daily")
        assert answer["Location"] == f"{PAGE}asked/"
        fill_in(place=place, at=LOST)
        fill_in(f"anna+{number}@reader.example", place=place)
    mail_due()
    assert len(relay.accepted) == 4
    relay.accepted.clear()
    time_passes(timedelta(hours=23))
    fill_in(pace="hourly")
    assert mailbox(relay) == []
    time_passes(timedelta(hours=1, minutes=1))
    fill_in(pace="hourly")
    assert len(mailbox(relay)) == 1


def test_one_place_asks_for_few_addresses_only(relay: ScriptedRelay) -> None:
    for _ in range(20):
        asking.count("192.0.2.7")
    answers = [fill_in(f"r{number}@reader.example").status_code for number in range(3)]
    assert answers == [302] + [429] * 2
    refused = fill_in()
    assert 0 < int(refused["Retry-After"]) <= 30
    # A neighbour is not held up, nor is somebody far away.
    assert fill_in(place="192.0.2.8").status_code == 302


def test_a_whole_network_is_slowed_down_at_last() -> None:
    for number in range(101):
        asking.count(f"2001:db8:5:{number:x}::1")
    assert fill_in(place="2001:db8:5:fff::1").status_code == 429
    assert fill_in(place="2001:db8:6::1").status_code == 302


def test_links_end_and_unconfirmed_asks_go(client: Client, relay: ScriptedRelay) -> None:
    fill_in()
    path = link_in(mailbox(relay)[0], "confirm")
    time_passes(timedelta(hours=47, minutes=59))
    assert client.get(path).status_code == 200
    time_passes(timedelta(minutes=2))
    assert client.post(path).status_code == 404
    mail_due()
    assert not Ask.objects.exists()
    assert not Subscriber.objects.exists()


def test_a_link_works_once_and_brings_nobody_back(client: Client, relay: ScriptedRelay) -> None:
    fill_in(pace="hourly")
    fill_in(pace="daily")
    first, second = (link_in(mail, "confirm") for mail in mailbox(relay))
    client.post(first)
    leave(Subscription.objects.get().pk)
    assert client.post(first).status_code == 200
    assert client.post(second).status_code == 404
    assert Subscription.objects.get().state == SubscriptionState.UNSUBSCRIBED
    assert Consent.objects.count() == 1


def test_who_left_comes_back_by_a_new_mail_and_starts_anew(
    client: Client, relay: ScriptedRelay, blog: LiveBlog
) -> None:
    left = subscribe(ANNA, blog, pace=Pace.HOURLY)
    leave(left.pk)
    Subscription.objects.update(told_until=database_now() - timedelta(days=9))
    fill_in(pace="at_close")
    before = database_now()
    client.post(link_in(mailbox(relay)[0], "confirm"))
    back = Subscription.objects.get()
    assert (back.pk, back.state, back.pace) == (left.pk, "active", Pace.AT_CLOSE)
    assert back.told_until
    assert back.told_until >= before
    assert back.unsubscribed_at is None


def test_the_proof_keeps_the_text_of_the_copied_form(
    client: Client, relay: ScriptedRelay, blog: LiveBlog
) -> None:
    set_up(blog, is_open=True, paces=[Pace.HOURLY, Pace.DAILY], consent="Other words.")
    fill_in()
    fill_in("ben@reader.example", consent="2")
    assert "once more" in fill_in("kim@reader.example", consent="2", pace="entry").text
    assert "text below has changed" in fill_in("kim@reader.example", consent="3").text
    for address in (ANNA, "ben@reader.example"):
        (mail,) = mailbox(relay, address)
        client.post(link_in(mail, "confirm"))
    proofs = Consent.objects.order_by("pk")
    assert [proof.text.version for proof in proofs] == [1, 2]
    assert proofs[1].text.text == "Other words."


def test_a_closed_sign_up_takes_nobody(client: Client, blog: LiveBlog) -> None:
    set_up(blog, is_open=False, paces=[Pace.DAILY], consent="Words.")
    assert "cannot be subscribed" in fill_in().text
    assert not Ask.objects.exists()
    assert client.get("/newsletter/subscribe/nothing/").status_code == 404


@pytest.mark.parametrize(
    ("address", "state", "mails_taken"),
    [
        ("bounce@r.example", AskState.REFUSED, 0),
        ("spam@r.example", AskState.REFUSED, 0),
        ("later@r.example", AskState.SENT, 1),
        ("busy@r.example", AskState.REFUSED, 0),
        ("drop@r.example", AskState.UNCERTAIN, 1),
        ("mumble@r.example", AskState.UNCERTAIN, 1),
    ],
)
def test_a_mail_goes_out_at_most_once_whatever_the_relay_does(
    relay: ScriptedRelay, address: str, state: AskState, mails_taken: int
) -> None:
    fill_in(address)
    mails = mailbox(relay, address)
    for _ in BACKOFF:
        make_due()
        mails = mailbox(relay, address)
    assert Ask.objects.get().state == state
    assert len(mails) == mails_taken


def test_a_worker_that_dies_leaves_an_uncertain_mail(relay: ScriptedRelay) -> None:
    fill_in()
    ask = Ask.objects.get()
    assert claim(ask)
    assert mailbox(relay) == []
    time_passes(LEASE)
    assert mailbox(relay) == []
    assert Ask.objects.get().state == AskState.UNCERTAIN
    # The reader asks again, and gets it.
    fill_in()
    assert len(mailbox(relay)) == 1


def test_a_reader_may_be_quicker_than_the_worker(client: Client, relay: ScriptedRelay) -> None:
    fill_in()
    path = link_in(mailbox(relay)[0], "confirm")
    # As if what the relay answered had not been written down yet.
    lease = database_now() + LEASE
    Ask.objects.update(state=AskState.SENDING, due_at=lease)
    client.post(path)
    assert Subscription.objects.exists()
    time_passes(timedelta(hours=49))
    mail_due()
    assert not Ask.objects.exists()


def test_two_workers_hand_in_one_mail(relay: ScriptedRelay) -> None:
    fill_in()
    mine, theirs = Ask.objects.get(), Ask.objects.get()
    assert claim(mine)
    assert not claim(theirs)


def test_mails_are_signed_as_the_newsletter_is(
    relay: ScriptedRelay, destination: Destination
) -> None:
    fill_in()
    assert mailbox(relay)[0]["DKIM-Signature"] is None
    signing = {"dkim_domain": "sandbox.invalid", "dkim_selector": "s1", "dkim_key": new_key()}
    destination.configure({**SANDBOX_SETTINGS["email"], **signing})
    destination.save()
    fill_in("ada@reader.example", place="198.51.100.7")
    assert "d=sandbox.invalid;" in mailbox(relay, "ada@reader.example")[0]["DKIM-Signature"]


def test_mails_wait_while_the_relay_is_away_paused_or_stopped(
    relay: ScriptedRelay, destination: Destination
) -> None:
    good = destination.base_url
    Destination.objects.update(base_url="smtp://127.0.0.1:9")
    fill_in()
    assert mailbox(relay) == []
    Destination.objects.update(base_url=good, state=DestinationState.PAUSED)
    make_due()
    assert mailbox(relay) == []
    Destination.objects.update(state=DestinationState.ACTIVE)
    stop, _ = press(make_user(), "Test", database_now())
    make_due()
    assert mailbox(relay) == []
    stop.delete()
    make_due()
    assert len(mailbox(relay)) == 1
    assert Ask.objects.get().tries == 1


def test_a_relay_that_refuses_the_sender_pauses_the_destination(
    relay: ScriptedRelay, destination: Destination
) -> None:
    relay.refused_senders.add("newsroom@sandbox.invalid")
    fill_in()
    assert mailbox(relay) == []
    destination.refresh_from_db()
    assert destination.state == DestinationState.PAUSED
    assert Ask.objects.get().state == AskState.WAITING


def make_due() -> None:
    Ask.objects.filter(due_at__isnull=False).update(due_at=database_now())
