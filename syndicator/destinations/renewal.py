"""Renews an account's rotating access keys: by one worker at a time, and kept at once.

A refresh token works once. Two workers that use the same one lose the account, and so does one
that cannot keep what it got. So the renewal is a lease on the destination's row; the exchange
itself runs outside of any transaction, and its result is written before anything else is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction

from syndicator import secrets
from syndicator.channels.base import Exchange, TryLater
from syndicator.clock import database_now
from syndicator.destinations.models import Destination
from syndicator.wording import Wording, gettext_noop

#: Longer than any call to a platform may take.
LEASE = timedelta(seconds=60)
#: When somebody else renews: how long to wait for them.
BUSY = timedelta(seconds=5)

BUSY_WHY = Wording(gettext_noop("The access to the account is just being renewed; tried again."))
OVERTAKEN = Wording(
    gettext_noop("Renewing the access to the account took too long; it is tried again.")
)


def renew(pk: int, known: Mapping[str, str], exchange: Exchange) -> Mapping[str, str]:
    """All settings of destination *pk* after *exchange*; its secrets were *known* to the caller.

    If they are others by now, somebody has renewed them: then those, without an exchange. Raises
    `TryLater` if somebody is at it, and whatever *exchange* raises.
    """
    with transaction.atomic():
        row = _locked(pk)
        now = database_now()
        current = secrets.decrypt(row.encrypted_secrets)
        if current != dict(known):
            return {**row.settings, **current}
        if row.renewing_until is not None and now < row.renewing_until <= now + LEASE:
            raise TryLater(BUSY_WHY, retry_after=BUSY)
        row.renewing_until = now + LEASE
        row.renewals += 1
        row.save(update_fields=["renewing_until", "renewals"])
    try:
        renewed = exchange({**row.settings, **current})
    except BaseException:
        # Even if the answer was lost: the next try learns whether the old keys still work.
        Destination.objects.filter(pk=pk, renewals=row.renewals).update(renewing_until=None)
        raise
    return _keep(row, current, renewed)


def _keep(
    mine: Destination, before: Mapping[str, str], renewed: Mapping[str, str]
) -> Mapping[str, str]:
    with transaction.atomic():
        row = _locked(mine.pk)
        current = secrets.decrypt(row.encrypted_secrets)
        if row.renewals != mine.renewals or current != dict(before):
            # The lease was lost, or a person has entered other keys meanwhile: theirs count.
            raise TryLater(OVERTAKEN)
        secret_names = {one.name for one in row.channel.settings if one.secret}
        kept = {name: value for name, value in renewed.items() if name in secret_names}
        row.settings |= {
            one.name: renewed[one.name]
            for one in row.channel.settings
            if not one.secret and one.name in renewed
        }
        current |= kept
        row.encrypted_secrets = secrets.encrypt(current)
        row.renewing_until = None
        row.save(update_fields=["settings", "encrypted_secrets", "renewing_until"])
    return {**row.settings, **current}


def _locked(pk: int) -> Destination:
    return Destination.objects.select_for_update(no_key=True).get(pk=pk)
