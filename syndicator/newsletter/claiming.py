"""Takes due mails, many at once, under a lease. What is claimed is nobody else's until it ends.

The statement that takes them also asks whether they may go out at all: whatever was committed
before it, a stop, a pause, somebody leaving, is heeded for every single one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import OuterRef, Q, QuerySet

from syndicator.clock import database_now
from syndicator.destinations.models import DestinationState
from syndicator.destinations.stops import held
from syndicator.newsletter.models import (
    MailingRecipient,
    MailingState,
    RecipientState,
    SubscriptionState,
)

#: How long a claimed mail is nobody else's. Longer than it may wait and then take.
LEASE = timedelta(minutes=5)
SEND_DEADLINE = timedelta(minutes=2)
#: After so long a claimed mail is not begun any more: it might outlive the lease.
BEGIN_WITHIN = timedelta(minutes=2)
MOST = 1000

#: PostgreSQL knows a new mailing's rows only once the table is analysed, perhaps a minute later.
#: Until then it expects one, and might sort all that wait for every claim rather than walk the
#: index which has them in order: 90 mails a second instead of 6,000.
_IN_ORDER = "SET LOCAL enable_sort = off"
_MATERIALIZED = {"sqlite": "", "postgresql": "MATERIALIZED"}


class Claimed(NamedTuple):
    """One mail that is this sender's to send; *epoch* fences whatever is written about it."""

    pk: int
    epoch: int
    attempts: int
    subscription_id: int
    address: str
    message_id: str


def due() -> QuerySet[MailingRecipient]:
    """All mails that may be sent now, if their reader has not left."""
    now = database_now()
    return MailingRecipient.objects.filter(
        held().allows(channel="mailing__destination__channel_name", blog="mailing__blog"),
        Q(mailing__paused_until=None) | Q(mailing__paused_until__lte=now),
        mailing__state=MailingState.SENDING,
        mailing__destination__state=DestinationState.ACTIVE,
        state=RecipientState.QUEUED,
        due_at__lte=now,
    )


def tried() -> QuerySet[MailingRecipient]:
    """Those under way, and those that wait for another try; said so that their index is used."""
    return MailingRecipient.objects.filter(attempts__gt=0, due_at__isnull=False)


def due_of(mailing: int | OuterRef) -> QuerySet[MailingRecipient]:
    """Those of one mailing in the order in which they are claimed. Ask for few of them: without an
    order PostgreSQL might look through the whole table for the first."""
    return due().filter(mailing=mailing).order_by("due_at", "pk")


def are_due(mailing_id: int, more_than: int = 0) -> bool:
    """Whether more than so many mails of a mailing may be sent now."""
    return bool(due_of(mailing_id).values_list("pk")[more_than : more_than + 1])


def claim(
    mailing_id: int,
    sender: str,
    limit: int,
    *,
    only: str | None = None,
    but: Collection[str] = (),
) -> list[Claimed]:
    """Take up to *limit* mails of a mailing that are due, the longest due first.

    *sender* is the token of who takes them. With *only* those to one domain, without those to the
    domains *but*. To be called in a transaction of its own, which is committed before anything is
    sent.
    """
    if limit < 1:
        return []
    taking = due_of(mailing_id).filter(subscription__state=SubscriptionState.ACTIVE)
    if only is not None:
        taking = taking.filter(address__endswith=f"@{only}")
    for domain in but:
        taking = taking.exclude(address__endswith=f"@{domain}")
    if connection.features.has_select_for_update_skip_locked:
        taking = taking.select_for_update(skip_locked=True, of=("self",), no_key=True)
    try:
        chosen, parameters = taking.only("pk")[: min(limit, MOST)].query.sql_with_params()
    except EmptyResultSet:  # everything is stopped
        return []
    table = MailingRecipient._meta.db_table
    sql = f"""
        WITH taken (id) AS {_MATERIALIZED[connection.vendor]} ({chosen})
        UPDATE {table} SET state = %s, due_at = %s, epoch = epoch + 1, attempts = attempts + 1,
            sender = %s
        WHERE id IN (SELECT id FROM taken)
        RETURNING id, epoch, attempts, subscription_id, address, message_id"""  # noqa: S608
    lease_ends = MailingRecipient._meta.get_field("due_at").get_db_prep_value(
        database_now() + LEASE, connection
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_IN_ORDER)
        cursor.execute(sql, [*parameters, RecipientState.IN_FLIGHT, lease_ends, sender])
        return sorted(map(Claimed._make, cursor.fetchall()))


def put_aside_who_left(mailing_id: int) -> int:
    """Suppress the mails of a mailing whose readers have left since; the number of them."""
    with transaction.atomic():
        return (
            MailingRecipient.objects.filter(mailing=mailing_id, state=RecipientState.QUEUED)
            .exclude(subscription__state=SubscriptionState.ACTIVE)
            .update(state=RecipientState.SUPPRESSED, due_at=None)
        )
