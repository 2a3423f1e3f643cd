"""Limits of a mail server hold over all workers, however much is due."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic

import pytest
from django.db import connection
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicator.channels.base import Unauthorised
from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.entries.models import LiveBlog
from syndicator.newsletter.lanes import gives_way, lane_of
from syndicator.newsletter.limits import Limits, WarmUp
from syndicator.newsletter.models import Allowance, Lane, Mailing
from syndicator.newsletter.senders import CONNECTIONS, at_work
from syndicator.newsletter.throttle import claim_allowed, daily_ceiling
from tests.factories import make_content, make_source
from tests.newsletter.mailings import make_mailing, subscribe_many

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mailing(destination: Destination, blog: LiveBlog) -> Mailing:
    subscribe_many(blog, 300)
    return make_mailing(destination, blog, *(f"g{n}@gmx.example" for n in range(40)))


def take(mailing: Mailing, limits: Limits, wanted: int = 500) -> list[str]:
    mails = claim_allowed(mailing.pk, mailing.destination_id, "somebody", wanted, limits)
    return [mail.address for mail in mails]


def pass_by(**span: float) -> None:
    Allowance.objects.update(filled_at=F("filled_at") - timedelta(**span))


def test_in_no_minute_more_than_allowed_go_out(mailing: Mailing) -> None:
    limits, began = Limits(per_minute=110), monotonic()
    taken = len(take(mailing, limits))
    assert taken == 10
    for _ in range(12):
        pass_by(seconds=5)
        taken += len(take(mailing, limits))
    minutes = 1 + (monotonic() - began) / 60
    assert 100 <= taken <= 10 + 100 * minutes


def test_workers_share_what_is_allowed(mailing: Mailing) -> None:
    def work(_: int) -> int:
        try:
            return len(take(mailing, Limits(per_minute=1100), 30))
        finally:
            connection.close()

    began = monotonic()
    with ThreadPoolExecutor(4) as pool:
        taken = sum(pool.map(work, range(8)))
    assert 100 <= taken <= 101 + 1000 * (monotonic() - began) / 60


def test_a_mail_provider_has_a_limit_of_its_own(mailing: Mailing) -> None:
    limits = Limits(domains={"gmx.example": 33})
    taken = take(mailing, limits)
    assert sum(address.endswith("@gmx.example") for address in taken) == 3
    assert len(taken) == 303, "the others need not wait for it"
    pass_by(seconds=20)
    assert len(take(mailing, limits)) == 3, "no more than the bucket holds"


def test_a_new_sender_is_warmed_up(mailing: Mailing) -> None:
    limits = Limits(warm_up=WarmUp(50, 200))
    numbers = []
    for _ in range(4):
        numbers.append(len(take(mailing, limits)))
        assert daily_ceiling(mailing.destination_id, limits) == (
            numbers[-1] if numbers[-1] in (50, 100) else None
        )
        Allowance.objects.update(
            day=F("day") - timedelta(days=1), first_day=F("first_day") - timedelta(days=1)
        )
    assert numbers == [50, 100, 190, 0]


def test_limits_are_read_as_people_write_them() -> None:
    assert Limits.from_settings({}) == Limits()
    assert Limits.from_settings(
        {
            "connections": " 20 ",
            "mails_per_minute": "600",
            "domain_limits": "GMX.de: 60/min, @web.de: 30",
            "warm_up": "500 bis 50000",
            "uncertain": "again",
        }
    ) == Limits(20, 600, {"gmx.de": 60, "web.de": 30}, WarmUp(500, 50_000))


@pytest.mark.parametrize(
    "written",
    [
        {"connections": "viele"},
        {"mails_per_minute": "0"},
        {"mails_per_minute": "-5"},
        {"domain_limits": "gmx.de"},
        {"domain_limits": "gmx.de: 60 web.de: 30"},
        {"warm_up": "500"},
        {"uncertain": "perhaps"},
    ],
)
def test_what_is_not_understood_is_said(written: dict[str, str]) -> None:
    with pytest.raises(Unauthorised) as refused:
        Limits.from_settings(written)
    assert next(iter(written.values())) in str(refused.value.reason)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(1, 10**6), st.integers(1, 10**9), st.integers(0, 10**6))
def test_a_warm_up_grows_until_there_is_no_limit(start: int, full: int, day: int) -> None:
    today, tomorrow = WarmUp(start, full).ceiling(day), WarmUp(start, full).ceiling(day + 1)
    if today is not None:
        assert tomorrow is None or tomorrow == 2 * today
    else:
        assert tomorrow is None


def test_connections_are_shared_and_some_are_kept_for_breaking_news(mailing: Mailing) -> None:
    limits = Limits(connections=8)
    with at_work(mailing, limits) as first:
        assert first
        assert first[0].connections == 6
        with at_work(mailing, limits) as second:
            assert second is None
        mailing.lane = Lane.BREAKING
        Mailing.objects.filter(pk=mailing.pk).update(lane=Lane.BREAKING)
    with at_work(mailing, limits) as breaking:
        assert breaking
        assert breaking[0].connections == 8
    with at_work(mailing, Limits()) as unlimited:
        assert unlimited
        assert unlimited[0].connections == CONNECTIONS


def test_a_digest_gives_way_to_breaking_news_for_a_while(
    destination: Destination, blog: LiveBlog, mailing: Mailing
) -> None:
    Mailing.objects.filter(pk=mailing.pk).update(lane=Lane.BREAKING)
    digest = Mailing(lane=Lane.DIGEST)
    assert gives_way(digest, database_now())
    assert not gives_way(Mailing(lane=Lane.BREAKING), database_now())
    Mailing.objects.filter(pk=mailing.pk).update(created_at=database_now() - timedelta(minutes=1))
    assert not gives_way(digest, database_now()), "not for ever: its relay may be slow"


def test_breaking_tags_take_the_breaking_lane_as_they_do_at_the_desk(blog: LiveBlog) -> None:
    from syndicator.entries.ingest import ingest

    blog.breaking_tags = "eilmeldung"
    blog.save()
    source = make_source(blog)
    for number, (values, lane) in enumerate(
        [
            ({}, Lane.ENTRY),
            ({"key_event": True}, Lane.ENTRY),
            ({"tags": ("Eilmeldung",)}, Lane.BREAKING),
        ]
    ):
        content = make_content(f"l{number}", **values)
        ingest(source, content)
        assert lane_of(blog, content.permalink) == lane
