"""A live blog's whole list as the rows of a table, a few thousand people at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from syndicator.entries.models import LiveBlog
from syndicator.newsletter.models import Subscription

#: The columns of the table, by where they are read.
_FIELDS = {
    "email": "subscriber__email",
    "name": "subscriber__name",
    "state": "state",
    "pace": "pace",
    "daily_hour": "daily_hour",
    "time_zone": "subscriber__time_zone",
    "confirmed_at": "confirmed_at",
    "unsubscribed_at": "unsubscribed_at",
}
_BATCH = 2000


def rows(blog: LiveBlog) -> Iterator[list[str]]:
    """A head, then everybody who is or was on the list of *blog*. To import it changes nothing."""
    yield list(_FIELDS)
    after = 0
    # By key and not by one long cursor, which would keep a transaction open for as long as a slow
    # reader takes.
    while found := _found(blog, after):
        for row in found:
            yield [_said(value) for value in row[1:]]
        after = found[-1][0]


def _found(blog: LiveBlog, after: int) -> list[tuple[Any, ...]]:
    rest = Subscription.objects.filter(blog=blog, pk__gt=after).order_by("pk")
    return list(rest.values_list("pk", *_FIELDS.values())[:_BATCH])


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return "" if value is None else str(value)
