"""A digest that waits for an editor, made as in real life."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from syndicator.clock import database_now
from syndicator.destinations.models import Policy
from syndicator.digests.making import make_due
from syndicator.digests.models import Digest
from syndicator.newsletter.models import Pace, Subscription
from syndicator.newsletter.subscribing import subscribe
from tests.factories import make_blog, make_destination, make_entry, make_route


def waiting_digest(**entry: Any) -> Digest:
    """Of a new live blog with one entry and one reader, who joined two hours ago."""
    blog = make_blog()
    make_route(blog, make_destination("email"), Policy.REVIEW)
    subscription = subscribe("digest@reader.example", blog)
    Subscription.objects.filter(pk=subscription.pk).update(
        pace=Pace.HOURLY, confirmed_at=database_now() - timedelta(hours=2)
    )
    make_entry(blog, **entry)
    make_due()
    return Digest.objects.get(blog=blog)
