"""Taking an entry back everywhere: one decision, carried out on every platform that lets us.

The entry is withdrawn, which the renderer turns into a note for every post that is out. Each note
becomes the deletion itself as soon as it is known which post it is about: at once, or when the
sweeper looks again. What cannot be deleted from here stays a note, which is a task for a person.
"""

from __future__ import annotations

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from syndicator.accounts.models import User
from syndicator.channels import registry
from syndicator.channels.base import Capability
from syndicator.clock import database_now
from syndicator.entries import retracting
from syndicator.entries.models import Entry, Retraction
from syndicator.posts import gathering, review
from syndicator.posts.models import Action, Post, PostState
from syndicator.posts.replies import has_unclear_replies
from syndicator.posts.review import NO_STOP_REASON, NOT_ALLOWED, ReviewRefused
from syndicator.wording import Wording, gettext_noop

log = structlog.get_logger(__name__)

#: Deletions begun in one go; the next sweep begins the others.
LIMIT = 200

ALREADY = Wording(gettext_noop("Somebody has taken it back already."))
NOT_RETRACTED = Wording(gettext_noop("It is not taken back any more."))
UNDER_WAY = Wording(
    gettext_noop("It is still being deleted somewhere. Wait until every platform has answered.")
)
UNDER_WAY_STATES = (PostState.APPROVED, PostState.SENDING, PostState.UNCERTAIN)


def retract(entry_id: int, editor: User, reason: str) -> Retraction:
    """Take an entry back everywhere; it stays so, whatever its source says, until it is lifted."""
    if not editor.may_decide:
        raise ReviewRefused(NOT_ALLOWED)
    if not reason.strip():
        raise ReviewRefused(NO_STOP_REASON)
    with transaction.atomic():
        made = retracting.retract(entry_id, editor, reason.strip()[:300], database_now())
    if made is None:
        raise ReviewRefused(ALREADY)
    # The source may have withdrawn it before: then nothing is left to render.
    carry_on(entry_id)
    return made


def lift(entry_id: int, editor: User) -> None:
    """Let the source's word count again. What it says then waits for an editor on every route."""
    if not editor.may_decide:
        raise ReviewRefused(NOT_ALLOWED)
    with transaction.atomic():
        if Entry.objects.filter(pk=entry_id, render_due_at__isnull=False).exists() or (
            Post.objects.filter(
                entry=entry_id, action=Action.DELETE, state__in=UNDER_WAY_STATES
            ).exists()
        ):
            raise ReviewRefused(UNDER_WAY)
        if not retracting.lift(entry_id, editor, database_now()):
            raise ReviewRefused(NOT_RETRACTED)


def carry_on(entry_id: int | None = None) -> int:
    """Begin the deletions that retractions ask for and that can be begun; how many were.

    Of one entry, or of all of them. Doing it twice does nothing more.
    """
    can_delete = [
        name
        for name, channel in registry.channels().items()
        if Capability.DELETE in channel.capabilities
    ]
    known = Post.objects.filter(
        entry=OuterRef("entry"),
        destination=OuterRef("destination"),
        action=Action.PUBLISH,
        state=PostState.SENT,
    ).exclude(remote_id="")
    in_anothers = gathering.carried(OuterRef("entry"), OuterRef("destination"))
    notes = Post.objects.filter(
        ~Q(remote_id="") | Exists(known) | Exists(in_anothers),
        ~has_unclear_replies(),
        Exists(Retraction.objects.filter(entry=OuterRef("entry"), lifted_at=None)),
        action=Action.DELETE,
        state=PostState.SKIPPED,
        entry__render_due_at=None,
        destination__channel_name__in=can_delete,
    )
    if entry_id is not None:
        notes = notes.filter(entry=entry_id)
    begun = 0
    for note in notes.order_by("pk")[:LIMIT]:
        made = Retraction.objects.select_related("made_by").get(entry=note.entry_id, lifted_at=None)
        try:
            review.carry_out(note.pk, made.made_by, note.payload_hash)
            begun += 1
        except ReviewRefused as refused:
            # It stays a task for a person, who reads why on its card.
            log.info("a deletion waits for a person", post=note.pk, why=str(refused))
    return begun
