"""Switches that each take one guard away from the product, to see that the model misses it.

They exist here only: each patches the product's code in memory, and the tests put it back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from syndicator.channels.base import ChannelError, LookUp, TryLater, Unknown
from syndicator.posts import attempts, deliver, gathering, line, reconcile, review
from syndicator.posts.attempts import Claim
from syndicator.posts.models import Attempt, AttemptOutcome, Post, PostState
from syndicator.statements import Prepared
from tests.model import walks
from tests.model.walks import Walk


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard: how to take it *away*, and on which kind of platform that shows."""

    name: str
    away: Callable[[pytest.MonkeyPatch], None]
    channel_name: str = "strong"
    #: The way on which it shows; None where a search finds one soon.
    walk: Walk | None = None

    def __str__(self) -> str:
        return self.name


def _no_intent_row(patch: pytest.MonkeyPatch) -> None:
    """The attempt is not written before the call."""
    begin = deliver.begin

    def without_row(*args: Any) -> Claim | None:
        claim = begin(*args)
        if claim is not None:
            Attempt.objects.filter(pk=claim.attempt.pk).delete()
        return claim

    patch.setattr(deliver, "begin", without_row)


def _as_not_sent(patch: pytest.MonkeyPatch, is_one: Callable[[ChannelError], bool]) -> None:
    consequence = deliver._consequence

    def lenient(claim: Claim, error: ChannelError, now: datetime) -> Any:
        return consequence(claim, TryLater(error.reason) if is_one(error) else error, now)

    patch.setattr(deliver, "_consequence", lenient)


def _time_out_as_retry(patch: pytest.MonkeyPatch) -> None:
    _as_not_sent(patch, lambda error: isinstance(error, Unknown) and error.status is None)


def _server_error_as_not_sent(patch: pytest.MonkeyPatch) -> None:
    _as_not_sent(patch, lambda error: error.status is not None and error.status >= 500)


def _no_settle_time(patch: pytest.MonkeyPatch) -> None:
    for module in (attempts, deliver, reconcile):
        patch.setattr(module, "settle_time", lambda destination: timedelta(0))


def _no_fence(patch: pytest.MonkeyPatch) -> None:
    """Whoever comes late still changes the post."""
    move = attempts.move

    def unfenced(*args: Any, fence: int | None = None, **values: Any) -> bool:
        return move(*args, **values)

    patch.setattr(attempts, "move", unfenced)


def _no_look_up(patch: pytest.MonkeyPatch) -> None:
    """What is uncertain is sent again at once."""

    def send_again(claim: Claim) -> None:
        claim.finish(PostState.APPROVED, AttemptOutcome.ABSENT, due_at=reconcile.database_now())

    patch.setattr(reconcile, "_find_out", send_again)


def _incomplete_is_proof(patch: pytest.MonkeyPatch) -> None:
    judge = reconcile._judge

    def gullible(claim: Claim, found: LookUp) -> None:
        judge(claim, replace(found, complete=True))

    patch.setattr(reconcile, "_judge", gullible)


def _one_absence_is_proof(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reconcile, "ABSENCES_NEEDED", 1)


def _weak_is_proof(patch: pytest.MonkeyPatch) -> None:
    """A platform whose look-ups prove nothing is believed."""
    patch.setattr(reconcile, "LookUpStrength", _AllStrong)


class _AllStrong:
    NONE = "none"
    STRONG = "weak"


def _no_deadline(patch: pytest.MonkeyPatch) -> None:
    """A sender that stood still past its lease goes on with its call."""
    patch.setattr(Claim, "in_time", True)


class _Blind:
    """The posts, but for those being sent."""

    objects = Post.objects.exclude(state=PostState.SENDING)


def _several_at_a_time(patch: pytest.MonkeyPatch) -> None:
    turn = line._turn

    def without_those() -> Any:
        with pytest.MonkeyPatch.context() as building:
            building.setattr(line, "Post", _Blind)
            return turn()

    patch.setattr(line, "TURN", Prepared(without_those))


def _late_answers_dropped(patch: pytest.MonkeyPatch) -> None:
    """A sender that lost its lease does not note what it was told."""
    finish = Claim.finish

    def careless(self: Claim, *args: Any, **values: Any) -> bool:
        mine = Post.objects.filter(pk=self.post.pk, state=self.post.state, epoch=self.post.epoch)
        return mine.exists() and finish(self, *args, **values)

    patch.setattr(Claim, "finish", careless)


def _embargoes_unread(patch: pytest.MonkeyPatch) -> None:
    """Whoever approves does not look at the entry's embargo."""
    patch.setattr(review, "_embargo", lambda post: None)


def _holds_unread(patch: pytest.MonkeyPatch) -> None:
    """Anybody may approve what somebody holds."""
    patch.setattr(review, "may_approve", lambda post, user: None)


def _no_rest(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(line, "_put_to_rest", lambda post, now: False)


def _replies_unread(patch: pytest.MonkeyPatch) -> None:
    """A post is deleted while nobody knows whether a reply to it is out."""
    patch.setattr(review, "unclear_replies", lambda act: Post.objects.none())


def _members_unread(patch: pytest.MonkeyPatch) -> None:
    """Whoever claims a post of several entries looks at its own alone."""
    patch.setattr(gathering, "let_go", lambda carrier, now: False)


def _nothing_handed_on(patch: pytest.MonkeyPatch) -> None:
    """What a cancelled post told besides stays with it."""
    patch.setattr(gathering, "dissolve", lambda carrier, now: None)


GUARDS = (
    Guard("the attempt is written first", _no_intent_row),
    Guard("a time-out is unknown", _time_out_as_retry),
    Guard("a server error is unknown", _server_error_as_not_sent),
    Guard("the settle time", _no_settle_time),
    Guard("the fence", _no_fence, walk=walks.given_up_and_late),
    Guard("the look-up", _no_look_up),
    Guard(
        "an incomplete look-up proves nothing", _incomplete_is_proof, walk=walks.looked_up_in_part
    ),
    Guard("one absence proves nothing", _one_absence_is_proof, walk=walks.looked_up_too_early),
    Guard("a weak look-up proves nothing", _weak_is_proof, "weak", walks.looked_up_in_vain),
    Guard("no call outlasts the lease", _no_deadline, walk=walks.given_up_and_late),
    Guard("one post at a time", _several_at_a_time, walk=walks.two_at_once),
    Guard("late answers are noted", _late_answers_dropped, walk=walks.answered_late),
    Guard("the embargo", _embargoes_unread, walk=walks.approved_under_embargo),
    Guard("the hold", _holds_unread, walk=walks.approved_though_held),
    Guard("quiet hours", _no_rest, walk=walks.due_in_quiet_hours),
    Guard("what goes with a deletion", _replies_unread, "changeable", walks.deleted_while_answered),
    Guard("what is gathered is read", _members_unread, walk=walks.gathered_and_changed),
    Guard("what is gathered is handed on", _nothing_handed_on, walk=walks.gathered_and_left),
)
