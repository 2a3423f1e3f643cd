"""Handing in over many connections, to a relay with every fault there is."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicator.channels.base import (
    Account,
    ChannelError,
    Rejected,
    TryLater,
    Unauthorised,
    Unknown,
)
from syndicator.channels.email.conversation import AT_ONCE
from syndicator.channels.email.handing_in import Errand, HandedBack, HandIn, Limits, try_out
from syndicator.channels.email.relay import Relay
from syndicator.uptime import uptime
from tests.channels.email.fault_relay import FAULTS, FaultRelay, fault_of, running
from tests.channels.email.scripted_relay import (
    PASSWORD,
    USERNAME,
    ScriptedRelay,
    make_certificate,
    serving,
)

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

MAIL = b"Subject: x\r\n\r\nHello\r\n.hidden\r\n.\r\n..\r\nBye\r\n"
LIMITS = Limits(connections=4, mail=timedelta(seconds=15))


def errand(number: int, fault: str = "fine", **details: Any) -> Errand:
    return Errand(number, f"{fault}.{number}@reader.example", lambda: MAIL, **details)


def relay_of(server: FaultRelay, **settings: str) -> Relay:
    return Relay.from_account(
        Account(server.url, {"from_address": "news@paper.example"} | settings)
    )


class Queue:
    """Gives *errands* one after another, and keeps what became of each and the dots in order."""

    hand_in: HandIn

    def __init__(
        self,
        errands: Sequence[Errand],
        before_dot: Callable[[Errand], None] = lambda errand: None,
        during: Callable[[HandIn], None] = lambda hand_in: None,
    ) -> None:
        self.left = deque(errands)
        self.results: dict[int, str | ChannelError] = {}
        self.dots: list[int] = []
        self._before_dot, self._during = before_dot, during

    @property
    def ready(self) -> int:
        return len(self.left)

    def next_errand(self) -> Errand | None:
        errand = self.left.popleft() if self.left else None
        self._end_if_empty()
        return errand

    def _end_if_empty(self) -> None:
        if not self.left:
            self.hand_in.finish()

    def before_dot(self, errand: Errand) -> None:
        self._before_dot(errand)
        self.dots.append(errand.key)

    def ended(self, errand: Errand, answer: str | ChannelError) -> None:
        assert errand.key not in self.results, "two results"
        self.results[errand.key] = answer
        self._during(self.hand_in)

    async def run(self, relay: Relay, limits: Limits) -> None:
        self.hand_in = HandIn(relay, self, limits)
        self._end_if_empty()
        await self.hand_in.run()


class Run:
    """What came of *errands* at *server*: one result for each that was begun; the others are
    *left*. *trouble* is why, and *dots* are in order."""

    def __init__(
        self,
        server: FaultRelay,
        errands: Sequence[Errand] | Queue,
        limits: Limits = LIMITS,
        **hooks: Callable[[Any], None],
    ) -> None:
        self.server = server
        self.trouble: BaseException | None = None
        queue = errands if isinstance(errands, Queue) else Queue(errands, **hooks)

        async def run() -> None:
            async with running(server):
                try:
                    await queue.run(relay_of(server), limits)
                except (ChannelError, ArithmeticError) as error:
                    self.trouble = error

        asyncio.run(asyncio.wait_for(run(), 30))
        self.results, self.dots = queue.results, queue.dots
        self.left = {errand.key for errand in queue.left}

    def outcome(self, number: int = 0) -> type:
        return type(self.results[number])


def hold(run: Run, errands: Sequence[Errand]) -> None:
    """Every promise, whatever happened."""
    assert sorted([*run.results, *run.left]) == [errand.key for errand in errands]
    taken = Counter(run.server.taken)
    for one in errands:
        times = taken[one.recipient]
        if one.key in run.left:
            assert times == 0, "never begun"
            continue
        answer = run.results[one.key]
        assert times <= 1, "handed in twice"
        if isinstance(answer, str):
            assert times == 1
        elif not isinstance(answer, Unknown):
            assert times == 0, "said to be not handed in"
        if times:
            assert one.key in run.dots
            assert run.server.mails[one.recipient] == MAIL


@settings(max_examples=25, deadline=None)
@given(
    faults=st.lists(st.sampled_from([one for one in FAULTS if one != "silent"]), max_size=12),
    connections=st.integers(1, 4),
    most=st.integers(1, 5),
    per_connection=st.integers(1, 4),
    pipelining=st.booleans(),
    eager=st.booleans(),
)
def test_whatever_the_relay_does_every_mail_has_one_fate_and_it_is_true(
    faults: list[str],
    connections: int,
    most: int,
    per_connection: int,
    pipelining: bool,
    eager: bool,
) -> None:
    errands = [errand(number, fault) for number, fault in enumerate(faults)]
    server = FaultRelay(pipelining=pipelining, eager=eager, most=most)
    run = Run(
        server,
        errands,
        replace(LIMITS, connections=connections, mails_per_connection=per_connection),
    )
    hold(run, errands)
    assert run.trouble is None
    for one in errands:
        answer = run.results[one.key]
        if fault_of(one.recipient) in ("fine", "talkative", "slow", "busy-end"):
            assert answer in ("250 ok: queued", "250 well I think ok: queued"), one


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    ("fault", "outcome", "status"),
    [
        ("later", TryLater, 451),
        ("never", Rejected, 550),
        ("sorry-data", TryLater, 452),
        ("never-data", Rejected, 554),
        ("later-dot", TryLater, 451),
        ("never-dot", Rejected, 554),
        ("shut", TryLater, 421),
        ("shut-dot", TryLater, 421),
        ("cut", TryLater, None),
        ("garbage", TryLater, None),
        ("mixed", TryLater, None),
        ("wrong", TryLater, None),
        ("early", TryLater, None),
        ("flood", TryLater, None),
        ("lost", Unknown, None),
        ("mumble", Unknown, None),
        ("endless", Unknown, None),
        ("cut-dot", Unknown, None),
    ],
)
def test_each_failure_is_what_it_proves(
    fault: str, outcome: type[ChannelError], status: int | None, pipelining: bool
) -> None:
    errands = [errand(0, fault), errand(1)]
    run = Run(FaultRelay(pipelining=pipelining), errands, replace(LIMITS, connections=1))
    hold(run, errands)
    answer = run.results[0]
    assert isinstance(answer, outcome)
    assert answer.status == status
    assert not isinstance(answer, HandedBack)
    assert run.results[1] == "250 ok: queued"  # it is not harmed by the first


def test_a_recipient_who_is_refused_after_data_was_accepted_gets_a_lone_dot_and_no_mail() -> None:
    errands = [errand(0, "never"), errand(1)]
    server = FaultRelay(eager=True)
    run = Run(server, errands, replace(LIMITS, connections=1))
    hold(run, errands)
    assert run.outcome() is Rejected
    assert server.lone_dots == 1
    assert server.connections == 1
    assert run.dots == [1]


def test_no_answer_at_all_is_unknown_when_the_time_is_over() -> None:
    limits = replace(LIMITS, mail=timedelta(seconds=0.5))
    run = Run(FaultRelay(), [errand(0, "silent")], limits)
    assert run.outcome() is Unknown


def test_no_command_of_the_next_mail_is_written_before_the_answer_to_this_one() -> None:
    server = FaultRelay(delay=0.1)  # it looks after that whether anything came
    run = Run(server, [errand(0), errand(1)], replace(LIMITS, connections=1))
    assert list(run.results) == [0, 1]
    assert server.connections == 1


def test_large_mails_are_in_doubt_only_when_all_of_them_is_on_its_way() -> None:
    line = b".All work and no play\r\n"
    large = line * (AT_ONCE // len(line) + 1)
    one = Errand(0, "fine.0@reader.example", lambda: large)
    server = FaultRelay()
    run = Run(server, [one])
    assert server.mails["fine.0@reader.example"] == large
    two = Errand(0, "cut-data.0@reader.example", lambda: line * 400_000)
    run = Run(FaultRelay(), [two])
    assert run.outcome() is TryLater
    assert run.dots == []


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_mail_may_meet_many_connections_that_have_just_ended(pipelining: bool) -> None:
    errands = [errand(number) for number in range(60)]
    server = FaultRelay(pipelining=pipelining, most=1)
    run = Run(server, errands, LIMITS)
    hold(run, errands)
    assert run.trouble is None
    assert set(run.results.values()) == {"250 ok: queued"}


def test_a_relay_with_a_limit_of_size_is_not_sent_what_is_larger() -> None:
    server = FaultRelay(size=20)
    run = Run(server, [errand(0), errand(1)])
    assert {type(one) for one in run.results.values()} == {Rejected}
    assert server.senders == []


def test_where_bounces_go_is_told_for_each_mail() -> None:
    server = FaultRelay()
    Run(
        server,
        [errand(0, return_path="b+0@paper.example"), errand(1)],
        replace(LIMITS, connections=1),
    )
    assert server.senders == ["b+0@paper.example", "news@paper.example"]


def test_as_many_connections_are_open_as_are_wanted() -> None:
    server = FaultRelay(gate=20)
    run = Run(server, [errand(n) for n in range(40)], replace(LIMITS, connections=20))
    assert len(server.taken) == len(run.results) == 40
    assert server.most_open == 20


def test_a_relay_that_wants_fewer_connections_gets_fewer() -> None:
    server = FaultRelay(delay=0.02, greetings=[b"220 relay", *[b"421 too many connections"] * 50])
    run = Run(server, [errand(n) for n in range(30)])
    assert run.trouble is None
    assert len(server.taken) == 30
    assert server.connections <= 4


@pytest.mark.parametrize(
    ("greeting", "outcome"),
    [
        (b"421 too busy", TryLater),
        (b"554 not for you", Unauthorised),
        (b"HTTP/1.1 400 Bad Request", TryLater),
    ],
)
def test_a_relay_that_does_not_want_us_at_all_is_the_accounts_trouble(
    greeting: bytes, outcome: type[ChannelError]
) -> None:
    errands = [errand(n) for n in range(5)]
    run = Run(FaultRelay(greetings=[greeting] * 9), errands)
    assert isinstance(run.trouble, outcome)
    assert run.left == set(range(5))


def test_a_refused_sender_ends_the_run_when_the_others_have_their_answers() -> None:
    errands = [errand(0), errand(1, return_path="bad@paper.example"), errand(2, "slow")]
    server = FaultRelay(refused_senders={"bad@paper.example"}, delay=0.1)
    run = Run(server, errands)
    hold(run, errands)
    assert isinstance(run.trouble, Unauthorised)
    assert run.outcome(1) is HandedBack


def test_stopping_waits_for_what_may_be_out_and_hands_all_else_back() -> None:
    errands = [errand(n) for n in range(50)]
    server = FaultRelay(delay=0.1)

    def stop(hand_in: HandIn) -> None:
        hand_in.stop(timedelta(seconds=5))

    run = Run(server, errands, during=stop)
    taken = {key for key, answer in run.results.items() if isinstance(answer, str)}
    assert taken == set(run.dots)
    assert len(taken) <= 8
    rest = [answer for key, answer in run.results.items() if key not in taken]
    assert all(isinstance(answer, HandedBack) for answer in rest)
    assert run.left


def test_stopping_does_not_wait_for_ever() -> None:
    errands = [errand(0, "silent"), errand(1)]

    def stop(hand_in: HandIn) -> None:
        hand_in.stop(timedelta(seconds=0.1))

    run = Run(FaultRelay(), errands, during=stop)
    hold(run, errands)
    assert run.outcome() is Unknown


def test_a_dot_that_could_not_be_noted_is_not_written() -> None:
    def full(errand: Errand) -> None:
        raise ArithmeticError("the disk is full")

    errands = [errand(0), errand(1)]
    server = FaultRelay()
    run = Run(server, errands, before_dot=full)
    assert isinstance(run.trouble, ArithmeticError)
    assert server.taken == []
    assert {type(one) for one in run.results.values()} == {HandedBack}
    assert run.results.keys() | run.left == {0, 1}


def test_a_mail_whose_time_is_over_is_not_sent() -> None:
    server = FaultRelay()
    run = Run(server, [errand(0, ends=uptime() - 1), errand(1)])
    assert run.outcome() is TryLater
    assert server.taken == ["fine.1@reader.example"]


def test_a_mail_that_cannot_be_written_is_its_own_trouble() -> None:
    def broken() -> bytes:
        raise ValueError("no address")

    run = Run(FaultRelay(), [Errand(0, "x@y.example", broken), errand(1)])
    assert run.outcome() is Rejected
    assert run.results[1] == "250 ok: queued"


def test_a_source_that_fails_ends_the_run() -> None:
    class Failing(Queue):
        def next_errand(self) -> Errand | None:
            if len(self.left) == 1:
                raise ArithmeticError("the database is gone")
            return super().next_errand()

    run = Run(FaultRelay(), Failing([errand(0), errand(1)]))
    assert isinstance(run.trouble, ArithmeticError)
    assert set(run.results) == {0}


def test_a_connection_that_has_nothing_to_do_is_closed() -> None:
    server = FaultRelay()

    class Slow(Queue):
        """Gives the second errand when no connection is open any more."""

        is_alone = False

        @property
        def ready(self) -> int:
            self.is_alone |= bool(server.taken) and not server.open
            return len(self.left) if self.is_alone or not self.results else 0

        def next_errand(self) -> Errand | None:
            return super().next_errand() if self.ready else None

    run = Run(
        server,
        Slow([errand(0), errand(1)]),
        replace(LIMITS, idle=timedelta(seconds=0.05), connections=1),
    )
    assert server.connections == 2
    assert len(run.results) == 2


def test_a_login_opens_the_relay_encrypted_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, context = make_certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    known = {"username": USERNAME, "password": PASSWORD}
    for security, scheme in (
        ({}, "smtp"),
        ({"starttls": context}, "smtp+starttls"),
        ({"tls": context}, "smtps"),
    ):
        with serving(login=scheme != "smtps", **security) as server:
            url = f"{scheme}://127.0.0.1:{server.port}"
            relay = Relay.from_account(
                Account(
                    url,
                    {"from_address": "news@paper.example"} | (known if scheme != "smtps" else {}),
                )
            )
            errands = [errand(0, "anna"), errand(1, "bounce-"), errand(2, "drop-")]
            found = asyncio.run(handed_in(relay, errands))
            try_out(relay, timedelta(seconds=5))
        assert found[0] == "250 2.0.0 Ok: queued as 4F3A"
        assert isinstance(found[1], Rejected)
        assert isinstance(found[2], Unknown)
        assert server.mails_to("anna.0@reader.example") == [MAIL]


async def handed_in(relay: Relay, errands: Sequence[Errand]) -> dict[int, str | ChannelError]:
    queue = Queue(errands)
    await queue.run(relay, LIMITS)
    return queue.results


@pytest.mark.parametrize(
    ("scheme", "settings", "words"),
    [
        ("smtp", {"username": USERNAME, "password": "wrong-but-secret"}, "does not let this"),
        ("smtps", {}, "certificate"),
        ("smtp+starttls", {}, "certificate"),
    ],
)
def test_an_account_that_cannot_get_in_is_unauthorised_and_gives_away_nothing(
    tmp_path: Path, scheme: str, settings: dict[str, str], words: str
) -> None:
    _, context = make_certificate(tmp_path, "127.0.0.1")
    with serving(
        login=scheme == "smtp",
        tls=context if scheme == "smtps" else None,
        starttls=context if scheme == "smtp+starttls" else None,
    ) as server:
        url = f"{scheme}://127.0.0.1:{server.port}"
        relay = Relay.from_account(Account(url, {"from_address": "news@paper.example"} | settings))
        with pytest.raises(Unauthorised, match=words) as caught:
            asyncio.run(handed_in(relay, [errand(0)]))
        with pytest.raises(Unauthorised, match=words):
            try_out(relay, timedelta(seconds=5))
    assert "wrong-but-secret" not in f"{caught.value}{caught.value.answer}{caught.value!r}"


@pytest.mark.parametrize(
    ("url", "settings", "words"),
    [
        ("smtp", {"username": USERNAME, "password": PASSWORD}, "no way to log in"),
        ("smtp+starttls", {}, "does not offer encryption"),
    ],
)
def test_what_was_asked_for_is_not_done_without(
    relay: ScriptedRelay, url: str, settings: dict[str, str], words: str
) -> None:
    account = Account(
        f"{url}://127.0.0.1:{relay.port}", {"from_address": "news@paper.example"} | settings
    )
    with pytest.raises(Unauthorised, match=words):
        try_out(Relay.from_account(account), timedelta(seconds=5))


def test_a_relay_without_any_extension_can_take_every_mail(relay: ScriptedRelay) -> None:
    relay.is_plain = True
    account = Account(relay.url, {"from_address": "news@paper.example"})
    found = asyncio.run(handed_in(Relay.from_account(account), [errand(0, "a"), errand(1, "b")]))
    assert set(found.values()) == {"250 2.0.0 Ok: queued as 4F3A"}
    assert relay.parameters == []


def test_nobody_listening_is_try_later(closed_port: int) -> None:
    account = Account(f"smtp://127.0.0.1:{closed_port}", {"from_address": "news@paper.example"})
    with pytest.raises(TryLater):
        asyncio.run(handed_in(Relay.from_account(account), [errand(0)]))
