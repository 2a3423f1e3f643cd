"""The night by mail: over a real SMTP server, once for each person and day, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes
from email.policy import default
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client as Browser
from pytest_django import Settings

from syndicator.accounts.models import Role, User
from syndicator.destinations.models import Policy
from syndicator.nights import mailing
from syndicator.nights.mailing import AGAIN, mail_due
from syndicator.nights.models import NightMail, ToldNight
from syndicator.posts import retraction
from syndicator.posts.models import Action, Attempt, AttemptKind, Post, PostState
from syndicator.wording import Wording
from tests.channels.email.scripted_relay import ScriptedRelay, serving
from tests.factories import make_blog, make_destination, make_post, make_user

pytestmark = pytest.mark.django_db(transaction=True)

#: Seven in the morning in Berlin.
SEVEN = datetime(2026, 11, 17, 6, 0, tzinfo=UTC)


@pytest.fixture
def relay(settings: Settings) -> Iterator[ScriptedRelay]:
    with serving() as running:
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = running.port
        settings.DEFAULT_FROM_EMAIL = "Desk <desk@paper.example>"
        yield running


class Clock:
    now = SEVEN


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(mailing, "database_now", lambda: clock.now)
    return clock


@pytest.fixture
def person(clock: Clock) -> User:
    make_blog()  # whose zone is Berlin
    person = make_user(Role.EDITOR, email="edda@paper.example")
    NightMail.objects.create(user=person, hour=7, language="en")
    return person


def body(relay: ScriptedRelay) -> str:
    [raw] = relay.mails_to("edda@paper.example")
    said: str = message_from_bytes(raw, policy=default).get_content()
    return said.replace("\r\n", "\n")


def test_one_mail_at_the_hour_and_never_a_second(
    relay: ScriptedRelay, clock: Clock, person: User
) -> None:
    clock.now = SEVEN - timedelta(minutes=1)
    assert mail_due() == 0
    clock.now = SEVEN
    assert mail_due() == 1
    clock.now = SEVEN + timedelta(hours=1)
    NightMail.objects.update(hour=8)
    assert mail_due() == 0
    clock.now = SEVEN + timedelta(days=1, hours=1)
    assert mail_due() == 1
    assert len(relay.accepted) == 2


def test_long_after_its_hour_it_is_of_no_use(
    relay: ScriptedRelay, clock: Clock, person: User
) -> None:
    clock.now = SEVEN + timedelta(hours=3)
    assert mail_due() == 0


def test_it_says_what_went_out_failed_waits_was_taken_back_and_was_spent(
    relay: ScriptedRelay, person: User
) -> None:
    night = SEVEN - timedelta(hours=5)
    out = make_post(Policy.REVIEW, make_destination("x"), headline="Drei Tote")
    failed = make_post(Policy.REVIEW, make_destination("x"), headline="Zu lang")
    make_post(Policy.REVIEW, make_destination("x"), headline="Wartet noch")
    before = make_post(Policy.REVIEW, make_destination("x"), headline="Vorher")
    Post.objects.filter(pk__in=[out.pk, before.pk]).update(
        state=PostState.SENT, sent_at=night, changed_at=night
    )
    Post.objects.filter(pk=before.pk).update(sent_at=SEVEN - timedelta(hours=14))
    why = Wording("X asks to wait; it will be tried again later.")
    Post.objects.filter(pk=failed.pk).update(
        state=PostState.FAILED, changed_at=night, reason=why.to_json()
    )
    Attempt.objects.create(
        post=out, kind=AttemptKind.SEND, epoch=1, started_at=night, cost=Decimal("0.205")
    )
    made = retraction.retract(out.entry_id, person, "Falsche Zahl")
    made.made_at = night
    made.save()
    assert mail_due() == 1
    said = body(relay)
    assert "1 post went out." in said
    assert f"{out.destination.name}: 1 ($0.20)" in said or "($0.21)" in said
    assert "Failed, or it is not clear whether it is out: 1" in said
    assert f"02:00 {failed.destination.name}: Zu lang\n  {why}" in said
    assert "Falsche Zahl" in said
    assert "Wartet noch" in said
    assert f"/entries/{failed.entry_id}/" in said
    assert "Vorher" not in said
    assert "/overview/night/?day=2026-11-17" in said


def test_in_the_language_and_about_the_blog_that_were_chosen(
    relay: ScriptedRelay, person: User
) -> None:
    post = make_post(Policy.REVIEW, make_destination("x"), headline="Hier")
    make_post(Policy.REVIEW, make_destination("x"), headline="Dort")
    NightMail.objects.update(language="de", blog=post.entry.blog)
    mail_due()
    said = body(relay)
    assert "Hier" in said
    assert "Dort" not in said
    assert "1 Post wartet auf einen Menschen" in said


def test_a_server_that_is_down_or_says_later_is_tried_again(
    relay: ScriptedRelay, clock: Clock, person: User, settings: Settings
) -> None:
    User.objects.update(email="later-edda@paper.example")
    settings.EMAIL_PORT = 9
    assert mail_due() == 0
    settings.EMAIL_PORT = relay.port
    assert mail_due() == 0
    clock.now += AGAIN
    assert mail_due() == 0  # the server says: later
    assert relay.connections == 1
    clock.now += AGAIN
    assert mail_due() == 1
    assert mail_due() == 0
    assert len(relay.accepted) == 1


def test_an_address_that_is_refused_for_good_is_left_alone(
    relay: ScriptedRelay, clock: Clock, person: User
) -> None:
    User.objects.update(email="bounce-edda@paper.example")
    assert mail_due() == 0
    clock.now += timedelta(hours=1)
    assert mail_due() == 0
    assert relay.connections == 1


def test_what_may_be_out_is_not_sent_again(
    relay: ScriptedRelay, clock: Clock, person: User
) -> None:
    User.objects.update(email="drop-edda@paper.example")
    assert mail_due() == 0
    clock.now += timedelta(hours=1)
    assert mail_due() == 0
    assert ToldNight.objects.get().sent_at is None
    assert len(relay.accepted) == 1


def test_two_workers_send_one(relay: ScriptedRelay, person: User) -> None:
    barrier = Barrier(2)

    def work(_: int) -> int:
        barrier.wait()
        try:
            return mail_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(work, range(2))) == 1
    assert len(relay.accepted) == 1


def test_not_to_who_has_left_or_has_no_address(relay: ScriptedRelay, person: User) -> None:
    User.objects.update(is_active=False)
    assert mail_due() == 0
    User.objects.update(is_active=True, email="")
    assert mail_due() == 0


def test_everybody_decides_for_themselves(db: None) -> None:
    person = make_user(Role.VIEWER)
    browser = Browser()
    browser.force_login(person)
    page = browser.post("/overview/night/mail/", {"hour": "7"}, follow=True).text
    assert "No mail address is set for you." in page
    User.objects.update(email="edda@paper.example")
    page = browser.post(
        "/overview/night/mail/", {"hour": "7"}, follow=True, headers={"Accept-Language": "de"}
    ).text
    assert '<option value="7" selected>7:00</option>' in page
    wish = NightMail.objects.get()
    assert (wish.user, wish.hour, wish.language) == (person, 7, "de")
    browser.post("/overview/night/mail/", {"hour": "3"})
    assert NightMail.objects.get().hour == 7
    browser.post("/overview/night/mail/", {"hour": ""})
    assert not NightMail.objects.exists()


def test_the_page_says_the_same(person: User) -> None:
    night = SEVEN - timedelta(hours=5)
    failed = make_post(Policy.REVIEW, make_destination("x"), headline="Zu lang")
    Post.objects.filter(pk=failed.pk).update(state=PostState.FAILED, changed_at=night)
    Post.objects.filter(pk=failed.pk).update(action=Action.PUBLISH)
    browser = Browser()
    browser.force_login(person)
    assert "Zu lang" in browser.get("/overview/night/?day=2026-11-17").text
    part = browser.get("/overview/night/?day=2026-11-16").text
    assert "Zu lang" not in part.partition("What waits")[0]
