"""Digests that are due: to whom, of what, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syndicator.accounts.models import Role
from syndicator.alerts.models import Alert
from syndicator.content import Paragraph
from syndicator.destinations.models import Policy
from syndicator.digests import making, review
from syndicator.digests.making import make_due
from syndicator.digests.models import Digest, DigestState, Shown
from syndicator.digests.turning import policy_changed
from syndicator.entries.closing import close, reopen
from syndicator.newsletter import taking_back
from syndicator.newsletter.models import (
    Mailing,
    MailingRecipient,
    Pace,
    Subscription,
)
from syndicator.newsletter.subscribing import subscribe, unsubscribe, unsubscribe_url
from tests.digests.conftest import Newsroom
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_each_reader_is_told_each_entry_once_at_their_own_pace(newsroom: Newsroom) -> None:
    newsroom.reader("anna")
    newsroom.reader("ben", Pace.DAILY, hour=9)
    newsroom.reader("cleo", Pace.AT_CLOSE)
    newsroom.reader("dora", Pace.EVERY_ENTRY)
    newsroom.entry("a")
    newsroom.pass_time(minutes=30)
    assert not Digest.objects.exists()
    newsroom.pass_time(minutes=30)
    newsroom.entry("b")
    newsroom.pass_time(minutes=59)
    newsroom.pass_time(minutes=1)
    newsroom.pass_time(hours=5)
    newsroom.deliver()
    assert newsroom.told("anna") == [{"a": "told"}, {"b": "told"}]
    assert newsroom.told("ben") == [{"a": "told", "b": "told"}]
    close(newsroom.blog)
    newsroom.pass_time(minutes=1)
    newsroom.pass_time(minutes=1)
    newsroom.deliver()
    assert newsroom.told("cleo") == [{"a": "told", "b": "told"}]
    assert newsroom.told("dora") == []
    reopen(newsroom.blog)
    newsroom.entry("c")
    newsroom.clock.move(timedelta(minutes=1))
    close(newsroom.blog)
    newsroom.pass_time(minutes=1)
    newsroom.deliver()
    assert newsroom.told("cleo")[1:] == [{"c": "told"}]


def test_no_mail_is_empty_and_what_comes_later_waits_for_the_next(newsroom: Newsroom) -> None:
    newsroom.reader("anna")
    newsroom.pass_time(hours=1)
    newsroom.entry("late")
    newsroom.pass_time(minutes=5)
    assert not Mailing.objects.exists()
    newsroom.pass_time(minutes=55)
    newsroom.deliver()
    assert newsroom.told("anna") == [{"late": "told"}]


def test_a_correction_and_a_retraction_are_told_once_to_those_who_read_of_it(
    newsroom: Newsroom,
) -> None:
    newsroom.reader("anna")
    newsroom.entry("a", "falsch")
    newsroom.entry("b", "falsch")
    newsroom.entry("c", "nie erzählt")
    newsroom.withdraw("c")
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    newsroom.reader("ben")
    newsroom.entry("a", "richtig")
    newsroom.withdraw("b")
    newsroom.entry("d")
    newsroom.pass_time(hours=1)
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    assert newsroom.told("anna") == [
        {"a": "told", "b": "told"},
        {"a": "corrected", "b": "retracted", "d": "told"},
    ]
    assert newsroom.told("ben") == [{"d": "told"}]
    message = newsroom.received("anna")[1].message
    assert "richtig" in message.html
    assert "Nachricht b" not in message.html + message.text
    assert "zurückgezogen" in message.text
    assert "Korrigiert um" in message.text


def test_tags_and_the_same_text_again_are_no_correction(newsroom: Newsroom) -> None:
    newsroom.reader("anna")
    newsroom.entry("a", "so")
    newsroom.pass_time(hours=1)
    newsroom.entry("a", "so", tags=("Genf",))
    newsroom.withdraw("a")
    newsroom.entry("a", "so", tags=("Genf",))
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    assert newsroom.told("anna") == [{"a": "told"}]


def test_an_embargo_and_the_routes_filters_hold(newsroom: Newsroom) -> None:
    newsroom.reader("anna")
    newsroom.route.not_tags = "Sport"
    newsroom.route.save()
    newsroom.entry("later", embargo_until=newsroom.clock.now + timedelta(minutes=90))
    newsroom.entry("sport", tags=("Sport",))
    newsroom.entry("now")
    newsroom.pass_time(hours=1)
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    assert newsroom.told("anna") == [{"now": "told"}, {"later": "told"}]


def test_one_taken_back_while_it_goes_out_reaches_nobody_else(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_back, "AT_ONCE", 1)
    for name in ("anna", "ben", "cleo"):
        newsroom.reader(name)
    newsroom.entry("a")
    newsroom.entry("b")
    newsroom.pass_time(hours=1)
    newsroom.deliver(most=1)
    newsroom.withdraw("b")
    newsroom.deliver()
    assert newsroom.told("ben") == newsroom.told("cleo") == []
    newsroom.pass_time(minutes=1)
    newsroom.deliver()
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    assert newsroom.told("anna") == [{"a": "told", "b": "told"}, {"b": "retracted"}]
    assert newsroom.told("ben") == newsroom.told("cleo") == [{"a": "told"}]


def test_who_joined_at_different_times_but_missed_the_same_is_one_group(
    newsroom: Newsroom,
) -> None:
    for number in range(30):
        newsroom.reader(f"reader-{number}")
        newsroom.pass_time(minutes=7)
    newsroom.entry("a")
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    assert Digest.objects.count() == 1
    assert MailingRecipient.objects.count() == 30


@pytest.mark.parametrize("readers", [1, 60])
def test_the_number_of_statements_does_not_grow_with_readers_or_entries(
    newsroom: Newsroom, readers: int
) -> None:
    for number in range(readers):
        newsroom.reader(f"reader-{number}")
        newsroom.entry(f"entry-{number}")
    make_due()
    newsroom.clock.move(timedelta(hours=1))
    with CaptureQueriesContext(
        connection,
    ) as statements:
        make_due()
    assert MailingRecipient.objects.count() == readers
    assert len(statements) <= 47


class Killed(BaseException):
    pass


@pytest.mark.django_db(transaction=True)
def test_killed_anywhere_it_is_all_or_nothing(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.reader("anna")
    newsroom.entry("a")
    newsroom.clock.move(timedelta(hours=1))
    statements = 0

    def strike(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        nonlocal statements
        statements += 1
        if statements == deadly:
            raise Killed
        return execute(sql, params, many, context)

    for deadly in range(1, 100):
        statements = 0
        try:
            with connection.execute_wrapper(strike):
                make_due()
        except Killed:
            connection.close()
            assert not MailingRecipient.objects.exists() or newsroom_is_told(), deadly
        else:
            break
    assert deadly > 10
    make_due()
    newsroom.deliver()
    assert newsroom.told("anna") == [{"a": "told"}]


def newsroom_is_told() -> bool:
    subscription = Subscription.objects.get()
    return subscription.told_by == Mailing.objects.get()


def test_an_editor_sees_it_first_and_what_was_seen_is_sent(newsroom: Newsroom) -> None:
    editor = make_user(Role.EDITOR)
    newsroom.route.policy = Policy.REVIEW
    newsroom.route.save()
    newsroom.reader("anna")
    newsroom.entry("a", "falsch")
    newsroom.pass_time(hours=1)
    seen = newsroom.waiting()
    assert not Mailing.objects.exists()
    newsroom.entry("a", "richtig")
    with pytest.raises(review.DigestRefused):
        review.approve(seen.pk, editor, seen.payload_hash)
    newsroom.pass_time(minutes=1)
    newer = newsroom.waiting()
    assert (newer.pk, newer.public_id) == (seen.pk, seen.public_id)
    with pytest.raises(review.DigestRefused):
        review.approve(seen.pk, editor, seen.payload_hash)
    sent = review.approve(newer.pk, editor, newer.payload_hash)
    assert sent.mailing is not None
    assert sent.mailing.frozen_message == newer.message
    with pytest.raises(review.DigestRefused):
        review.approve(newer.pk, editor, newer.payload_hash)
    newsroom.deliver()
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    assert newsroom.told("anna") == [{"a": "told"}]


@pytest.mark.parametrize(
    ("drop", "told"), [(False, [{"a": "told", "b": "told"}]), (True, [{"b": "told"}])]
)
def test_what_was_rejected_is_in_the_next_unless_it_is_dropped(
    newsroom: Newsroom, drop: bool, told: list[dict[str, str]]
) -> None:
    editor = make_user(Role.EDITOR)
    newsroom.route.review_digests = True
    newsroom.route.save()
    newsroom.reader("anna")
    newsroom.entry("a")
    newsroom.pass_time(hours=1)
    seen = newsroom.waiting()
    with pytest.raises(review.DigestRefused):
        review.reject(seen.pk, editor, seen.payload_hash, " ", drop=drop)
    review.reject(seen.pk, editor, seen.payload_hash, "Zu früh", drop=drop)
    newsroom.pass_time(minutes=1)
    assert not Digest.objects.filter(state=DigestState.WAITING).exists()
    newsroom.entry("b")
    newsroom.pass_time(hours=1)
    seen = newsroom.waiting()
    review.approve(seen.pk, editor, seen.payload_hash)
    newsroom.deliver()
    assert newsroom.told("anna") == told


def test_where_no_mail_goes_out_any_more_a_digest_can_only_be_rejected(
    newsroom: Newsroom,
) -> None:
    editor = make_user(Role.EDITOR)
    newsroom.route.policy = Policy.REVIEW
    newsroom.route.save()
    newsroom.reader("anna")
    newsroom.entry("a")
    newsroom.pass_time(hours=1)
    newsroom.route.policy = Policy.OFF
    newsroom.route.save()
    seen = newsroom.waiting()
    with pytest.raises(review.DigestRefused):
        review.approve(seen.pk, editor, seen.payload_hash)
    review.reject(seen.pk, editor, seen.payload_hash, "Abgeschaltet", drop=False)
    assert not Mailing.objects.exists()


def test_one_word_on_the_list_makes_the_digest_wait_and_people_are_told(
    newsroom: Newsroom,
) -> None:
    newsroom.blog.never_automatic = "Anschlag"
    newsroom.blog.save()
    newsroom.reader("anna")
    newsroom.entry("a", "Anschlag in der Stadt")
    newsroom.pass_time(hours=1)
    assert "Anschlag" in str(newsroom.waiting().wording)
    newsroom.pass_time(minutes=11)
    assert Alert.objects.filter(ended_at=None).count() == 1
    newsroom.withdraw("a")
    newsroom.pass_time(minutes=1)
    assert not Alert.objects.filter(ended_at=None).exists()
    assert Digest.objects.get().state == DigestState.CANCELLED


def test_an_editor_may_send_the_next_one_now(newsroom: Newsroom) -> None:
    newsroom.reader("anna")
    newsroom.entry("a")
    newsroom.pass_time(minutes=10)
    assert making.ask_for(newsroom.route, Pace.HOURLY) == 1
    newsroom.pass_time(minutes=1)
    seen = newsroom.waiting()
    review.approve(seen.pk, make_user(Role.EDITOR), seen.payload_hash)
    newsroom.pass_time(hours=2)
    newsroom.deliver()
    assert newsroom.told("anna") == [{"a": "told"}]


def test_the_red_button_and_quiet_hours_put_digests_off(newsroom: Newsroom) -> None:
    newsroom.route.quiet_from, newsroom.route.quiet_to = "07:30", "10:30"
    newsroom.route.save()
    newsroom.route.refresh_from_db()
    newsroom.reader("anna")
    newsroom.entry("a")
    newsroom.pass_time(hours=1)
    newsroom.entry("b")
    newsroom.pass_time(hours=1)
    assert not Digest.objects.exists()
    newsroom.pass_time(hours=2)
    newsroom.deliver()
    assert newsroom.told("anna") == [{"a": "told", "b": "told"}]


def test_who_changes_their_pace_misses_nothing_and_hears_nothing_twice(
    newsroom: Newsroom,
) -> None:
    newsroom.reader("anna")
    newsroom.entry("a")
    newsroom.pass_time(hours=1)
    newsroom.entry("b")
    newsroom.pass_time(minutes=10)
    newsroom.change("anna", Pace.EVERY_ENTRY)
    newsroom.pass_time(minutes=1)
    newsroom.entry("at once")
    newsroom.pass_time(hours=2)
    newsroom.deliver()
    assert newsroom.told("anna") == [{"a": "told"}, {"b": "told"}]
    newsroom.change("anna", Pace.HOURLY)
    newsroom.pass_time(minutes=1)
    newsroom.entry("c")
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    assert newsroom.told("anna")[2:] == [{"c": "told"}]


def test_who_comes_back_starts_anew(newsroom: Newsroom) -> None:
    pk = newsroom.reader("anna")
    newsroom.entry("a")
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    unsubscribe(unsubscribe_url(pk).rsplit("/", 2)[1])
    newsroom.entry("missed")
    newsroom.pass_time(hours=3)
    subscribe("anna@reader.example", newsroom.blog, by_own_wish=True, pace=Pace.HOURLY)
    newsroom.entry("b")
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    assert newsroom.told("anna") == [{"a": "told"}, {"b": "told"}]


def test_where_only_digests_go_out_those_who_want_mail_at_once_get_one_an_hour(
    newsroom: Newsroom,
) -> None:
    newsroom.reader("anna", Pace.EVERY_ENTRY)
    newsroom.entry("was sent at once")
    newsroom.clock.move(timedelta(minutes=5))
    newsroom.route.policy = Policy.DIGEST
    newsroom.route.save()
    policy_changed(newsroom.route, Policy.AUTOMATIC)
    newsroom.entry("b")
    newsroom.pass_time(hours=1)
    newsroom.entry("c")
    newsroom.clock.move(timedelta(minutes=5))
    newsroom.route.policy = Policy.AUTOMATIC
    newsroom.route.save()
    policy_changed(newsroom.route, Policy.DIGEST)
    newsroom.pass_time(minutes=1)
    newsroom.entry("is sent at once")
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    assert newsroom.told("anna") == [{"b": "told"}, {"c": "told"}]


def test_very_many_entries_are_counted_and_the_mail_is_shown_whole(newsroom: Newsroom) -> None:
    newsroom.reader("anna")
    for number in range(120):
        newsroom.entry(f"e{number}", blocks=(Paragraph("Es ist viel geschehen. " * 40),))
    newsroom.entry("key", key_event=True)
    newsroom.pass_time(hours=1)
    newsroom.deliver()
    digest = newsroom.received("anna")[0]
    shown = list(digest.items.values_list("shown", flat=True))
    assert len(digest.message.html.encode()) < 90_000
    assert digest.message.subject.startswith("Nachricht key")
    assert digest.message.subject.endswith("– und 120 weitere Meldungen")
    assert shown.count(Shown.COUNTED) == 121 - shown.count(Shown.TOLD)
    assert shown[0] == Shown.TOLD
