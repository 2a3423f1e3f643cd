"""The figures, read from the database at each scrape: right with any number of processes.

The number of queries is always the same, and labels have only values that an administrator or
this code has made: a destination's name, its channel, a state, an outcome.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Max, Min
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from syndicator.alerts.raising import open_alerts
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState
from syndicator.entries.models import Entry
from syndicator.newsletter.models import MailingRecipient, RecipientState
from syndicator.posts.models import Attempt, AttemptOutcome, Post, PostState, SweepReport

BY_DESTINATION = ("destination", "channel")
#: An attempt's outcome while it is not known: it is under way, or its worker has died.
UNDER_WAY = "under_way"


class DatabaseCollector:
    """A collector for prometheus-client."""

    def collect(self) -> Iterator[Metric]:
        now = database_now()
        destinations = list(Destination.objects.order_by("name"))
        yield from _standing_still(destinations)
        yield _posts(destinations)
        yield _oldest_due_post(destinations, now)
        yield _tries(destinations)
        yield from _rendering(now)
        yield from _last_sweep(now)
        yield _mails()
        yield GaugeMetricFamily(
            "syndicator_alerts_open", "Alerts that last.", value=open_alerts().count()
        )


def _standing_still(destinations: list[Destination]) -> Iterator[Metric]:
    paused = GaugeMetricFamily(
        "syndicator_destination_paused", "1 if the destination is paused.", labels=BY_DESTINATION
    )
    circuit_open = GaugeMetricFamily(
        "syndicator_destination_circuit_open",
        "1 if so many tries failed in a row that only one is made now and then.",
        labels=BY_DESTINATION,
    )
    for one in destinations:
        paused.add_metric(_labels(one), one.state == DestinationState.PAUSED)
        circuit_open.add_metric(_labels(one), one.circuit_opened_at is not None)
    yield from (paused, circuit_open)


def _posts(destinations: list[Destination]) -> Metric:
    family = GaugeMetricFamily(
        "syndicator_posts", "Posts by destination and state.", labels=(*BY_DESTINATION, "state")
    )
    rows = Post.objects.order_by().values_list("destination", "state").annotate(Count("pk"))
    counted = {(pk, state): count for pk, state, count in rows}
    for one in destinations:
        for state in PostState:
            family.add_metric([*_labels(one), state], counted.get((one.pk, state), 0))
    return family


def _oldest_due_post(destinations: list[Destination], now: datetime) -> Metric:
    family = GaugeMetricFamily(
        "syndicator_oldest_due_post_seconds",
        "How long the oldest approved post has been due; 0 if none is.",
        labels=BY_DESTINATION,
    )
    due = Post.objects.filter(state=PostState.APPROVED, due_at__lte=now)
    since = dict(due.order_by().values_list("destination").annotate(Min("due_at")))
    for one in destinations:
        family.add_metric(_labels(one), _age(since.get(one.pk), now))
    return family


def _tries(destinations: list[Destination]) -> Metric:
    family = CounterMetricFamily(
        "syndicator_tries",
        "Tries to send a post or to look it up, by what they came to.",
        labels=(*BY_DESTINATION, "outcome"),
    )
    rows = Attempt.objects.order_by().values_list("post__destination", "outcome")
    counted = {(pk, outcome): count for pk, outcome, count in rows.annotate(Count("pk"))}
    for one in destinations:
        for outcome in ("", *AttemptOutcome):
            family.add_metric(
                [*_labels(one), outcome or UNDER_WAY], counted.get((one.pk, outcome), 0)
            )
    return family


def _rendering(now: datetime) -> Iterator[Metric]:
    waiting = Entry.objects.filter(render_due_at__lte=now).aggregate(
        count=Count("pk"), since=Min("render_due_at")
    )
    yield GaugeMetricFamily(
        "syndicator_entries_to_render",
        "Entries that wait to be made into posts.",
        value=waiting["count"],
    )
    yield GaugeMetricFamily(
        "syndicator_oldest_entry_to_render_seconds",
        "How long the oldest of them has waited; 0 if none does.",
        value=_age(waiting["since"], now),
    )


def _last_sweep(now: datetime) -> Iterator[Metric]:
    """Nothing before the first sweep: a figure would look as if there had been one."""
    if swept_at := SweepReport.objects.aggregate(last=Max("swept_at"))["last"]:
        yield GaugeMetricFamily(
            "syndicator_last_sweep_age_seconds",
            "How long ago posts were last swept.",
            value=_age(swept_at, now),
        )


def _mails() -> Metric:
    family = GaugeMetricFamily(
        "syndicator_mails", "Mails to subscribers by state.", labels=("state",)
    )
    rows = MailingRecipient.objects.order_by().values_list("state").annotate(Count("pk"))
    counted = dict(rows)
    for state in RecipientState:
        family.add_metric([state], counted.get(state, 0))
    return family


def _labels(destination: Destination) -> tuple[str, str]:
    return destination.name, destination.channel_name


def _age(since: datetime | None, now: datetime) -> float:
    """Seconds."""
    return (now - since).total_seconds() if since else 0.0
