"""Which entries the world may read here: what was syndicated, and is still right."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from syndicator.digests.models import DigestItem, DigestState, Shown
from syndicator.entries.models import Entry, EntryState
from syndicator.posts.models import Action, Attempt, AttemptOutcome, Gathered, Post, PostState

#: On its way already: a platform that makes a card reads the page before it says that it has taken
#: the post, and people may have read a post whose fate is unknown.
GIVEN_OUT = (PostState.SENDING, PostState.SENT, PostState.UNCERTAIN)
EVER_OUT = (*GIVEN_OUT, PostState.DELETED)
_IN_DIGEST = (Shown.TOLD, Shown.CORRECTED)


def may_be_read(entry: Entry, now: datetime) -> bool:
    """Whether *entry* stands: it is live, of no embargo, and has been given out somewhere."""
    embargoed = entry.embargo_until is not None and entry.embargo_until > now
    if entry.state != EntryState.LIVE or embargoed:
        return False
    return Entry.objects.filter(told(GIVEN_OUT), pk=entry.pk).exists()


def was_out(entry: Entry) -> bool:
    """Whether readers have ever been able to see *entry*."""
    return Entry.objects.filter(ever_told(), pk=entry.pk).exists()


def told(states: Iterable[PostState]) -> Q:
    """A condition on entries: a post in one of *states* tells of it, or a digest that went out."""
    posts = Post.objects.filter(entry=OuterRef("pk"), action=Action.PUBLISH, state__in=states)
    gathered = Gathered.objects.filter(
        post__entry=OuterRef("pk"), left_at=None, carrier__state__in=states
    )
    return Q(Exists(posts)) | Q(Exists(gathered)) | _in_digest()


def ever_told() -> Q:
    """A condition on entries: at some time readers could see it, whatever became of it since."""
    taken = Attempt.objects.filter(
        post=OuterRef("carrier"), outcome__in=(AttemptOutcome.ACCEPTED, AttemptOutcome.FOUND)
    )
    # It may have left its carrier since, or even before that was sent: then a withdrawn entry is
    # said to be gone that nobody had read, and nothing else of it.
    gathered = Gathered.objects.filter(Exists(taken), post__entry=OuterRef("pk"))
    return told(EVER_OUT) | Q(Exists(gathered))


def _in_digest() -> Q:
    items = DigestItem.objects.filter(
        entry=OuterRef("pk"), shown__in=_IN_DIGEST, digest__state=DigestState.SENT
    )
    return Q(Exists(items))
