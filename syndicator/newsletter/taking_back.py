"""Stops the mails that have not gone out yet of an entry that was withdrawn or taken back, and of
mailings that an editor cancelled.

What a reader has cannot be called back; the others must not get it any more.
"""

from __future__ import annotations

from django.db.models import Q

from syndicator.entries.models import Entry, EntryState
from syndicator.newsletter.models import (
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientState,
)
from syndicator.wording import Wording, gettext_noop

TAKEN_BACK = Wording(gettext_noop("The entry was taken back before this mail was sent."))
CANCELLED = Wording(gettext_noop("The mailing was cancelled before this mail was sent."))


def stop_withdrawn(mailing_id: int | None = None) -> int:
    """Put aside what waits of mailings (of one, or of all) whose entry is withdrawn by now; the
    number of mails."""
    open_mailings = Mailing.objects.filter(state=MailingState.SENDING)
    if mailing_id is not None:
        open_mailings = open_mailings.filter(pk=mailing_id)
    told = {
        pk: (blog_id, permalink)
        for pk, blog_id, permalink in open_mailings.values_list(
            "pk", "blog_id", "message__permalink"
        )
    }
    withdrawn = _withdrawn(set(told.values()))
    return MailingRecipient.objects.filter(
        mailing__in=[pk for pk, entry in told.items() if entry in withdrawn],
        state=RecipientState.QUEUED,
    ).update(state=RecipientState.WITHDRAWN, due_at=None, reason=TAKEN_BACK.to_json())


def stop_cancelled(mailing_id: int | None = None) -> int:
    """Put aside what waits of cancelled mailings (of one, or of all); the number of mails.

    Workers hand back what they had not begun, and relays put mails off, after it was cancelled.
    """
    cancelled = Mailing.objects.filter(state=MailingState.CANCELLED)
    if mailing_id is not None:
        cancelled = cancelled.filter(pk=mailing_id)
    return MailingRecipient.objects.filter(
        mailing__in=list(cancelled.values_list("pk", flat=True)), state=RecipientState.QUEUED
    ).update(state=RecipientState.WITHDRAWN, due_at=None, reason=CANCELLED.to_json())


def _withdrawn(entries: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of *entries*, each a live blog and a permalink, that are withdrawn."""
    if not entries:
        return set()
    of_mailings = Q(
        blog__in={blog_id for blog_id, _ in entries},
        permalink__in={permalink for _, permalink in entries},
    )
    found = Entry.objects.filter(of_mailings, state=EntryState.WITHDRAWN)
    return entries & set(found.values_list("blog_id", "permalink"))
