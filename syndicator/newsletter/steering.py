"""What an editor does to a mailing under way: pause it, go on, cancel it, decide what is uncertain.

Each holds from the moment it is committed: workers look twice a second, and hand what they have not
begun back. A mail that is being handed in at that moment cannot be called back.
"""

from __future__ import annotations

from django.db import transaction

from syndicator.clock import database_now
from syndicator.newsletter.lanes import ring, senders_wanted
from syndicator.newsletter.models import Mailing, MailingState, RecipientState
from syndicator.newsletter.taking_back import stop_cancelled
from syndicator.wording import Wording, gettext_noop

COUNTED_AS_SENT = Wording(gettext_noop("An editor decided that it counts as sent."))


def pause(mailing: Mailing) -> bool:
    """Send no more of it until somebody lets it go on; False if it is not being sent."""
    return _changed(mailing, MailingState.SENDING, MailingState.PAUSED)


def resume(mailing: Mailing) -> bool:
    """Go on where it was paused; False if it was not."""
    with transaction.atomic():
        resumed = _changed(mailing, MailingState.PAUSED, MailingState.SENDING)
        if resumed:
            _call(mailing)
    return resumed


def cancel(mailing: Mailing) -> bool:
    """Put aside for good what has not gone out; False if it is over."""
    with transaction.atomic():
        cancelled = _changed(mailing, MailingState.SENDING, MailingState.CANCELLED) or _changed(
            mailing, MailingState.PAUSED, MailingState.CANCELLED
        )
        if cancelled:
            stop_cancelled(mailing.pk)
    return cancelled


def send_uncertain_again(mailing: Mailing) -> int:
    """Put its uncertain mails in line once more; the number of them."""
    if mailing.state == MailingState.CANCELLED:
        return 0
    with transaction.atomic():
        number = mailing.recipients.filter(state=RecipientState.UNCERTAIN).update(
            state=RecipientState.QUEUED, due_at=database_now(), reason=None
        )
        if number:
            _changed(mailing, MailingState.DONE, MailingState.SENDING)
            _call(mailing)
    return number


def count_uncertain_as_sent(mailing: Mailing) -> int:
    """Leave its uncertain mails at that; the number of them."""
    return mailing.recipients.filter(state=RecipientState.UNCERTAIN).update(
        state=RecipientState.ACCEPTED, reason=COUNTED_AS_SENT.to_json()
    )


def _changed(mailing: Mailing, before: MailingState, after: MailingState) -> bool:
    changed = Mailing.objects.filter(pk=mailing.pk, state=before).update(state=after)
    if changed:
        mailing.state = after
    return bool(changed)


def _call(mailing: Mailing) -> None:
    if senders := senders_wanted(mailing):
        ring(mailing, senders)
