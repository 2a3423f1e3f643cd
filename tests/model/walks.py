"""The shortest ways through the model on which a missing guard shows, for where chance is slow.

Each is a walk of the steps of `Delivery` that keeps every promise while the guard is there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from syndicator.destinations.models import Policy
from syndicator.posts.reconcile import ABSENCES_NEEDED
from syndicator.steps import Step
from tests.model.machine import ChangingDelivery, Delivery
from tests.model.platform import Answer, Fate, Sight

Walk = Callable[[Delivery], None]

ARRIVES_LATE = Fate(
    Answer.TIMED_OUT,
    arrives_after=timedelta(seconds=20),
    index_lag=timedelta(seconds=30),
)
OUT_BUT_TIMED_OUT = Fate(Answer.TIMED_OUT)
LOST = Fate(Answer.SERVER_ERROR, acts=False)


def _open(
    machine: Delivery, *script: Fate, entries: int = 1, quiet: bool = False, gather: int = 0
) -> None:
    blogs = [0] * entries
    machine.open(0, 0, Policy.REVIEW, blogs, list(script), quiet=quiet, gather=gather)
    machine.every_promise_is_kept()


def _look_up(machine: Delivery, sight: Sight = Sight.CLEAR) -> None:
    machine.every_promise_is_kept()
    machine.look_up(
        0,
        sight=sight,
        step=Step.LOOK_UP_CLAIMED,
        stands_still=timedelta(0),
        others_work=False,
    )
    machine.every_promise_is_kept()


def given_up_and_late(machine: Delivery) -> None:
    """A sender is given up while it stands still; the next one sends; the first one wakes up."""
    _open(machine)
    machine.claim(0)
    machine.be_given_up(0)
    assert len(machine.senders) == 2
    machine.call(1)
    machine.call(0)
    machine.record(0, go_on=False)
    machine.every_promise_is_kept()
    machine.record(0, go_on=False)


def looked_up_in_part(machine: Delivery) -> None:
    _open(machine, OUT_BUT_TIMED_OUT)
    machine.work(0)
    for _ in range(ABSENCES_NEEDED):
        _look_up(machine, Sight.INCOMPLETE)
    machine.wait(timedelta(seconds=31))
    machine.work(0)


def looked_up_too_early(machine: Delivery) -> None:
    """The index shows the post only after the first look-up."""
    _open(machine, ARRIVES_LATE)
    machine.work(0)
    _look_up(machine)
    machine.wait(timedelta(seconds=6))
    machine.work(0)


def looked_up_in_vain(machine: Delivery) -> None:
    _open(machine, LOST)
    machine.work(0)
    for _ in range(ABSENCES_NEEDED):
        _look_up(machine)
    machine.wait(timedelta(seconds=31))
    machine.work(0)


def two_at_once(machine: Delivery) -> None:
    _open(machine, entries=2)
    machine.claim(0)
    machine.claim(0)


def answered_late(machine: Delivery) -> None:
    _open(machine)
    machine.claim(0)
    machine.call(0)
    machine.wait(timedelta(seconds=61))
    machine.sweep_only()
    machine.record(0, go_on=False)


def approved_under_embargo(machine: Delivery) -> None:
    """On the second account, whose posts an editor approves."""
    _open(machine, entries=0)
    machine.publish(0, 0, breaking=False, rendered=True, embargo=timedelta(seconds=1000))
    machine.every_promise_is_kept()
    machine.approve(0)
    machine.work(1)


def approved_though_held(machine: Delivery) -> None:
    _open(machine)
    machine.work(0)
    machine.every_promise_is_kept()
    machine.hold(0)
    machine.every_promise_is_kept()
    machine.approve(0)
    machine.work(1)


def due_in_quiet_hours(machine: Delivery) -> None:
    _open(machine, quiet=True)
    machine.wait(timedelta(seconds=130))
    machine.work(0)
    machine.every_promise_is_kept()
    machine.wait(timedelta(seconds=700))
    machine.work(0)
    assert len(machine.platform.log) == 1


def deleted_while_answered(machine: Delivery) -> None:
    """What is out is deleted while it is not clear whether a reply to it is out as well."""
    assert isinstance(machine, ChangingDelivery)
    _open(machine)
    machine.work(0)
    machine.change(0, rendered=True, text="Zweite")
    machine.every_promise_is_kept()
    machine.have_trouble_ahead([OUT_BUT_TIMED_OUT])
    machine.correct_by_a_reply(0, approved=True, at_work=True)
    machine.take_back_what_is_out(0, back=False)


def gathered_and_changed(machine: Delivery) -> None:
    """The second of two entries in one post changes, and nobody has rendered that yet."""
    _open(machine, entries=2, gather=1)
    machine.change(1, rendered=False, text="Zweite")
    machine.wait(timedelta(seconds=61))
    machine.work(0)


def gathered_and_left(machine: Delivery) -> None:
    """The first of three entries in one post is withdrawn."""
    _open(machine, entries=3, gather=1)
    machine.take_back(0, rendered=True)
    machine.every_promise_is_kept()
