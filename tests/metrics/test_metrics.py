"""The figures a monitoring system reads, by its own parser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus
from pytest_django import Settings

from syndicator.alerts.raising import end_alert
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, Policy
from syndicator.entries.models import Entry
from syndicator.newsletter.models import MailingRecipient, RecipientState
from syndicator.posts.models import (
    Attempt,
    AttemptKind,
    AttemptOutcome,
    Post,
    PostState,
    SweepReport,
)
from syndicator.posts.sweep import sweep_in_turn
from syndicator.wording import Wording
from tests.alerts.alerts import KEY, raised
from tests.channels.email.scripted_relay import serving
from tests.factories import make_blog, make_destination, make_due, make_entry, make_post
from tests.newsletter.mailings import make_mailing

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "watcher-1"
#: The value of a metric with these labels; None if there is none.
Read = Callable[..., float | None]


@pytest.fixture(autouse=True)
def _token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


@pytest.fixture
def page() -> Iterator[Callable[[], str]]:
    client = Client()

    def get() -> str:
        answer = client.get("/metrics/", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain")
        return answer.content.decode()

    return get


@pytest.fixture
def read(page: Callable[[], str]) -> Read:
    def find(name: str, **labels: str) -> float | None:
        found = [
            sample.value
            for family in prometheus(page())
            for sample in family.samples
            if sample.name == name and sample.labels == labels
        ]
        assert len(found) <= 1
        return found[0] if found else None

    return find


def labels(destination: Destination) -> dict[str, str]:
    return {"destination": destination.name, "channel": destination.channel_name}


def test_who_may_read(settings: Settings, client: Client) -> None:
    refused = [
        client.get("/metrics/"),
        client.get("/metrics/", headers={"Authorization": "Bearer watcher-2"}),
        client.get("/metrics/", headers={"Authorization": f"Basic {TOKEN}"}),
        client.get("/metrics/", headers={"Authorization": "Bearer wätcher"}),
    ]
    assert [answer.status_code for answer in refused] == [401] * 4
    assert refused[0]["WWW-Authenticate"] == "Bearer"
    assert client.get("/metrics/", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200
    settings.METRICS_TOKEN = ""
    for token in ("", TOKEN):
        answer = client.get("/metrics/", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 404


def test_posts_by_destination_and_state(read: Read) -> None:
    quiet = make_destination()
    busy = make_destination("facebook")
    for _ in range(2):
        make_post(Policy.REVIEW, busy)
    make_post(Policy.AUTOMATIC, busy)
    assert read("syndicator_posts", **labels(busy), state="pending") == 2
    assert read("syndicator_posts", **labels(busy), state="approved") == 1
    assert read("syndicator_posts", **labels(busy), state="sent") == 0
    assert read("syndicator_posts", **labels(quiet), state="pending") == 0


def test_how_long_the_oldest_due_post_waits(read: Read) -> None:
    destination = make_destination()
    name = "syndicator_oldest_due_post_seconds"
    post = make_post(Policy.AUTOMATIC, destination)
    Post.objects.update(due_at=database_now() + timedelta(hours=1))
    assert read(name, **labels(destination)) == 0
    make_due(post)
    Post.objects.update(due_at=database_now() - timedelta(hours=1))
    make_post(Policy.AUTOMATIC, destination)
    assert 3600 <= (read(name, **labels(destination)) or 0) < 3700
    Post.objects.update(state=PostState.UNCERTAIN)
    assert read(name, **labels(destination)) == 0


def test_destinations_that_stand_still(read: Read) -> None:
    destination = make_destination()
    assert read("syndicator_destination_circuit_open", **labels(destination)) == 0
    Destination.objects.update(circuit_opened_at=database_now())
    assert read("syndicator_destination_circuit_open", **labels(destination)) == 1
    assert read("syndicator_destination_paused", **labels(destination)) == 0
    Destination.pause(destination.pk, Wording("Token."), database_now())
    assert read("syndicator_destination_paused", **labels(destination)) == 1


def test_entries_that_wait_to_be_rendered(read: Read) -> None:
    Entry.objects.update(render_due_at=None)
    assert read("syndicator_entries_to_render") == 0
    assert read("syndicator_oldest_entry_to_render_seconds") == 0
    make_entry()
    entry = make_entry()
    Entry.objects.filter(pk=entry.pk).update(render_due_at=database_now() - timedelta(minutes=5))
    assert read("syndicator_entries_to_render") == 2
    assert 300 <= (read("syndicator_oldest_entry_to_render_seconds") or 0) < 400


def test_how_long_ago_the_last_sweep_was(read: Read) -> None:
    assert read("syndicator_last_sweep_age_seconds") is None
    sweep_in_turn()
    SweepReport.objects.update(swept_at=F("swept_at") - timedelta(minutes=2))
    assert 120 <= (read("syndicator_last_sweep_age_seconds") or 0) < 200


def test_tries_by_outcome(read: Read) -> None:
    post = make_post()
    outcomes = [AttemptOutcome.TRY_LATER, AttemptOutcome.TRY_LATER, AttemptOutcome.ACCEPTED, ""]
    for epoch, outcome in enumerate(outcomes, 1):
        Attempt.objects.create(
            post=post,
            kind=AttemptKind.SEND,
            epoch=epoch,
            started_at=database_now(),
            outcome=outcome,
        )
    counts = {"try_later": 2, "accepted": 1, "under_way": 1, "unknown": 0}
    for outcome, count in counts.items():
        found = read("syndicator_tries_total", **labels(post.destination), outcome=outcome)
        assert found == count


def test_mails_and_alerts(read: Read) -> None:
    with serving() as relay:
        blog = make_blog()
        make_mailing(make_destination("email", relay.url), blog, "a@r.example", "b@r.example")
    MailingRecipient.objects.filter(address="a@r.example").update(state=RecipientState.BOUNCED)
    assert read("syndicator_mails", state="queued") == 1
    assert read("syndicator_mails", state="bounced") == 1
    assert read("syndicator_mails", state="uncertain") == 0
    raised()
    assert read("syndicator_alerts_open") == 1
    end_alert(KEY, database_now())
    assert read("syndicator_alerts_open") == 0


def test_the_number_of_queries_does_not_grow(page: Callable[[], str]) -> None:
    make_post()
    with CaptureQueriesContext(connection) as few:
        page()
    for _ in range(5):
        make_post(destination=make_destination("facebook"))
        raised(f"key-{_}")
    with CaptureQueriesContext(connection) as many:
        page()
    assert len(few) == len(many) <= 9


def test_a_scraper_that_asks_for_openmetrics_gets_it(client: Client) -> None:
    destination = make_destination()
    Destination.objects.update(name='Zeitung "Süd"\\\n')
    answer = client.get(
        "/metrics/",
        headers={
            "Authorization": f"Bearer {TOKEN}",
            "Accept": "application/openmetrics-text;version=1.0.0",
        },
    )
    assert answer["Content-Type"].startswith("application/openmetrics-text")
    families = {family.name: family for family in openmetrics(answer.content.decode())}
    (sample,) = families["syndicator_destination_paused"].samples
    assert sample.labels == {"destination": 'Zeitung "Süd"\\\n', "channel": "x"}
    assert destination.pk
