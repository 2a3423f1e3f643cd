"""A live blog that sends mail, its readers, and a clock that only the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from syndicator import queue
from syndicator.channels.email import digest
from syndicator.content import Paragraph
from syndicator.destinations.models import Policy, Route
from syndicator.digests.making import Made, make_due
from syndicator.digests.models import Digest, DigestState
from syndicator.entries.ingest import withdraw
from syndicator.entries.models import Entry, LiveBlog
from syndicator.newsletter import fanout, sweep  # noqa: F401 - they read the clock, too
from syndicator.newsletter.models import (
    MailingRecipient,
    Pace,
    RecipientState,
    Subscriber,
    Subscription,
)
from syndicator.newsletter.pacing import set_pace
from syndicator.newsletter.subscribing import subscribe
from syndicator.newsletter.taking_back import stop_withdrawn
from tests.digests.stories import make_digest_story
from tests.factories import make_blog, make_destination, make_entry, make_route, make_source
from tests.model.clock import SimulatedClock, installed


@dataclass
class Newsroom:
    """The blog at its clock, which begins at 06:00 UTC, 07:00 in Berlin."""

    blog: LiveBlog
    route: Route
    clock: SimulatedClock

    def entry(self, name: str, text: str = "", **values: Any) -> Entry:
        """Push an entry, or an edit of it."""
        values = {"headline": f"Nachricht {name}: {text}", "published_at": self.clock.now, **values}
        values.setdefault("blocks", (Paragraph(f"Das ist {name}. {text}".strip()),))
        return make_entry(self.blog, external_id=name, **values)

    def withdraw(self, name: str) -> None:
        withdraw(make_source(self.blog), name)

    def reader(self, name: str, pace: Pace = Pace.HOURLY, hour: int = 7, zone: str = "") -> int:
        subscription = subscribe(f"{name}@reader.example", self.blog)
        Subscription.objects.filter(pk=subscription.pk).update(pace=pace, daily_hour=hour)
        Subscriber.objects.filter(pk=subscription.subscriber_id).update(time_zone=zone)
        return subscription.pk

    def change(self, name: str, pace: Pace) -> None:
        pk = Subscription.objects.get(subscriber__email=f"{name}@reader.example").pk
        set_pace(pk, pace)

    def pass_time(self, **by: int) -> Made:
        """Let time pass, and make what is due by then."""
        self.clock.move(timedelta(**by))
        return make_due()

    def deliver(self, most: int = 1000) -> None:
        """Send *most* of the mails that wait, as the fan-out would."""
        stop_withdrawn()
        waiting = MailingRecipient.objects.filter(state=RecipientState.QUEUED).order_by("pk")
        for recipient in waiting[:most]:
            recipient.state = RecipientState.ACCEPTED
            recipient.accepted_at = self.clock.now
            recipient.save()

    def received(self, name: str) -> list[Digest]:
        """The digests that a reader got, in order."""
        got = MailingRecipient.objects.filter(
            address=f"{name}@reader.example", state=RecipientState.ACCEPTED
        )
        return list(Digest.objects.filter(mailing__recipients__in=got).order_by("mailing__pk"))

    def told(self, name: str) -> list[dict[str, str]]:
        """How each digest that a reader got tells of which entry."""
        return [
            dict(digest.items.values_list("entry__external_id", "shown"))
            for digest in self.received(name)
        ]

    def waiting(self) -> Digest:
        return Digest.objects.get(blog=self.blog, state=DigestState.WAITING)


@pytest.fixture(scope="session", autouse=True)
def _warm() -> None:
    """Templates and word lists are read before a transaction begins, which must not be idle."""
    digest.render(make_digest_story())


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "ring", lambda *_: None)


@pytest.fixture
def newsroom(quiet: None) -> Iterator[Newsroom]:
    clock = SimulatedClock()
    with installed(clock):
        yield make_newsroom(clock)


def make_newsroom(clock: SimulatedClock, policy: Policy = Policy.AUTOMATIC) -> Newsroom:
    blog = make_blog(language="de")
    return Newsroom(blog, make_route(blog, make_destination("email"), policy), clock)
