"""Who gets a mailing: one row for each, written by the database itself in one statement."""

from __future__ import annotations

from django.db import connection
from django.db.models import QuerySet

from syndicator.newsletter.announcement import announce
from syndicator.newsletter.lanes import ring, senders_for
from syndicator.newsletter.models import (
    Lane,
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientState,
    Subscription,
)

#: 128 random bits, as hexadecimal digits: nobody guesses another's Message-ID.
_RANDOM = {
    "sqlite": "lower(hex(randomblob(16)))",
    "postgresql": "replace(gen_random_uuid()::text, '-', '')",
}
#: Made of the subscription; the other columns are the same for all.
_OF_EACH = ("subscription_id", "address", "message_id")


def address(mailing: Mailing, subscriptions: QuerySet[Subscription]) -> int:
    """Queue one mail of *mailing* for each of *subscriptions*, in their order; their number.

    To be called once for a mailing, in the transaction that made it: with its commit the fan-out
    begins. A million subscriptions take no more memory than one: none of them comes here.
    """
    if mailing.lane == Lane.BREAKING:
        # It will be announced again when it is there to be sent (`ring`); by then the senders of
        # digests are done with what they were at.
        announce()
    added = _insert(mailing, subscriptions)
    if added:
        ring(mailing, senders_for(added))
    else:
        mailing.state = MailingState.DONE
        mailing.save(update_fields=["state"])
    return added


def _insert(mailing: Mailing, subscriptions: QuerySet[Subscription]) -> int:
    chosen, parameters = subscriptions.values("pk", "subscriber__email").query.sql_with_params()
    row = MailingRecipient(mailing=mailing, state=RecipientState.QUEUED, due_at=mailing.created_at)
    same = [
        field
        for field in MailingRecipient._meta.concrete_fields
        if not field.primary_key and field.attname not in _OF_EACH
    ]
    columns = ", ".join((*_OF_EACH, *(str(field.column) for field in same)))
    sql = f"""
        INSERT INTO {MailingRecipient._meta.db_table} ({columns})
        WITH chosen (pk, email) AS ({chosen})
        SELECT pk, email, '<' || {_RANDOM[connection.vendor]} || %s{", %s" * len(same)}
        FROM chosen"""  # noqa: S608
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in same]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*parameters, f".{mailing.pk}@{_domain(mailing)}>", *values])
        added: int = cursor.rowcount
    return added


def _domain(mailing: Mailing) -> str:
    """That of the sender's address."""
    sender: str = mailing.destination.settings.get("from_address", "")
    return sender.rpartition("@")[2]
