"""The real clients against the sandbox platforms: every fault, and what a client makes of it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syndicator.channels.base import (
    Account,
    Channel,
    ChannelError,
    LookUp,
    Message,
    Outcome,
    Receipt,
    TryLater,
)
from syndicator.channels.email.sandbox import EmailSandbox
from syndicator.channels.facebook.channel import FacebookChannel
from syndicator.channels.facebook.sandbox import FacebookSandbox
from syndicator.channels.sandbox.base import PlatformFactory
from syndicator.channels.sandbox.faults import Call, Fault
from syndicator.channels.sandbox.http_faults import LOOK_UP_FAULTS
from syndicator.channels.sandbox.server import SandboxServer
from syndicator.channels.sandboxes import SANDBOX_SETTINGS, start_all
from syndicator.channels.x.channel import XChannel
from syndicator.channels.x.sandbox import XSandbox

AMPLE = timedelta(seconds=30)
SHORT = timedelta(milliseconds=300)

#: Every fault: what sending comes to, and how many posts the platform then has.
FAULTS: Mapping[str, tuple[Outcome, int]] = {
    "accept-then-500": (Outcome.UNKNOWN, 1),
    "reset-after-accept": (Outcome.UNKNOWN, 1),
    "hang": (Outcome.UNKNOWN, 1),
    "garbage-json": (Outcome.UNKNOWN, 1),
    "short-body": (Outcome.UNKNOWN, 1),
    "slow-body": (Outcome.UNKNOWN, 1),
    "slow-loris": (Outcome.UNKNOWN, 1),
    "500": (Outcome.UNKNOWN, 0),
    "429": (Outcome.TRY_LATER, 0),
    "429-without-reset": (Outcome.TRY_LATER, 0),
    "401": (Outcome.UNAUTHORISED, 0),
    "402": (Outcome.UNAUTHORISED, 0),
    "duplicate": (Outcome.DUPLICATE, 0),
    "permission": (Outcome.UNAUTHORISED, 0),
    "spam-limit": (Outcome.TRY_LATER, 0),
    "identity-check": (Outcome.UNAUTHORISED, 0),
    "unreadable-link": (Outcome.TRY_LATER, 0),
    "unreadable-picture": (Outcome.REJECTED, 0),
    "redirect": (Outcome.UNKNOWN, 0),
    "reset-before-body": (Outcome.UNKNOWN, 0),
    "reset-in-body": (Outcome.UNKNOWN, 0),
    "reset-before": (Outcome.UNKNOWN, 0),
}
#: Faults that say how a try ended; a look-up is no try.
ABOUT_POSTS = {"duplicate", "accept-then-500"}


@dataclass
class Newsroom:
    """One account on one sandbox platform; *platform* is the account's name there."""

    sandbox: SandboxServer
    channel: Channel
    platform: str

    def message(self, number: int = 0) -> Message:
        link = f"https://zeitung.example/live#eintrag-{number}"
        return Message(f"Eintrag {number}\n\n{link}", link, link=link)

    def account(self) -> Account:
        url = f"{self.sandbox.http_url}/{self.platform}"
        settings = SANDBOX_SETTINGS[self.channel.name]
        return Account(url, settings, allow_private_addresses=True)

    def send(self, number: int = 0, deadline: timedelta = AMPLE) -> Receipt:
        client = self.channel.client(self.account())
        return client.send(self.message(number), key="key", deadline=deadline)

    def look_up(self, number: int = 0, deadline: timedelta = AMPLE) -> LookUp:
        client = self.channel.client(self.account())
        since = datetime.now(UTC) - timedelta(hours=1)
        return client.look_up(self.message(number), key="key", since=since, deadline=deadline)

    def fail(self, name: str, **options: Any) -> None:
        self.sandbox.faults.switch_on(self.platform, Fault(name, **options))

    def accepted(self) -> int:
        return len(self.sandbox.store.accepted(self.platform))


@pytest.fixture(params=[XChannel, FacebookChannel])
def newsroom(request: pytest.FixtureRequest, sandbox: SandboxServer) -> Newsroom:
    channel: Channel = request.param()
    return Newsroom(sandbox, channel, channel.name)


def on_both(*left_out: str) -> pytest.MarkDecorator:
    """A test for each platform and each fault it knows, but for those *left_out*."""
    cases = [
        (channel, fault)
        for channel, platform in ((XChannel, XSandbox), (FacebookChannel, FacebookSandbox))
        for fault in platform.fault_labels
        if fault not in (*left_out, *LOOK_UP_FAULTS)
    ]
    return pytest.mark.parametrize(("newsroom", "fault"), cases, indirect=["newsroom"])


@on_both()
def test_what_sending_comes_to(newsroom: Newsroom, fault: str) -> None:
    newsroom.fail(fault, seconds=60)
    # What never answers is ended by the deadline.
    slow = fault in ("hang", "slow-body", "slow-loris")
    with pytest.raises(ChannelError) as failed:
        newsroom.send(deadline=SHORT if slow else AMPLE)
    assert (failed.value.outcome, newsroom.accepted()) == FAULTS[fault]
    if newsroom.accepted():
        assert newsroom.look_up().receipt is not None


@on_both(*ABOUT_POSTS)
def test_a_look_up_that_fails_proves_nothing(newsroom: Newsroom, fault: str) -> None:
    newsroom.send()
    newsroom.fail(fault, on=Call.LOOK_UP, seconds=60)
    slow = fault in ("hang", "slow-body", "slow-loris")
    with pytest.raises(ChannelError):
        newsroom.look_up(deadline=SHORT if slow else AMPLE)
    assert newsroom.look_up().receipt is not None


def test_a_limit_on_look_ups_says_when_to_come_back(newsroom: Newsroom) -> None:
    newsroom.fail("429", on=Call.LOOK_UP, seconds=120)
    newsroom.fail("429-without-reset", on=Call.LOOK_UP)
    waits = []
    for _ in range(2):
        with pytest.raises(TryLater) as refused:
            newsroom.look_up()
        waits.append(refused.value.retry_after)
    # Never early, and not much later than asked.
    assert timedelta(seconds=120) <= waits[0] <= timedelta(seconds=123)
    assert waits[1] == timedelta(minutes=15)


def test_a_token_is_revoked_until_it_is_given_again(newsroom: Newsroom) -> None:
    newsroom.fail("401", times=None, on=Call.ANY)
    for _ in range(3):
        with pytest.raises(ChannelError) as refused:
            newsroom.send()
        assert refused.value.outcome is Outcome.UNAUTHORISED
    newsroom.sandbox.faults.clear(newsroom.platform)
    newsroom.send()
    assert newsroom.accepted() == 1


def test_a_lagging_index_hides_posts_for_a_while(newsroom: Newsroom) -> None:
    newsroom.send()
    newsroom.fail("index-lag", times=2, on=Call.LOOK_UP, seconds=3600)
    newsroom.fail("index-lag", times=1, on=Call.LOOK_UP, seconds=0)
    hidden, still_hidden, shown = (newsroom.look_up() for _ in range(3))
    assert [hidden.receipt, still_hidden.receipt] == [None, None]
    assert hidden.complete
    assert shown.receipt is not None


def test_a_post_is_found_behind_many_others(newsroom: Newsroom, tmp_path: Path) -> None:
    crowded = start_all(tmp_path / "crowded", accounts=2, generosity=10)
    try:
        newsroom = Newsroom(crowded, newsroom.channel, f"{newsroom.platform}-2")
        first, *_ = [newsroom.send(number) for number in range(120)]
        found, absent = newsroom.look_up(0), newsroom.look_up(120)
    finally:
        crowded.stop()
    assert found.receipt is not None
    assert found.receipt.remote_id == first.remote_id
    assert (absent.receipt, absent.complete) == (None, True)


def test_the_platforms_clock_is_told(newsroom: Newsroom) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    told = newsroom.look_up().platform_time
    assert told is not None
    assert before <= told <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("channel", "make", "waits"),
    [
        (XChannel(), functools.partial(XSandbox, post_limit=6), [0] * 4 + [60, 900]),
        (
            FacebookChannel(),
            functools.partial(FacebookSandbox, call_limit=10),
            [0] * 8 + [112, 900],
        ),
    ],
)
def test_the_pace_that_the_platform_tells(
    tmp_path: Path, channel: Channel, make: PlatformFactory, waits: Sequence[int]
) -> None:
    sandbox = SandboxServer(tmp_path, [make, EmailSandbox])
    sandbox.start()
    try:
        newsroom = Newsroom(sandbox, channel, channel.name)
        told = [newsroom.send(number).wait for number in range(len(waits))]
        with pytest.raises(TryLater) as refused:
            newsroom.send(len(waits))
    finally:
        sandbox.stop()
    # The window is over a little sooner with each post.
    for wait, expected in zip(told, waits, strict=True):
        assert timedelta(seconds=expected - 5) <= wait <= timedelta(seconds=expected + 2)
    assert refused.value.retry_after is not None
    assert refused.value.retry_after > timedelta(minutes=14)
