"""Deletes the addresses of those who got a mail long ago; how many there were of each kind stays.

Suppressions keep theirs: without it nobody could see on the desk whom they are about.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from syndicator.newsletter.models import Mailing, MailingRecipient, MailingState
from syndicator.returns.models import the_rules

#: Rows in one statement, and statements in one sweep: another goes on where it ended.
ROWS = 5000
STATEMENTS = 20


def purge_old(now: datetime) -> int:
    """Purge the mailings that are old enough; the number of recipients forgotten."""
    old = Mailing.objects.filter(
        purged_at=None,
        created_at__lt=now - timedelta(days=the_rules().kept_days),
        state=MailingState.DONE,
    )
    forgotten = statements = 0
    for pk in old.order_by("created_at").values_list("pk", flat=True)[:STATEMENTS]:
        while True:
            if statements == STATEMENTS:
                return forgotten
            statements += 1
            some = list(
                MailingRecipient.objects.filter(mailing=pk)
                .exclude(address="", answer="")
                .values_list("pk", flat=True)[:ROWS]
            )
            # What the remote wrote names the address as often as not.
            MailingRecipient.objects.filter(pk__in=some).update(address="", answer="")
            forgotten += len(some)
            if len(some) < ROWS:
                break
        Mailing.objects.filter(pk=pk).update(purged_at=now)
    return forgotten
