"""Where an editor decides about a digest. What was approved is what is sent."""

from __future__ import annotations

from django.db import transaction

from syndicator.accounts.models import User
from syndicator.clock import database_now
from syndicator.digests.composing import is_up_to_date
from syndicator.digests.due import Group, all_of, due_now, groups
from syndicator.digests.making import OVERTAKEN, digest_route, hand_over, locked
from syndicator.digests.models import Digest, DigestState
from syndicator.digests.news import Newsroom
from syndicator.wording import Wording, gettext_noop

CHANGED = Wording(
    gettext_noop("The digest has changed since you saw it. Look at it again, and decide then.")
)
DECIDED = Wording(gettext_noop("Somebody has decided about this digest already."))
NO_ROUTE = Wording(gettext_noop("This live blog sends no mail any more."))
NO_REASON = Wording(gettext_noop("Give a reason, so that others understand the rejection."))
REJECTED = gettext_noop("%(who)s rejected it: %(why)s")


class DigestRefused(Exception):
    """The decision was not taken; *wording* says why."""

    def __init__(self, wording: Wording) -> None:
        super().__init__(str(wording))
        self.wording = wording


def approve(digest_id: int, editor: User, seen_hash: str) -> Digest:
    """Hand the digest over as *editor* saw it; `DigestRefused` if it is not that any more."""
    with transaction.atomic():
        digest = _locked(digest_id, seen_hash)
        if digest_route(digest.blog) is None:
            raise DigestRefused(NO_ROUTE)
        if not is_up_to_date(digest):
            raise DigestRefused(CHANGED)
        now = database_now()
        digest.decided_by, digest.decided_at = editor, now
        digest.save(update_fields=["decided_by", "decided_at"])
        group = _readers(digest)
        if group is None or not hand_over(digest, group, now):
            digest.state, digest.reason = DigestState.CANCELLED, OVERTAKEN.to_json()
            digest.save(update_fields=["state", "reason"])
        return digest


def reject(digest_id: int, editor: User, seen_hash: str, reason: str, *, drop: bool) -> Digest:
    """Send nothing this time. What it tells goes into the next digest, unless to *drop* it."""
    if not reason.strip():
        raise DigestRefused(NO_REASON)
    with transaction.atomic():
        digest = _locked(digest_id, seen_hash)
        said = Wording(REJECTED, {"who": str(editor), "why": reason.strip()})
        digest.state, digest.reason, digest.dropped = DigestState.REJECTED, said.to_json(), drop
        digest.decided_by, digest.decided_at = editor, database_now()
        digest.save()
        # They are not due it any more, but have not been told either.
        if group := _readers(digest):
            group.readers(digest.blog_id).update(told_until=group.due_at)
        return digest


def _locked(digest_id: int, seen_hash: str) -> Digest:
    """The digest as it waits, under the lock of its live blog's digests."""
    blog = Digest.objects.select_related("blog").get(pk=digest_id).blog
    locked(blog)
    digest = Digest.objects.select_related("blog", "destination").get(pk=digest_id)
    if digest.state != DigestState.WAITING:
        raise DigestRefused(DECIDED)
    if digest.payload_hash != seen_hash:
        raise DigestRefused(CHANGED)
    return digest


def _readers(digest: Digest) -> Group | None:
    """Whom it is for, now; None if nobody is left, or if no mail goes out at all."""
    route = digest_route(digest.blog)
    if route is None:
        return None
    now = database_now()
    kinds = all_of(route, now) if digest.ahead else due_now(route, now)
    found = groups(route, Newsroom(route, now), kinds)
    return next((group for group in found if group.name == digest.readers), None)
