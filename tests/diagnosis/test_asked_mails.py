"""What the doctor says of mails that readers asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState, Policy
from syndicator.diagnosis.asked_mails import CONNECT_ONE, OPEN_IT, SEE_TO_BOTH, asked_mails_go_out
from syndicator.entries.models import LiveBlog
from syndicator.posts import review
from syndicator.signup.models import Ask, AskKind, AskState
from syndicator.wording import Wording
from tests.factories import make_blog, make_destination, make_route, make_user

pytestmark = pytest.mark.django_db


def make_ask(blog: LiveBlog | None, minutes: int = 6) -> Ask:
    now = database_now()
    return Ask.objects.create(
        kind=AskKind.SUBSCRIBE if blog else AskKind.OWN_DATA,
        address="anna@reader.example",
        blog=blog,
        nonce="n",
        asked_at=now - timedelta(minutes=minutes),
        due_at=now,
        ends_at=now + timedelta(days=1),
    )


def mailed(policy: Policy = Policy.AUTOMATIC) -> LiveBlog:
    blog = make_blog()
    make_route(blog, make_destination("email"), policy)
    return blog


def advice() -> list[Wording | None]:
    return [finding.advice for finding in asked_mails_go_out()]


def test_those_that_wait_though_they_could_go_out_are_told() -> None:
    ask = make_ask(mailed())
    (finding,) = asked_mails_go_out()
    assert finding.since == ask.asked_at
    assert "gone out: 1." in str(finding.what.wording(lambda moment: ""))
    assert finding.advice == SEE_TO_BOTH


def test_those_of_the_last_minutes_and_those_that_were_sent_are_not() -> None:
    blog = mailed()
    make_ask(blog, minutes=4)
    sent = make_ask(blog)
    sent.state = AskState.SENT
    sent.save()
    assert advice() == []


def test_a_live_blog_without_an_email_account_is_told() -> None:
    make_ask(make_blog())
    make_ask(mailed(Policy.OFF))
    (finding,) = asked_mails_go_out()
    assert finding.advice == CONNECT_ONE
    assert "2" in str(finding.what.wording(lambda moment: ""))


def test_ones_own_data_come_from_any_account() -> None:
    make_ask(None)
    assert advice() == [CONNECT_ONE]
    make_destination("email")
    assert advice() == [SEE_TO_BOTH]


def test_an_account_that_is_paused_is_told() -> None:
    make_ask(mailed())
    Destination.objects.update(state=DestinationState.PAUSED)
    assert advice() == [OPEN_IT]


def test_a_stop_is_told() -> None:
    make_ask(mailed())
    review.stop(make_user(), "Falsche Zahl")
    assert advice() == [OPEN_IT]
