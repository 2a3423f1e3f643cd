"""Posts that only a person brings to an end."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Min, Q

from syndicator.clock import database_now
from syndicator.diagnosis.findings import Finding, note, problem
from syndicator.posts.line import NO_LONGER_NEWS
from syndicator.posts.models import Action, Post, PostState
from syndicator.wording import TimedWording, Wording, gettext_noop

#: An editor who is at the desk decides sooner.
LONG = timedelta(hours=1)

PENDING = gettext_noop("Posts that wait for an editor's approval: %(count)s.")
FAILED = gettext_noop("Posts that failed: %(count)s.")
UNCERTAIN = gettext_noop("Posts that may be out, or not: %(count)s.")
BY_HAND = gettext_noop("Posts to correct or delete by hand on the platform: %(count)s.")
STALE = gettext_noop("Posts that could not go out while they were news: %(count)s.")
DECIDE = Wording(gettext_noop("Approve or reject them on the desk."))
TRY_AGAIN = Wording(gettext_noop("The desk says why. Send them again there, or leave it."))
LOOK = Wording(gettext_noop("Look on the platform, then say on the desk whether they are out."))
CORRECT = Wording(gettext_noop("The desk says what to do on the platform; then press “Done”."))


def posts_wait_for_nobody() -> list[Finding]:
    pending, stale = Q(state=PostState.PENDING), Q(reason__sentence=NO_LONGER_NEWS.sentence)
    return [
        *_decisions(pending & ~stale),
        *_waiting(pending & stale, STALE, DECIDE),
        *_waiting(Q(state=PostState.UNCERTAIN, due_at=None), UNCERTAIN, LOOK),
        *_waiting(Q(state=PostState.FAILED), FAILED, TRY_AGAIN),
        *_waiting(
            Q(state=PostState.SKIPPED, action__in=(Action.EDIT, Action.DELETE)), BY_HAND, CORRECT
        ),
    ]


def _decisions(which: Q) -> list[Finding]:
    """What an editor looks at in their own time is no problem until it has waited long."""
    return [
        found
        if found.since and found.since < database_now() - LONG
        else note(found.what, found.since)
        for found in _waiting(which, PENDING, DECIDE)
    ]


def _waiting(which: Q, sentence: str, advice: Wording) -> list[Finding]:
    found = Post.objects.filter(which).aggregate(count=Count("pk"), since=Min("changed_at"))
    if not found["count"]:
        return []
    return [problem(TimedWording(sentence, {"count": found["count"]}), advice, found["since"])]
