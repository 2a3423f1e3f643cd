"""One returned mail, from its bytes to its effects. Whoever brings it may bring it again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import structlog

from syndicator.channels.email.returned import (
    AutoReply,
    Complaint,
    Delayed,
    Delivered,
    Failed,
    Unrecognised,
    read,
)
from syndicator.newsletter import subscribing
from syndicator.newsletter.models import MailingRecipient
from syndicator.newsletter.return_path import ForgedReturnPath, recipient_of
from syndicator.returns import effects

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """What a returned mail came to."""

    BOUNCED = "bounced"
    COMPLAINED = "complained"
    #: A bounce or complaint that is known already.
    KNOWN = "known"
    #: A delay, a note of delivery or an automatic reply: nothing follows from it.
    HARMLESS = "harmless"
    #: A bounce or complaint about no mail of ours, or one that proves nothing.
    UNPROVEN = "unproven"
    UNRECOGNISED = "unrecognised"

    @property
    def is_for_a_person(self) -> bool:
        return self in (Outcome.UNPROVEN, Outcome.UNRECOGNISED)


def take_in(mail: bytes, now: datetime, envelope_to: Iterable[str] = ()) -> Outcome:
    """Do what follows from *mail*, and commit it. *envelope_to*: whom it was handed over for."""
    returned = read(mail)
    match returned.report:
        case Failed(status, words):
            paths = (*envelope_to, *returned.addressed_to)
            outcome = _failed(paths, status, words, now)
        case Complaint() as complaint:
            outcome = _complaint(complaint, now)
        case AutoReply() | Delayed() | Delivered():
            outcome = Outcome.HARMLESS
        case Unrecognised():
            outcome = Outcome.UNRECOGNISED
    log.info("returned mail", kind=type(returned.report).__name__, outcome=outcome)
    return outcome


def _failed(paths: Iterable[str], status: str, words: str, now: datetime) -> Outcome:
    for path in paths:
        try:
            recipient_id = recipient_of(path, now=now)
        except ForgedReturnPath:
            continue
        new = effects.bounced(recipient_id, status, words, now)
        return Outcome.BOUNCED if new else Outcome.KNOWN
    return Outcome.UNPROVEN


def _complaint(complaint: Complaint, now: datetime) -> Outcome:
    recipient_id = _proven_recipient(complaint, now)
    if recipient_id is None:
        return Outcome.UNPROVEN
    new = effects.complained(recipient_id, complaint.kind, now)
    return Outcome.COMPLAINED if new else Outcome.KNOWN


def _proven_recipient(complaint: Complaint, now: datetime) -> int | None:
    """The recipient whose mail it is, by something we signed that stood in it: its return path, or
    its link to unsubscribe together with its Message-ID."""
    try:
        recipient_id = recipient_of(complaint.return_path, now=now)
    except ForgedReturnPath:
        pass
    else:
        return recipient_id
    token = complaint.unsubscribe_url.rstrip("/").rpartition("/")[2]
    try:
        subscription = subscribing.find(token)
    except subscribing.UnknownToken:
        return None
    mails = MailingRecipient.objects.filter(
        message_id=complaint.message_id, subscription=subscription
    )
    return mails.values_list("pk", flat=True).first()
