"""Everything a platform can do wrong, each fault on an X and a Facebook account of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from syndicator.channels.facebook.client import PAGE_SIZE as FACEBOOK_PAGE
from syndicator.channels.facebook.client import VERSION
from syndicator.channels.facebook.sandbox import SANDBOX_CREDENTIALS as FACEBOOK
from syndicator.channels.x.client import PAGE_SIZE as X_PAGE
from syndicator.channels.x.sandbox import SANDBOX_BEARER_TOKEN
from tests.faults.conftest import Case
from tests.faults.shapes import Shape

pytestmark = pytest.mark.faults


@dataclass(frozen=True, slots=True)
class Trouble:
    """The *faults* of one account, as the sandbox's controls take them, and how many posts of each
    platform a person has to look at for them."""

    name: str
    faults: tuple[Mapping[str, Any], ...]
    for_person: int = 0


def once(name: str, fault: str, **options: Any) -> Trouble:
    return Trouble(name, ({"fault": fault, **options},))


def looked_up(name: str, fault: str, **options: Any) -> Trouble:
    """A post that was accepted with a server error, and trouble with looking it up."""
    return Trouble(
        name, ({"fault": "accept-then-500"}, {"fault": fault, "on": "look-up", **options})
    )


TROUBLES = (
    # Facebook counts in minutes.
    once("429 with a reset", "429", seconds=2),
    once("429 without a reset", "429-without-reset"),
    once("500 and accepted", "accept-then-500", times=2),
    once("500 and not accepted", "500", times=2),
    once("reset before the body", "reset-before-body", times=2),
    once("reset during the body", "reset-in-body", times=2),
    once("reset after the body, not accepted", "reset-before", times=2),
    once("reset after the body, accepted", "reset-after-accept", times=2),
    once("short body", "short-body", times=2),
    once("slow-loris body", "slow-body", times=2, seconds=30),
    once("slow-loris headers", "slow-loris", times=2, seconds=30),
    once("no answer at all", "hang", times=2, seconds=30),
    once("garbage JSON", "garbage-json", times=2),
    once("redirect on POST", "redirect", times=2),
    Trouble("said to be a duplicate, is not there", ({"fault": "duplicate"},), for_person=1),
    looked_up("look-up down", "500", times=3),
    looked_up("look-up without an end", "slow-loris", times=2, seconds=30),
    looked_up("look-up lagging", "index-lag", times=None, seconds=4),
)


def test_every_fault_of_a_platform(case: Callable[..., Case]) -> None:
    made = case("platform", accounts=len(TROUBLES))
    shape = made.shape
    for number, trouble in enumerate(TROUBLES, 1):
        for account in pair(number):
            for fault in trouble.faults:
                shape.fault(account, **fault)
    made.push(5)
    judged = [
        made.drain(accounts=pair(number), fault=trouble.name)
        for number, trouble in enumerate(TROUBLES, 1)
    ]
    for trouble, verdict in zip(TROUBLES, judged, strict=True):
        assert verdict.is_good, f"{verdict}\n{shape.logs()}"
        assert verdict.for_person == 2 * trouble.for_person, verdict


def test_a_post_is_found_behind_a_page_of_others(case: Callable[..., Case]) -> None:
    made = case("look-up paginated")
    shape = made.shape
    shape.fault("x", "accept-then-500")
    shape.fault("facebook", "accept-then-500")
    made.push(3)
    shape.eventually(lambda: all(shape.log_of(account) for account in shape.accounts))
    post_by_others(shape)
    verdict = made.expect_all_out()
    assert verdict.looked_up == 2


def test_a_revoked_token_keeps_the_queue_until_it_is_mended(case: Callable[..., Case]) -> None:
    made = case("token revoked, mended, resumed")
    shape = made.shape

    def states(account: str) -> list[str]:
        return [post.state for post in shape.posts() if post.destination == account]

    made.push(2)
    shape.eventually(lambda: [post.state for post in shape.posts()] == ["sent"] * 4)
    shape.fault("x", "401", times=None)
    made.push(4)
    shape.eventually(
        lambda: [row[0] for row in shape.query(PAUSED)] == ["x"] and not shape.to_render()
    )
    shape.eventually(lambda: states("facebook") == ["sent"] * 6)
    assert states("x") == ["sent"] * 2 + ["approved"] * 4
    assert len(shape.log_of("x")) == 2
    shape.no_faults()
    ((pk,),) = shape.query("SELECT id FROM destinations_destination WHERE name = 'x'")
    shape.editor().resume(pk)
    made.expect_all_out()


PAUSED = "SELECT name FROM destinations_destination WHERE state = 'paused'"


def pair(number: int) -> tuple[str, str]:
    return ("x", "facebook") if number == 1 else (f"x-{number}", f"facebook-{number}")


def post_by_others(shape: Shape) -> None:
    """More posts on each account than a page of a look-up holds, by somebody else's hand."""
    root = f"http://127.0.0.1:{shape.sandbox_port}"
    with requests.Session() as session:
        for number in range(X_PAGE + 5):
            session.post(
                f"{root}/x/2/tweets",
                json={"text": f"Von Hand geschrieben, Nummer {number}"},
                headers={"Authorization": f"Bearer {SANDBOX_BEARER_TOKEN}"},
                timeout=10,
            ).raise_for_status()
        for number in range(FACEBOOK_PAGE + 5):
            session.post(
                f"{root}/facebook/{VERSION}/{FACEBOOK['page_id']}/feed",
                data={
                    "message": f"Von Hand geschrieben, Nummer {number}",
                    "access_token": FACEBOOK["page_access_token"],
                },
                timeout=10,
            ).raise_for_status()
