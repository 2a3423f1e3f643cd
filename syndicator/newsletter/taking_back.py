"""Stops the mails that have not gone out yet of an entry that was withdrawn or taken back, and of
mailings that an editor cancelled.

What a reader has cannot be called back; the others must not get it any more. A digest is made anew
for those it did not reach, without the entry: they are due it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from django.db import transaction
from django.db.models import Q

from syndicator.entries.models import Entry, EntryState
from syndicator.newsletter.models import (
    Mailing,
    MailingRecipient,
    MailingState,
    RecipientState,
    Subscription,
)
from syndicator.wording import Wording, gettext_noop

#: Readers in one statement.
AT_ONCE = 5000

TAKEN_BACK = Wording(gettext_noop("The entry was taken back before this mail was sent."))
CANCELLED = Wording(gettext_noop("The mailing was cancelled before this mail was sent."))
MADE_ANEW = Wording(
    gettext_noop("An entry in it was taken back. The digest is made anew without that.")
)


def stop_withdrawn(mailing_id: int | None = None) -> int:
    """Put aside what waits of mailings (of one, or of all) whose entry is withdrawn by now; the
    number of mails."""
    open_mailings = Mailing.objects.filter(state=MailingState.SENDING)
    if mailing_id is not None:
        open_mailings = open_mailings.filter(pk=mailing_id)
    entries, digests = {}, {}
    for pk, blog_id, permalink, about, follows, tells in open_mailings.values_list(
        "pk", "blog_id", "message__permalink", "message__about", "follows", "tells"
    ):
        if tells:
            digests[pk] = follows, tells
        else:
            entries[pk] = blog_id, about or permalink
    withdrawn = _withdrawn(set(entries.values()))
    return _stop_digests(digests) + MailingRecipient.objects.filter(
        mailing__in=[pk for pk, entry in entries.items() if entry in withdrawn],
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


def _stop_digests(told: Mapping[int, tuple[int | None, list[int]]]) -> int:
    """Put aside what waits of digests that tell of an entry which is withdrawn by now. Their
    readers are as before it: they had the one that it follows. *told*: by digest, which one it
    follows and which entries it tells of."""
    entries = {entry for _, tells in told.values() for entry in tells}
    withdrawn = set(
        Entry.objects.filter(pk__in=entries, state=EntryState.WITHDRAWN).values_list(
            "pk", flat=True
        )
    )
    stopped = 0
    for pk, (follows, tells) in told.items():
        if withdrawn.isdisjoint(tells):
            continue
        with transaction.atomic():
            now_stopped = MailingRecipient.objects.filter(mailing=pk, state=RecipientState.QUEUED)
            number = now_stopped.update(
                state=RecipientState.WITHDRAWN, due_at=None, reason=MADE_ANEW.to_json()
            )
            if not number:
                continue
            stopped += number
            _told_as_before(pk, follows)
    return stopped


def _told_as_before(digest: int, follows: int | None) -> None:
    """In lots: were it one statement, a database that does not know yet how many there are might
    look through all of them for each."""
    missed = MailingRecipient.objects.filter(mailing=digest, state=RecipientState.WITHDRAWN)
    readers = missed.values_list("subscription", flat=True).iterator(AT_ONCE)
    while some := list(islice(readers, AT_ONCE)):
        Subscription.objects.filter(told_by=digest, pk__in=some).update(
            told_by=follows, told_until=None
        )


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
