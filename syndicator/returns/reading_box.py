"""Reads a destination's mailbox for what came back: one reader at a time, under a lease.

A mail is marked in the mailbox only after what follows from it is committed. Whoever is ended in
between leaves it unmarked, and it is taken in again, which changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, transaction
from django.db.models import F

from syndicator import queue, secrets
from syndicator.alerts.raising import end_alert, raise_alert
from syndicator.channels.base import Account, ChannelError
from syndicator.channels.email.mailbox import Box, Mailbox
from syndicator.clock import database_now
from syndicator.destinations.models import Destination, DestinationState
from syndicator.destinations.trouble import alert_key
from syndicator.outbound.deadline import Deadline
from syndicator.returns.models import ReturnBox
from syndicator.returns.taking_in import take_in
from syndicator.secrets import UnreadableSecrets
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=1)
#: The n-th wait after a look that failed.
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 2, 5, 15, 30))
#: For one look, whatever the server does; and how long nobody else looks, which is longer.
DEADLINE = timedelta(minutes=2)
LEASE = timedelta(minutes=4)
#: Mails of one look; if there are more, the next one follows at once.
MOST_MAILS = 200
#: From so many failures in a row on, people are told.
TELL_AFTER = 3

BOX_AWAY = gettext_noop("The mailbox for undeliverable mail of %(name)s cannot be read")
BOX_AWAY_WHY = gettext_noop(
    "%(why)s It is tried again by itself. Until then nobody here hears of mail that comes back; "
    "nothing of it is lost."
)


def boxes_due(now: datetime) -> list[int]:
    """The destinations whose mailboxes are to be read now."""
    wanted = [
        destination.pk
        for destination in Destination.objects.filter(channel_name="email")
        .exclude(state=DestinationState.DISCONNECTED)
        .order_by("pk")
        if destination.settings.get("return_box", "").strip()
    ]
    waiting = ReturnBox.objects.filter(destination__in=wanted, due_at__gt=now)
    # A clock that was ahead and has been set back would keep a box from being read.
    waiting.filter(due_at__gt=now + max(LEASE, *BACKOFF) + EVERY).update(due_at=now)
    not_yet = set(waiting.filter(due_at__gt=now).values_list("pk", flat=True))
    return [pk for pk in wanted if pk not in not_yet]


def read_box(destination_id: int) -> int:
    """Take in what is new in a destination's mailbox; the number of mails."""
    box = _claim(destination_id)
    if box is None:
        return 0
    try:
        account = Account(
            box.destination.base_url,
            {
                **box.destination.settings,
                **secrets.decrypt(box.destination.encrypted_secrets),
            },
        )
        with Deadline(DEADLINE) as limit, Mailbox(Box.from_account(account), limit) as mailbox:
            taken = _take_all(mailbox)
    except UnreadableSecrets as error:
        _record_failure(box, Wording(str(error)))
        return 0
    except ChannelError as error:
        _record_failure(box, error.reason)
        return 0
    _record(box, taken)
    return taken


def _take_all(mailbox: Mailbox) -> int:
    taken = 0
    for number in mailbox.unread()[:MOST_MAILS]:
        mail = mailbox.fetch(number)
        for_a_person = True
        try:
            for_a_person = take_in(mail, database_now()).is_for_a_person
        except DatabaseError:
            raise
        except Exception:
            # It would come again and again, and keep all behind it from being read.
            log.exception("a returned mail could not be read", number=number)
        mailbox.mark(number, for_a_person=for_a_person)
        taken += 1
    return taken


def _claim(destination_id: int) -> ReturnBox | None:
    """Take the box for one look, and commit that; None if another has it, or it is not due."""
    with transaction.atomic(durable=True):
        now = database_now()
        ReturnBox.objects.get_or_create(destination_id=destination_id, defaults={"due_at": now})
        due = ReturnBox.objects.filter(pk=destination_id, due_at__lte=now)
        if not due.update(due_at=now + LEASE, epoch=F("epoch") + 1):
            return None
    return ReturnBox.objects.select_related("destination").get(pk=destination_id)


def _record(box: ReturnBox, taken: int) -> None:
    now = database_now()
    more = taken >= MOST_MAILS
    with transaction.atomic():
        ReturnBox.objects.filter(pk=box.pk, epoch=box.epoch).update(
            due_at=now if more else now + EVERY, read_at=now, failures=0, problem=None
        )
        end_alert(alert_key(box.destination, "returns"), now)
    if more:
        queue.ring(queue.READ_RETURN_BOX, box.pk)
    log.info("read a mailbox of returned mail", destination=box.pk, mails=taken)


def _record_failure(box: ReturnBox, why: Wording) -> None:
    now, failures = database_now(), min(box.failures + 1, len(BACKOFF))
    with transaction.atomic():
        ReturnBox.objects.filter(pk=box.pk, epoch=box.epoch).update(
            due_at=now + BACKOFF[failures - 1], failures=failures, problem=why.to_json()
        )
        if failures >= TELL_AFTER:
            raise_alert(
                alert_key(box.destination, "returns"),
                Wording(BOX_AWAY, {"name": box.destination.name}),
                Wording(BOX_AWAY_WHY, {"why": why}),
                now,
            )
    log.warning("a mailbox of returned mail was not read", destination=box.pk, why=str(why))
